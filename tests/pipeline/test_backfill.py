"""The past of a log group, the whole way, killed, interrupted and gone on with."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.backfill.trial import Runs, write_past
from local.mezmo import MezmoStandIn
from mezmo_forwarder_commands.backfill.query import as_time
from tests.pipeline.whole_way import WholeWay, make_secret

pytestmark = pytest.mark.slow

GROUP = "/aws/lambda/past"
EVENTS = 1500


def test_all_of_the_past_arrives_and_twice_only_what_a_kill_explains(
    whole_way: Callable[..., WholeWay], aws: LocalAws, mezmo: MezmoStandIn, tmp_path: Path
) -> None:
    make_secret(aws, "backfill-key")
    past = write_past(aws, GROUP, EVENTS)
    way = whole_way("backfill.py")
    function = way.outputs("Backfill")["Function"]
    command = [GROUP, "--function", function, "--from", as_time(past.start), "--rate", "1GB"]
    runs = Runs(aws, mezmo, command, tmp_path / "state.json")

    assert runs.cut_short(300, signal.SIGKILL) == -signal.SIGKILL
    killed = len(runs.under_way)
    assert runs.cut_short(800, signal.SIGINT) == 130
    assert len(runs.under_way) == killed, "what runs is waited for"
    status, figures = runs.to_the_end()
    outcome = runs.outcome(past)

    assert status == 0
    assert (outcome.written, outcome.missing, outcome.unknown, outcome.unexplained) == (EVENTS, 0, 0, 0)
    assert outcome.twice <= figures["repeated"] == killed
    assert (figures["read"], figures["delivered"], figures["reconciled"]) == (EVENTS, EVENTS, True)
    lines = mezmo.lines[-outcome.arrived :]
    assert {line.app for line in lines} == {"own"}, "the subscription's own settings hold"
    assert {line.hostname for line in lines} == {"past"}
    assert not [line for line in lines if "order 1" in line.line], "redaction applies"
    assert {line.timestamp for line in lines} >= {past.start}, "at their own time"
    assert mezmo.flags == ()
