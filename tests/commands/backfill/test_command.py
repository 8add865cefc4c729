"""The command as a user runs it, against the local AWS, with a function that counts and sends nothing."""

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.backfill.trial import Past, write_past
from mezmo_forwarder_commands.__main__ import main
from mezmo_forwarder_commands.aws_session import AwsSession
from mezmo_forwarder_commands.backfill.query import as_time
from tests.local.aws.resources import make_function, packed

Output = pytest.CaptureFixture[str]
COUNTS_ONLY = """
import base64, gzip, json
def handle(event, context):
    document = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    events = len(document["logEvents"])
    return {"events": events, "received": events, "delivered": events, "joined": 0}
"""
_numbers = count()


@pytest.fixture
def function(aws: LocalAws) -> str:
    name = f"counts-only-{next(_numbers)}"
    settings = {"Variables": {"MEZMO_FORWARDER_SETTINGS": "{}"}}
    make_function(aws, name, {"app.py": COUNTS_ONLY}, Environment=settings)
    return name


@pytest.fixture
def group() -> str:
    return f"/command/{next(_numbers)}"


@pytest.fixture
def past(aws: LocalAws, group: str) -> Past:
    return write_past(aws, group, 120, streams=3)


@pytest.fixture
def arguments(session: AwsSession, group: str, function: str, past: Past, tmp_path: Path) -> list[str]:
    assert session
    state = str(tmp_path / "state.json")
    return ["backfill", group, "--function", function, "--from", as_time(past.start), "--state", state]


def test_it_runs_and_is_done_once(arguments: list[str], capsys: Output) -> None:
    assert main([*arguments, "--rate", "1GB"]) == 0
    printed = capsys.readouterr()
    assert "read   120 log events" in printed.out
    assert "Everything that was read is accounted for." in printed.out
    assert "note: Mezmo may show lines older than a day at the time of their arrival" in printed.err
    assert "[----" in printed.err

    assert main([*arguments, "--json"]) == 0
    printed = capsys.readouterr()
    assert "note: all this was done before, says " in printed.err
    figures = json.loads(printed.out)
    assert (figures["read"], figures["delivered"], figures["finished"]) == (120, 120, True)


def test_another_query_does_not_go_on_with_it(arguments: list[str], capsys: Output) -> None:
    assert main([*arguments, "--rate", "1GB"]) == 0
    capsys.readouterr()

    assert main([*arguments, "--filter-pattern", "ERROR"]) == 2
    printed = capsys.readouterr()
    assert "is another backfill's: pattern 'ERROR', not ''; ask for the same to go on with it" in printed.err
    assert main([*arguments, "--to", "2026-11-02"]) == 2
    assert main([*arguments[:-2], "--filter-pattern", "ERROR", "--state", f"{arguments[-1]}.2"]) == 0
    assert "read   2 log events" in capsys.readouterr().out


def test_a_dry_run_sends_nothing_and_leaves_no_state(arguments: list[str], capsys: Output) -> None:
    assert main([*arguments, "--dry-run"]) == 0
    assert "nothing was sent" in capsys.readouterr().out
    assert main([*arguments, "--dry-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["events"], found["exact"], found["dry_run"]) == (120, True, True)
    assert not Path(arguments[-1]).exists()


def test_the_state_has_a_name_by_default(
    arguments: list[str], group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main([*arguments[:-2], "--rate", "1GB"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == [
        f"mezmo-backfill-{group.strip('/').replace('/', '-')}.json"
    ]


def test_a_failure_keeps_what_is_done(
    arguments: list[str], aws: LocalAws, function: str, capsys: Output
) -> None:
    code = "def handle(event, context): return {'events': 0}"
    aws.client("lambda").update_function_code(FunctionName=function, ZipFile=packed({"app.py": code}))
    assert main(arguments) == 2
    assert "its counts do not add up" in (printed := capsys.readouterr()).err
    assert "the same command goes on where it ended" in printed.err
    aws.client("lambda").update_function_code(FunctionName=function, ZipFile=packed({"app.py": COUNTS_ONLY}))
    assert main([*arguments, "--rate", "1GB"]) == 0
    assert "under way when the last run ended" in capsys.readouterr().err


def test_help_needs_nothing_but_python() -> None:
    script = (
        "import sys; from mezmo_forwarder_commands.__main__ import main\n"
        "try: main(['backfill', '--help'])\nexcept SystemExit: pass\n"
        "sys.exit(bool({'botocore', 'msgspec', 'handler', 'mezmo_forwarder'} & set(sys.modules)))"
    )

    subprocess.run([sys.executable, "-c", script], timeout=60, check=True, capture_output=True)
