"""The local AWS runs a function as Lambda does."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from local.aws import LocalAws, LocalAwsError
from tests.local.aws.resources import eventually, invoke, log_lines, make_function, make_role, packed


def test_a_function_imports_its_asset_and_nothing_that_is_installed(aws: LocalAws) -> None:
    app = """
import importlib.util, helper
def handle(event, context):
    return {name: importlib.util.find_spec(name) is not None for name in event}
"""
    make_function(aws, "imports", {"app.py": app, "helper.py": ""})
    found, _ = invoke(aws, "imports", ["helper", "json", "pip", "pytest", "ministack"])
    assert found == {"helper": True, "json": True, "pip": False, "pytest": False, "ministack": False}


def test_the_asset_comes_first_unless_the_interpreter_is_another_than_the_functions(aws: LocalAws) -> None:
    app = "import sys\ndef handle(event, context): return ['python%d.%d' % sys.version_info[:2], sys.path]"
    site = str(Path(os.environ["MEZMO_DEV_LAMBDA_SITE"]).resolve())
    for runtime in ("python3.11", "python3.12", "python3.13", "python3.14"):
        make_function(aws, f"path-{runtime[-2:]}", {"app.py": app}, Runtime=runtime)
        (actual, path), _ = invoke(aws, f"path-{runtime[-2:]}")
        assert path[-1 if runtime == actual else 0] == site
        assert Path(path[0 if runtime == actual else 1]).parent == aws.directory / "functions"


def test_a_function_has_the_environment_and_context_of_lambda(aws: LocalAws) -> None:
    app = """
import os
def handle(event, context):
    return {"environment": dict(os.environ), "request": context.aws_request_id, "name": context.function_name,
            "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis()}
"""
    arn = make_function(
        aws, "context", {"app.py": app}, MemorySize=192, Timeout=7, Environment={"Variables": {"OWN": "1"}}
    )
    answer, _ = invoke(aws, "context")
    environment = answer["environment"]
    assert (answer["name"], answer["arn"]) == ("context", arn)
    assert 0 < answer["left"] <= 7000
    assert len(answer["request"]) == 36
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    expected = {
        "OWN": "1",
        "_HANDLER": "app.handle",
        "AWS_REGION": "eu-west-3",
        "AWS_LAMBDA_FUNCTION_NAME": "context",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "192",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_ENDPOINT_URL": aws.endpoint_url,
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} <= environment.keys()
    assert "HOME" not in environment
    assert not [name for name in environment if name.startswith(("MEZMO_DEV", "PYTHON"))]


def test_a_process_is_reused_and_frozen_in_between(aws: LocalAws) -> None:
    app = """
import os
seen = []
def handle(event, context):
    seen.append(event)
    return [os.getpid(), len(seen)]
"""
    make_function(aws, "warm", {"app.py": app})
    (first, count), _ = invoke(aws, "warm")
    if _state(first):
        assert eventually(lambda: _state(first), enough=lambda seen: seen == "T") == "T"
    assert (count, invoke(aws, "warm")[0]) == (1, [first, 2])


def test_a_function_is_killed_at_its_time_out_and_starts_anew(aws: LocalAws) -> None:
    app = """
import os, time
def handle(event, context):
    print("pid", os.getpid())
    time.sleep(event)
    return os.getpid()
"""
    make_function(aws, "slow", {"app.py": app}, Timeout=1)
    first, _ = invoke(aws, "slow", 0)
    error, failed = invoke(aws, "slow", 60)
    assert failed
    assert error["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in error["errorMessage"]
    assert not Path(f"/proc/{first}").exists()
    assert invoke(aws, "slow", 0)[0] != first
    assert any("Task timed out" in line for line in log_lines(aws, "/aws/lambda/slow"))


def test_an_exception_is_reported_in_awss_form_and_the_process_kept(aws: LocalAws) -> None:
    app = (
        "import os\ndef handle(event, context):\n    if event: raise KeyError(event)\n    return os.getpid()"
    )
    make_function(aws, "raises", {"app.py": app})
    before, _ = invoke(aws, "raises")
    error, failed = invoke(aws, "raises", "lost")
    assert failed
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'lost'")
    assert "raise KeyError(event)" in "".join(error["stackTrace"])
    assert invoke(aws, "raises")[0] == before


def test_a_process_that_ends_is_an_error_and_is_replaced(aws: LocalAws) -> None:
    app = "import os\ndef handle(event, context):\n    if event: os._exit(3)\n    return 'alive'"
    make_function(aws, "exits", {"app.py": app})
    error, failed = invoke(aws, "exits", "now")
    assert failed
    assert error["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in error["errorMessage"]
    assert invoke(aws, "exits") == ("alive", False)


def test_a_handler_that_cannot_be_loaded_says_why(aws: LocalAws) -> None:
    make_function(aws, "broken", {"app.py": "import not_in_the_asset"})
    error, failed = invoke(aws, "broken")
    assert failed
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "not_in_the_asset" in error["errorMessage"]
    assert any("not_in_the_asset" in line for line in log_lines(aws, "/aws/lambda/broken"))


def test_output_reaches_the_configured_log_group_in_the_configured_format(aws: LocalAws) -> None:
    aws.client("logs").create_log_group(logGroupName="own-group")
    app = """
import logging, sys
def handle(event, context):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    logging.getLogger().error("as JSON")
"""
    make_function(
        aws, "logging", {"app.py": app}, LoggingConfig={"LogGroup": "own-group", "LogFormat": "JSON"}
    )
    invoke(aws, "logging")
    lines = log_lines(aws, "own-group")
    assert {"to stdout", "to stderr"} <= set(lines)
    assert [json.loads(line)["message"] for line in lines if line.startswith("{")] == ["as JSON"]
    assert log_lines(aws, "/aws/lambda/logging") == []


def test_output_is_lost_without_the_roles_right_to_write_it(aws: LocalAws) -> None:
    group = "arn:aws:logs:eu-west-3:000000000000:log-group:/aws/lambda/{}:*"
    app = {"app.py": "def handle(event, context): print('said')"}
    for name, actions in (("writes", ["logs:Create*Stream", "logs:PutLogEvents"]), ("silent", ["logs:Put*"])):
        statement = {"Effect": "Allow", "Action": actions, "Resource": group.format(name)}
        make_function(aws, name, app, Role=make_role(aws, f"{name}-scoped", statement))
        invoke(aws, name)
        # Neither may make its log group.
        logs = aws.client("logs")
        assert log_lines(aws, f"/aws/lambda/{name}") == []
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
        invoke(aws, name)
    assert "said" in log_lines(aws, "/aws/lambda/writes")
    assert log_lines(aws, "/aws/lambda/silent") == []


def test_new_code_is_used_while_a_running_invocation_finishes_on_the_old(aws: LocalAws) -> None:
    old = """
import time
def handle(event, context):
    print("begun")
    time.sleep(event)
    return "old"
"""
    make_function(aws, "updated", {"app.py": old})
    answers: list[object] = []
    running = threading.Thread(target=lambda: answers.append(invoke(aws, "updated", 3)))
    running.start()
    outputs = aws.directory / "functions"
    assert eventually(lambda: any("begun" in path.read_text() for path in outputs.glob("output-*.log")))
    new = packed({"app.py": "def handle(event, context):\n    return 'new'"})
    aws.client("lambda").update_function_code(FunctionName="updated", ZipFile=new)
    assert invoke(aws, "updated", 0) == ("new", False)
    running.join(30)
    assert answers == [("old", False)]


PROMISE = "exports.handler = async (event, context) => ({ event, name: context.functionName });"
CALLBACK = """
exports.handler = (event, context, callback) => {
  setTimeout(() => callback(null, { event, name: context.functionName }), 10);
};
"""
MODULE = """
import process from "node:process";
export const handler = async (event) => ({ event, name: process.env.AWS_LAMBDA_FUNCTION_NAME });
"""


@pytest.mark.parametrize(
    ("name", "files", "handler"),
    [
        ("promise", {"index.js": PROMISE}, "index.handler"),
        ("callback", {"lib/index.js": CALLBACK}, "lib/index.handler"),
        ("module", {"index.mjs": MODULE}, "index.handler"),
    ],
)
def test_a_node_function_is_run(aws: LocalAws, name: str, files: dict[str, str], handler: str) -> None:
    make_function(aws, name, files, handler, Runtime="nodejs22.x")
    for event in ({"number": 1}, {"number": 2}):
        assert invoke(aws, name, event) == ({"event": event, "name": name}, False)


def test_a_node_functions_error_and_output_are_passed_on(aws: LocalAws) -> None:
    code = """
exports.handler = (event, context, callback) => {
  console.log("hello from node");
  callback(new TypeError("no"));
};
"""
    make_function(aws, "node-fails", {"index.js": code}, "index.handler", Runtime="nodejs22.x")
    error, failed = invoke(aws, "node-fails")
    assert failed
    assert (error["errorType"], error["errorMessage"]) == ("TypeError", "no")
    assert "hello from node" in log_lines(aws, "/aws/lambda/node-fails")


def test_only_the_loopback_address_is_served(aws: LocalAws) -> None:
    port = int(aws.endpoint_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    # Another loopback address stands for every other interface: a server on all of them would answer.
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


@pytest.mark.parametrize("end", ["orderly", "killed"])
def test_no_process_is_left_behind(end: str, tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from local.aws import LocalAws
from tests.local.aws.resources import invoke, make_function
with LocalAws.from_environment(Path({str(tmp_path / "aws")!r})) as aws:
    make_function(aws, "pid", {{"app.py": "import os\\ndef handle(*_): return [os.getpid(), os.getppid()]"}})
    print(invoke(aws, "pid")[0], flush=True)
    if {end == "killed"}:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    pids = json.loads(run.stdout)
    assert eventually(lambda: not any(_runs(pid) for pid in pids)), run.stderr


def _state(pid: int) -> str:
    """Return the state of a process, T for stopped; nothing where none is to be seen."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that is dead and only waits for its new parent to notice does not run.
    return _state(pid) != "Z"


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    bad = Path(sys.executable)
    stack = LocalAws(tmp_path / "aws", ministack_python=bad, lambda_python=bad, lambda_site=tmp_path)
    with pytest.raises(LocalAwsError, match="No module named 'ministack'"), stack:
        pass


def test_a_cdk_that_fails_or_hangs_is_an_error_with_its_output(tmp_path: Path) -> None:
    cdk = tmp_path / "cdk"
    cdk.write_text('#!/bin/sh\necho "ran $*"\n[ "$1" = hang ] && sleep 60\nexit 3\n')
    cdk.chmod(0o755)
    unused = Path(sys.executable)
    stack = LocalAws(tmp_path, ministack_python=unused, lambda_python=unused, lambda_site=unused, cdk=cdk)
    with pytest.raises(LocalAwsError, match="cdk deploy exit status 3\nran deploy .*--app app"):
        stack.cdk("deploy", app="app", cwd=tmp_path)
    with pytest.raises(LocalAwsError, match="cdk hang did not end within 0.2 s\nran hang"):
        stack.cdk("hang", app="app", cwd=tmp_path, timeout=0.2)


def test_an_unprepared_environment_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MEZMO_DEV_LAMBDA_SITE")
    with pytest.raises(LocalAwsError, match="Not set: MEZMO_DEV_LAMBDA_SITE"):
        LocalAws.from_environment(tmp_path)
