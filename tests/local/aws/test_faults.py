"""The local AWS lets a test break a function's process, from outside and from inside."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import Invocation, LocalAws
from tests.local.aws.resources import eventually, invoke, log_lines, make_function

PRELUDE = """
import os, socket, time
if "BROKEN" in os.environ:
    raise RuntimeError("broken by the prelude")
real = time.time
time.time = lambda: real() + 86400
socket.getaddrinfo = None
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    directory = tmp_path_factory.mktemp("aws")
    prelude = directory / "prelude.py"
    prelude.write_text(PRELUDE)
    with LocalAws.from_environment(directory / "aws", function_prelude=prelude, journal=True) as aws:
        yield aws


WAITS = """
import os, time
def handle(event, context):
    if event:
        print("begun")
        open(event + "/begun", "w").close()
    while event and not os.path.exists(event + "/end"):
        time.sleep(0.02)
    return os.getpid()
"""


def test_a_functions_processes_are_listed_by_its_name(aws: LocalAws, tmp_path: Path) -> None:
    for name in ("listed", "other"):
        make_function(aws, name, {"app.py": WAITS})
    assert aws.function_processes("listed") == []
    first, _ = invoke(aws, "listed")
    invoke(aws, "other")
    assert aws.function_processes("listed") == [first]
    waiting = threading.Thread(target=invoke, args=(aws, "listed", str(tmp_path)))
    waiting.start()
    assert eventually((tmp_path / "begun").exists)
    second, _ = invoke(aws, "listed")
    assert aws.function_processes("listed") == sorted([first, second])
    (tmp_path / "end").touch()
    waiting.join()


def test_a_process_killed_under_an_invocation_fails_it_and_is_replaced(aws: LocalAws, tmp_path: Path) -> None:
    make_function(aws, "killed", {"app.py": WAITS}, Timeout=60)
    answers: list[tuple[Any, bool]] = []
    running = threading.Thread(target=lambda: answers.append(invoke(aws, "killed", str(tmp_path))))
    running.start()
    assert eventually((tmp_path / "begun").exists)
    [process] = aws.function_processes("killed")
    os.kill(process, signal.SIGKILL)
    running.join()
    [(error, failed)] = answers
    assert failed
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "begun" in log_lines(aws, "/aws/lambda/killed")
    assert aws.function_processes("killed") == []
    replacement, _ = invoke(aws, "killed")
    assert aws.function_processes("killed") == [replacement] != [process]


def test_a_process_killed_between_invocations_is_replaced_unseen(aws: LocalAws) -> None:
    make_function(aws, "frozen", {"app.py": WAITS})
    first, _ = invoke(aws, "frozen")
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: aws.function_processes("frozen") == [])
    second, failed = invoke(aws, "frozen")
    assert not failed
    assert aws.function_processes("frozen") == [second] != [first]


def test_the_prelude_bends_a_functions_process_before_it_loads(aws: LocalAws) -> None:
    app = """
import socket, time
loaded = time.time()
def handle(event, context):
    return [loaded - event, socket.getaddrinfo]
"""
    make_function(aws, "bent", {"app.py": app})
    (ahead, resolve), _ = invoke(aws, "bent", time.time())
    assert ahead > 80000
    assert resolve is None


def test_a_prelude_that_fails_fails_the_function(aws: LocalAws) -> None:
    make_function(aws, "unprepared", {"app.py": WAITS}, Environment={"Variables": {"BROKEN": "1"}})
    error, failed = invoke(aws, "unprepared")
    assert failed
    assert error["errorType"] == "Runtime.ExitError"
    assert any("broken by the prelude" in line for line in log_lines(aws, "/aws/lambda/unprepared"))


def of_function(aws: LocalAws, name: str) -> list[Invocation]:
    return [found for found in aws.invocations() if found.function == name]


def test_the_journal_tells_how_each_invocation_ended_and_in_which_process(aws: LocalAws) -> None:
    app = """
import os, time
def handle(event, context):
    print("got", event)
    if event == "fail":
        raise ValueError("told to fail")
    if event == "exit":
        os._exit(3)
    if event == "wait":
        time.sleep(60)
    return os.getpid()
"""
    make_function(aws, "told", {"app.py": app}, Timeout=1)
    before = time.time()
    process, _ = invoke(aws, "told", "go")
    for event in ("fail", "exit", "wait"):
        invoke(aws, "told", event)
    found = of_function(aws, "told")
    assert [entry.outcome for entry in found] == ["response", "error", "exit", "timeout"]
    assert found[0].answer == found[0].pid == found[1].pid == found[2].pid == process
    assert found[3].pid not in {process, None}
    assert found[1].answer["errorMessage"] == "told to fail"
    assert "got exit" in found[2].log
    assert [aws.event(entry.request_id) for entry in found] == ["go", "fail", "exit", "wait"]
    inside = [moment for entry in found for moment in (entry.began, entry.ended or 0)]
    moments = [before, *inside, time.time()]
    assert moments == sorted(moments)


def test_the_journal_shows_an_invocation_that_runs(aws: LocalAws, tmp_path: Path) -> None:
    make_function(aws, "running", {"app.py": WAITS}, Timeout=60)
    running = threading.Thread(target=invoke, args=(aws, "running", str(tmp_path)))
    running.start()
    assert eventually((tmp_path / "begun").exists)
    [entry] = of_function(aws, "running")
    assert (entry.outcome, entry.ended) == (None, None)
    (tmp_path / "end").touch()
    running.join()
    assert eventually(lambda: [one.outcome for one in of_function(aws, "running")] == ["response"])


def test_an_asynchronous_invocation_keeps_its_request_id_from_try_to_try(aws: LocalAws) -> None:
    make_function(aws, "tried", {"app.py": "def handle(event, context): raise ValueError(event)"})
    aws.client("lambda").invoke(FunctionName="tried", InvocationType="Event", Payload=b'"again"')
    assert eventually(lambda: len(of_function(aws, "tried")) == 3)
    assert len({entry.request_id for entry in of_function(aws, "tried")}) == 1


def test_without_a_journal_there_is_none(tmp_path: Path) -> None:
    with LocalAws.from_environment(tmp_path) as aws:
        make_function(aws, "untold", {"app.py": WAITS})
        invoke(aws, "untold")
        assert aws.invocations() == []
        assert not (tmp_path / "functions/events").exists()
