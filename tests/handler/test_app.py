"""Whole invocations, against the stand-in for Mezmo over TLS."""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler import app
from handler.errors import (
    CorruptEventError,
    EventTooLargeError,
    ForwarderError,
    NotCloudWatchLogsError,
    SettingsError,
    UndeliveredError,
)
from handler.forwarding.forwarder import Forwarder
from handler.settings import VARIABLE, read_settings
from local.mezmo import (
    NOT_JSON,
    PARTIAL_WITHOUT_LIST,
    Answer,
    CloseAfterAnswer,
    Drip,
    Hang,
    MezmoStandIn,
    PartialAnswer,
    Reset,
)
from tests.handler.cloudwatch import GROUP, make_event
from tests.handler.doubles import KEY, OTHER_KEY, Context, settings_json

Configure = Callable[..., Forwarder]


@pytest.fixture
def configure(mezmo: MezmoStandIn) -> Iterator[Configure]:
    """Make a forwarder to the stand-in; keyword arguments as for `settings_json`."""
    made: list[Forwarder] = []

    def make(url: str | None = None, environment: dict[str, str] | None = None, **more: object) -> Forwarder:
        document = settings_json(url or mezmo.log_analysis_url, **more)  # type: ignore[arg-type]
        environment = (
            {"KEY": KEY, VARIABLE: document} if environment is None else {**environment, VARIABLE: document}
        )
        made.append(Forwarder(read_settings(environment), environment=environment))
        return made[-1]

    yield make
    for forwarder in made:
        forwarder.close()


def lines_at(mezmo: MezmoStandIn) -> list[str]:
    return [line.line for line in mezmo.lines]


def log_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    (line,) = capsys.readouterr().out.splitlines()
    report = json.loads(line)
    assert isinstance(report, dict)
    return report


def test_lines_arrive_over_one_connection_and_nothing_is_flagged(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    forwarder = configure(tags=["eu"], env="prod")
    forwarder.handle(make_event(["one\n", '{"level":"info"}\n', "zwölf\n\tmore"]), Context())
    forwarder.handle(make_event(["four"]), Context())
    assert lines_at(mezmo) == ["one", '{"level":"info"}', "zwölf\n\tmore", "four"]
    assert mezmo.flags == ()
    assert {request.status for request in mezmo.requests} == {200}
    assert len({request.connection for request in mezmo.requests}) == 1
    line = mezmo.lines[0]
    assert (line.hostname, line.app, line.env, line.tags) == ("checkout", "checkout", "prod", ("eu",))
    for text in capsys.readouterr().out.splitlines():
        assert len(text) < 400
        report = json.loads(text)
        assert report["level"] == "INFO"
        assert report["LinesReceived"] == report["LinesDelivered"]
        assert report["log_group"] == GROUP


@pytest.mark.parametrize("line_format", ["standard", "mezmo-lambda", "mezmo-lambda-raw"])
@pytest.mark.parametrize("kind", ["log-analysis", "pipeline"])
def test_large_payloads_arrive_whole_in_batches(
    mezmo: MezmoStandIn, configure: Configure, line_format: str, kind: str
) -> None:
    url = mezmo.pipeline_url("route") if kind == "pipeline" else None
    messages = [f"{number} " + "x" * 1000 for number in range(2500)]
    configure(url, kind=kind, line_format=line_format).handle(make_event(messages), Context())
    texts = lines_at(mezmo)
    if line_format == "mezmo-lambda" and kind == "log-analysis":
        texts = [json.loads(text)["message"] for text in texts]
    assert texts == messages
    assert len(mezmo.requests) > 2
    assert {request.status for request in mezmo.requests} == {200}


@pytest.mark.parametrize("policy", ["split", "whole"])
def test_a_message_of_a_megabyte_arrives_in_parts(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    """Whole, it is a batch of its own, which Mezmo finds too large; then it is split all the same."""
    message = "x" * 1_048_576 + "y"
    configure(oversize_lines=policy).handle(make_event(["before", message, "after"]), Context())
    texts = lines_at(mezmo)
    assert (texts[0], "".join(texts[1:-1]), texts[-1]) == ("before", message, "after")
    assert mezmo.flags == ()
    parts = mezmo.lines[1:-1]
    assert [line.meta["part"] for line in parts if line.meta] == [*range(1, 66)]
    assert len({line.meta["event_id"] for line in parts if line.meta}) == 1
    assert [line.timestamp - parts[0].timestamp for line in parts] == [*range(65)]
    report = log_line(capsys)
    assert (report["LinesReceived"], report["LinesDelivered"], report["level"]) == (67, 67, "INFO")


@pytest.mark.parametrize(
    "faults",
    [
        [Answer(503), Answer(500), Answer(501)],
        [Answer(429)],
        [Reset()],
        [Answer(415)],
        [Answer(413)],
        [PartialAnswer([200, 503, 200, 429]), PartialAnswer([500, 200])],
        [CloseAfterAnswer()],
        [NOT_JSON],
        [Drip(0.001)],
    ],
    ids=str,
)
def test_faults_that_pass_lose_and_double_nothing(
    mezmo: MezmoStandIn, configure: Configure, faults: list[object]
) -> None:
    mezmo.faults.script(faults)  # type: ignore[arg-type]
    forwarder = configure()
    forwarder.handle(make_event(["a", "b", "c", "d"]), Context())
    forwarder.handle(make_event(["e"]), Context())
    assert sorted(lines_at(mezmo)) == ["a", "b", "c", "d", "e"]
    assert mezmo.faults.remaining == 0


def test_a_reset_after_the_commit_doubles_and_loses_nothing(
    mezmo: MezmoStandIn, configure: Configure
) -> None:
    mezmo.faults.script([Reset(after_commit=True)])
    configure().handle(make_event(["a"]), Context())
    assert lines_at(mezmo) == ["a", "a"]


def test_retry_after_is_waited_for(mezmo: MezmoStandIn, configure: Configure) -> None:
    mezmo.faults.script([Answer(429, retry_after=1)])
    configure().handle(make_event(["a"]), Context())
    first, second = mezmo.requests
    assert second.time - first.time >= 1
    assert lines_at(mezmo) == ["a"]


@pytest.mark.parametrize("fault", [Hang(), Answer(503), Answer(404), PARTIAL_WITHOUT_LIST, Drip(5)], ids=str)
def test_what_stays_undelivered_fails_the_invocation_in_time(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str], fault: object
) -> None:
    mezmo.faults.always(fault)  # type: ignore[arg-type]
    started = time.monotonic()
    with pytest.raises(UndeliveredError, match=r"^0 of 2 lines delivered, 2 undelivered: ") as error:
        configure().handle(make_event(["a", "b"]), Context(seconds=2.5))
    assert time.monotonic() - started < 2.5
    report = log_line(capsys)
    assert (report["level"], report["message"]) == ("ERROR", str(error.value))
    assert (report["LinesReceived"], report["LinesUndelivered"]) == (2, 2)
    assert "LinesDelivered" not in report


def test_a_rotated_key_is_read_again(mezmo: MezmoStandIn, configure: Configure) -> None:
    environment = {"KEY": KEY}
    forwarder = configure(environment=environment)
    forwarder._sender._keys._environment = environment  # the dictionary that the test changes
    forwarder.handle(make_event(["a"]), Context())
    mezmo.keys = {OTHER_KEY}
    environment["KEY"] = OTHER_KEY
    forwarder.handle(make_event(["b"]), Context())
    assert lines_at(mezmo) == ["a", "b"]
    assert [request.status for request in mezmo.requests] == [200, 403, 200]


def test_a_wrong_key_is_tried_twice_and_never_shown(
    configure: Configure, mezmo: MezmoStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UndeliveredError, match="the ingestion key was refused: 403") as error:
        configure(environment={"KEY": OTHER_KEY}).handle(make_event(["a"]), Context())
    assert [request.status for request in mezmo.requests] == [403, 403]
    assert OTHER_KEY not in str(error.value) + capsys.readouterr().out


def test_a_destination_that_refuses_gzip_gets_none_for_the_life_of_the_process(
    mezmo: MezmoStandIn, configure: Configure
) -> None:
    mezmo.faults.script([Answer(415)])
    forwarder = configure()
    for message in ("a", "b"):
        forwarder.handle(make_event([message]), Context())
    assert [request.status for request in mezmo.requests] == [415, 200, 200]
    assert lines_at(mezmo) == ["a", "b"]


def test_a_control_message_is_skipped_and_counted(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure().handle(make_event(["health"], message_type="CONTROL_MESSAGE", group=""), Context())
    report = log_line(capsys)
    assert (report["message"], report["control_messages"]) == ("control message skipped", 1)
    assert mezmo.requests == ()


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, NotCloudWatchLogsError),
        ({"awslogs": {"data": "?"}}, CorruptEventError),
        (make_event(["a" * (20 << 20)]), EventTooLargeError),
    ],
)
def test_what_cannot_be_forwarded_fails_with_one_clear_line(
    configure: Configure, capsys: pytest.CaptureFixture[str], event: object, error: type[ForwarderError]
) -> None:
    with pytest.raises(error) as raised:
        configure().handle(event, Context())
    report = log_line(capsys)
    assert (report["level"], report["message"], report["error"]) == (
        "ERROR",
        str(raised.value),
        error.__name__,
    )


def test_the_test_event_says_where_the_line_went(mezmo: MezmoStandIn, configure: Configure) -> None:
    environment = {
        "KEY": KEY,
        "AWS_LAMBDA_FUNCTION_NAME": "Fn",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/Fn.x",
    }
    answer = configure(environment=environment).handle({"mezmo_forwarder": "test"}, Context())
    assert answer == {
        "status": "delivered",
        "reason": None,
        "http_status": 200,
        "address": mezmo.log_analysis_url,
        "key_source": "environment variable KEY",
        "hostname": "Fn_x",
        "app": "Fn.x",
        "version": "0.0.0",
    }
    (line,) = mezmo.lines
    assert (line.line, line.hostname, line.app) == ("Test line of Fn", "Fn_x", "Fn.x")
    assert line.meta is not None
    assert line.meta["owner"] == "123456789012"
    assert mezmo.flags == ()


def test_the_test_line_is_sent_whatever_lines_are_wanted(mezmo: MezmoStandIn, configure: Configure) -> None:
    wanted, unwanted = {"by": "pattern", "pattern": "nothing"}, {"by": "pattern", "pattern": "Test"}
    forwarder = configure(include=[wanted], exclude=[unwanted], sampling=[{"share": 0}])
    answer = forwarder.handle({"mezmo_forwarder": "test"}, Context())
    assert (answer or {})["status"] == "delivered"
    assert lines_at(mezmo) == ["Test line of mezmo-forwarder"]


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (Answer(404), "undelivered", "404"),
        (Answer(400, '{"error":"Missing param hostname."}'), "rejected", "400 Missing param hostname."),
        (Answer(403), "undelivered", "the ingestion key was refused: 403"),
    ],
)
def test_the_test_event_returns_what_went_wrong(
    mezmo: MezmoStandIn, configure: Configure, fault: Answer, status: str, reason: str
) -> None:
    mezmo.faults.always(fault)
    answer = configure(mezmo.log_analysis_url).handle({"mezmo_forwarder": "test"}, Context())
    assert answer is not None
    assert (answer["status"], answer["http_status"]) == (status, fault.status)
    assert str(answer["reason"]).startswith(reason)


def test_the_test_event_without_a_key_or_a_server(configure: Configure) -> None:
    answer = configure(environment={}).handle({"mezmo_forwarder": "test"}, Context())
    assert answer is not None
    assert answer["status"] == "undelivered"
    assert "environment variable KEY is not set" in str(answer["reason"])
    answer = configure("http://127.0.0.1:1/v1/x", kind="pipeline").handle(
        {"mezmo_forwarder": "test"}, Context(2)
    )
    assert answer is not None
    assert (answer["http_status"], answer["hostname"]) == (None, None)
    assert "Connection refused" in str(answer["reason"])


def test_the_entry_keeps_one_forwarder(
    mezmo: MezmoStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, settings_json(mezmo.log_analysis_url))
    monkeypatch.setenv("KEY", KEY)
    importlib.reload(app)
    monkeypatch.delenv("KEY")  # the key was read while the module was loaded
    monkeypatch.delenv(VARIABLE)
    for message in ("a", "b"):
        app.handle(make_event([message]), Context())
    assert lines_at(mezmo) == ["a", "b"]
    assert len({request.connection for request in mezmo.requests}) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2
    app._get_forwarder().close()


def test_broken_settings_and_a_missing_key_wait_for_the_invocation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    importlib.reload(app)
    with pytest.raises(SettingsError, match=VARIABLE):
        app.handle({"mezmo_forwarder": "test"}, Context())
    report = log_line(capsys)
    assert (report["level"], report["error"]) == ("ERROR", "SettingsError")
    monkeypatch.setenv(VARIABLE, settings_json())
    monkeypatch.delenv("KEY", raising=False)
    importlib.reload(app)
    with pytest.raises(UndeliveredError, match="no ingestion key"):
        app.handle(make_event(["a"]), Context())


@pytest.mark.parametrize("proxy", ["http://user:hid/den@proxy", "http://a..b:80"])
def test_a_malformed_proxy_waits_for_the_invocation_and_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], proxy: str
) -> None:
    key = {"source": "ssm-parameter", "id": "/mezmo/key"}
    for name, value in {
        VARIABLE: settings_json(key=key),
        "HTTPS_PROXY": proxy,
        "AWS_REGION": "eu-west-3",
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("https_proxy", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"):
        monkeypatch.delenv(name, raising=False)
    importlib.reload(app)
    with pytest.raises(UndeliveredError, match="HTTPS_PROXY is not an address|'a..b' is not a host name"):
        app.handle(make_event(["a"]), Context())
    report = log_line(capsys)
    assert (report["level"], report["LinesUndelivered"]) == ("ERROR", 1)
    assert "hid" not in str(report)


def test_whatever_fails_while_the_module_is_loaded_waits_for_the_invocation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, settings_json())
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "plenty")
    importlib.reload(app)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="plenty"):
        app.handle(make_event(["a"]), Context())
    report = log_line(capsys)
    assert (report["level"], report["error"]) == ("ERROR", "ValueError")


def test_the_forwarder_never_feeds_itself(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    forwarder = configure(environment={"KEY": KEY, "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/forwarder"})
    forwarder.handle(make_event(["a", "b"], group="/aws/lambda/forwarder"), Context())
    report = log_line(capsys)
    assert (report["level"], report["filters"]) == ("WARN", {"the forwarder's own log group": 2})
    assert (report["LinesReceived"], report["LinesFiltered"]) == (2, 2)
    assert "LinesDelivered" not in report
    forwarder.handle(make_event([json.dumps(report)], group="/aws/lambda/forwarder"), Context())
    assert capsys.readouterr().out == "", "a line about it would be the next event"
    assert mezmo.requests == ()
    forwarder.handle(make_event(["c"], group="/aws/lambda/forwarder-2"), Context())
    forwarder.handle({"mezmo_forwarder": "test"}, Context())
    assert lines_at(mezmo) == ["c", "Test line of mezmo-forwarder"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1c\x1d\x1e\x1f\x85"))))
def test_any_messages_arrive(mezmo: MezmoStandIn, configure: Configure, messages: list[str]) -> None:
    before = len(mezmo.lines)
    configure().handle(make_event(messages), Context())
    trimmed = [message.rstrip(" \t\n\r\v\f") for message in messages]
    assert lines_at(mezmo)[before:] == [text for text in trimmed if text]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([" ", "\t", "", "ERROR ", "é"]) | st.text(max_size=5), max_size=900))
def test_joined_lines_arrive_and_nothing_is_flagged(
    mezmo: MezmoStandIn, configure: Configure, messages: list[str]
) -> None:
    texts = [message + "x" for message in messages]
    before = len(mezmo.lines)
    forwarder = configure(multiline={"kind": "stack-traces"}, exclude=[{"by": "health-checks"}])
    forwarder.handle(make_event(texts, group="g" * 512, stream="s" * 512), Context())
    lines = mezmo.lines[before:]
    assert "\n".join(line.line for line in lines) == "\n".join(texts)
    metas: list[dict[str, Any]] = [line.meta or {} for line in lines]
    ids = [one for meta in metas for one in [meta["event_id"], *meta.get("event_ids", [])]]
    assert ids == [f"{number:056d}" for number in range(len(texts))]
    assert mezmo.flags == ()


def modules_after(code: str, **variables: str) -> set[str]:
    """Return what is loaded in a fresh process after some code."""
    root = Path(app.__file__).parents[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(root), str(root.parents[1]), *sys.path]),
        **variables,
    }
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(run.stdout.splitlines()[-1].split())


NOT_YET = {
    "handler.aws.calls",
    "handler.aws.s3",
    "handler.events.joining",
    "handler.events.kinesis",
    "handler.events.levels",
    "handler.events.segments",
    "handler.events.selection",
    "handler.lines.oversize",
    "handler.redrive",
    "handler.redriving.redrive",
    "handler.store.packing",
    "handler.texts.patterns",
    "handler.texts.shapes",
}


def test_the_imports_of_a_cold_start_are_few() -> None:
    modules = modules_after("import handler.app")
    assert all(map(find_spec, NOT_YET)), "a name that is none would never be loaded"
    costly = {"asyncio", "urllib.request", "dataclasses", "hashlib", "hmac", "json", "logging", "threading"}
    assert modules & (costly | NOT_YET) == set()


def test_nothing_for_the_store_is_loaded_as_long_as_all_goes_well(mezmo: MezmoStandIn) -> None:
    code = (
        "import handler.app; from tests.handler.cloudwatch import make_event\n"
        "from tests.handler.doubles import Context\n"
        "handler.app.handle(make_event(['a']), Context())"
    )
    assert mezmo.ca_file
    document = settings_json(mezmo.log_analysis_url, store={"bucket": "b"}, metrics="forwarder")
    modules = modules_after(code, KEY=KEY, SSL_CERT_FILE=mezmo.ca_file, **{VARIABLE: document})
    assert lines_at(mezmo) == ["a"]
    assert modules & NOT_YET == set()


def test_a_backfill_is_told_what_became_of_its_events(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    event = make_event(["one", " ", "x" * 20_000]) | {"mezmo_forwarder": "backfill"}
    told = configure().handle(event, Context())

    outcome = {"delivered": 3, "filtered": 1, "stored": 0, "rejected": 0, "undelivered": 0}
    assert told == {"events": 3, "joined": 0, "received": 4, **outcome, "reason": ""}
    assert len(lines_at(mezmo)) == 3
    report = log_line(capsys)
    assert report["backfill"] is True
    assert "OldestLineAge" not in report, "old lines are no fault of the forwarder's"


def test_a_backfill_sees_itself_to_what_is_left(mezmo: MezmoStandIn, configure: Configure) -> None:
    mezmo.faults.always(Answer(503))
    told = configure().handle(make_event(["one", "two"]) | {"mezmo_forwarder": "backfill"}, Context(3))

    assert told
    assert (told["events"], told["received"], told["undelivered"]) == (2, 2, 2)
    assert "503" in str(told["reason"])


def test_a_backfill_s_check_sends_nothing(mezmo: MezmoStandIn, configure: Configure) -> None:
    event = make_event([], message_type="CONTROL_MESSAGE") | {"mezmo_forwarder": "backfill"}
    told = configure().handle(event, Context())

    assert told
    assert set(told.values()) == {0, ""}
    assert not mezmo.requests
