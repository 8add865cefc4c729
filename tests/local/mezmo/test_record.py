"""Check 11 of the stand-in: everything is recorded and can be read back, keys excepted; and its command."""

import base64
import json
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from local.mezmo import REDACTED, Answer, FlagKind, MezmoStandIn, Reset
from tests.local.mezmo.sender import INGEST, KEY, Sender, a_line, nothing_left, stand_in

OLD_KEY = "a" * 32
UNKNOWN = "f" * 32
ROOT = Path(__file__).parents[3]


def test_a_request_is_recorded_as_it_was_sent() -> None:
    with stand_in() as (mezmo, sender):
        before = time.time()
        sender.lines(a_line(), target="/logs/ingest?hostname=h&tags=a,b", headers={"User-Agent": "tester/1"})
        (request,) = mezmo.requests
        assert before <= request.time <= time.time()
    assert (request.number, request.connection, request.method) == (1, 1, "POST")
    assert (request.path, request.query) == ("/logs/ingest", "hostname=h&tags=a,b")
    assert (request.hostname, request.tags) == ("h", ("a", "b"))
    assert request.header("User-Agent") == request.header("user-agent") == "tester/1"
    assert request.header("absent") is None
    assert json.loads(request.body) == {"lines": [a_line()]}
    assert request.wire_bytes == len(request.body)
    assert (request.status, request.verdict, request.problem) == (200, 200, None)
    assert [(line.value, line.problem, line.committed) for line in request.lines] == [(a_line(), None, True)]


def test_no_key_is_in_the_record_wherever_it_was_put() -> None:
    user = base64.b64encode(f"{KEY}:".encode()).decode()
    with stand_in(keys={OLD_KEY}) as (mezmo, sender):
        mezmo.keys = {KEY}
        sender.lines(a_line())
        sender.lines(a_line(), headers={"apikey": "", "Authorization": f"Basic {user}"})
        sender.lines(a_line(), headers={"apikey": UNKNOWN, "Authorization": UNKNOWN, "Cookie": UNKNOWN})
        sender.lines(a_line(), headers={"X-Other": f"<{KEY}>"})
        sender.lines(a_line(), target=f"{INGEST}&apikey={UNKNOWN}&{KEY}={OLD_KEY}")
        sender.lines(a_line(), target=f"/logs/ingest?hostname={KEY}&tags={OLD_KEY}")
        sender.lines(a_line(), target=f"/v1/{KEY}")
        sender.lines(a_line(f"the key is {KEY}", meta={OLD_KEY: KEY}))
        sender.lines({**a_line(), KEY: 1})
        sender.lines(a_line(), target=f"/{OLD_KEY}")
        over_http = sender.send(b"", "/stand-in/record", method="GET")
        told = f"{mezmo.requests} {mezmo.lines} {mezmo.flags} {over_http}"
        for secret in (KEY, OLD_KEY, UNKNOWN, user):
            assert secret not in told
        assert mezmo.requests[0].header("apikey") == REDACTED
        assert mezmo.requests[1].header("authorization") == REDACTED
        assert mezmo.requests[4].query == f"hostname=host&apikey={REDACTED}&{REDACTED}={REDACTED}"


def test_a_key_among_the_lines_is_flagged() -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines(a_line(f"the key is {KEY}.")).status == 200
        assert mezmo.lines[0].line == f"the key is {REDACTED}."
        assert [(flag.kind, flag.line) for flag in mezmo.flags] == [(FlagKind.KEY_IN_BODY, None)]


@pytest.mark.parametrize("keys", [{"short"}, KEY])
def test_keys_that_could_not_be_redacted_are_refused(keys: str | set[str]) -> None:
    with pytest.raises(ValueError, match="at least 8 characters"):
        MezmoStandIn(keys)


def test_the_record_is_read_over_the_same_server_without_a_key() -> None:
    with stand_in(tls=True) as (mezmo, sender):
        mezmo.faults.script([Answer(503), Reset(after_commit=True)])
        sender.lines(a_line("one\ud800", file="f"))
        with pytest.raises(ConnectionResetError):
            sender.lines(a_line("two", file="f"))
        sender.connection.close()
        sender.send(b"\xff\x00")
        record = sender.send(b"", "/stand-in/record", method="GET", headers={"apikey": ""}).json
        assert [request["status"] for request in record["requests"]] == [503, None, 400]
        assert [request["fault"] for request in record["requests"]] == ["Answer", "Reset", "Pass"]
        assert record["requests"][0]["lines"][0]["value"]["line"] == "one\ud800"
        assert record["requests"][2]["body"].encode(errors="surrogateescape") == b"\xff\x00"
        assert [line["line"] for line in record["lines"]] == ["two"]
        assert [flag["kind"] for flag in record["flags"]] == ["app-dropped"]
        assert len(mezmo.requests) == 3  # reading is not recorded, and takes no fault
        assert sender.send(b"", "/stand-in/record").status == 405


def test_what_several_clients_send_at_once_is_all_there() -> None:
    def work(name: int) -> None:
        with Sender(mezmo) as client:
            for count in range(20):
                client.lines(a_line(f"{name}-{count}"))

    with stand_in() as (mezmo, _):
        clients = [threading.Thread(target=work, args=(name,)) for name in range(8)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(30)
        assert {line.line for line in mezmo.lines} == {
            f"{name}-{count}" for name in range(8) for count in range(20)
        }
        assert [request.number for request in mezmo.requests] == list(range(1, 161))
        assert len({request.connection for request in mezmo.requests}) == 8


def test_waiting_for_lines_has_an_end() -> None:
    with stand_in() as (mezmo, sender):
        sender.lines(a_line())
        assert not mezmo.wait_for_lines(2, timeout=0.01)


def test_who_waits_for_lines_is_woken_by_them() -> None:
    with stand_in() as (mezmo, sender):
        seen: list[bool] = []
        waiting = threading.Thread(
            target=lambda: seen.append(mezmo.wait_for_lines(2, timeout=3600)), daemon=True
        )
        waiting.start()
        sender.lines(a_line())
        sender.lines(a_line())
        waiting.join(30)
        assert seen == [True]


def test_nothing_is_left_when_it_is_closed() -> None:
    with nothing_left(), MezmoStandIn({KEY}) as mezmo, Sender(mezmo) as sender:
        sender.lines(a_line())
        ca_file = Path(mezmo.ca_file or "")
        assert ca_file.exists()
    assert not ca_file.exists()
    with Sender(
        mezmo_without_tls := MezmoStandIn({KEY}, tls=False, port=int(mezmo.url.rpartition(":")[2]))
    ) as late:
        with pytest.raises(ConnectionRefusedError):
            late.lines(a_line())
        assert mezmo_without_tls.ca_file is None
    assert [line.line for line in mezmo.lines] == ["hello"]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_a_signal(end: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-m", "local.mezmo", "--tls"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            told = dict(process.stdout.readline().strip().split(": ", 1) for _ in range(5))
            context = ssl.create_default_context(cafile=told["CA file"])
            request = urllib.request.Request(
                f"{told['address']}?hostname=host",
                json.dumps({"lines": [a_line("by hand")]}).encode(),
                {"apikey": told["key"], "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, context=context, timeout=10) as reply:
                assert reply.status == 200
            with urllib.request.urlopen(told["record"], context=context, timeout=10) as reply:
                assert [line["line"] for line in json.load(reply)["lines"]] == ["by hand"]
            process.send_signal(end)
            assert process.wait(10) == 0
            assert process.stderr is not None
            assert process.stderr.read() == ""
            assert not Path(told["CA file"]).exists()
        finally:
            process.kill()


def test_a_key_given_to_the_command_is_not_printed() -> None:
    command = [sys.executable, "-m", "local.mezmo", "--key", KEY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = "".join(process.stdout.readline() for _ in range(5))
        finally:
            process.terminate()
            process.wait(10)
    assert KEY not in told
    assert "address: http://localhost:" in told
