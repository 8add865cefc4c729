"""The verdict on a whole run."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from local.aws import Invocation
from local.faults.events import Event
from local.faults.reconciliation import Rejected
from local.faults.verdict import Outcome, judge
from local.mezmo import Flag, FlagKind
from tests.handler.cloudwatch import make_event
from tests.local.faults.seen import EVENTS, SENT, Seen, invocation, report


def outcome(seen: Seen, *invocations: Invocation, events: Sequence[Event] = EVENTS, **more: Any) -> Outcome:
    usual: dict[str, Any] = {
        "seed": 1,
        "seconds": 60.0,
        "events": events,
        "rejected": [],
        "waiting": [],
        "idle": True,
        "flags": [],
        "lost": [],
        "invoked_with": lambda _: make_event([event.message for event in events]),
        "of_processes": Counter({"process: killed": 2}),
    }
    return Outcome(evidence=seen.evidence(*invocations), **(usual | more))


def all_is_well() -> tuple[Seen, Invocation]:
    seen = Seen()
    seen.request(11, 1, *range(len(EVENTS)))
    lines = sum(map(len, SENT))
    return seen, invocation("a", 10, 1, log=report(lines, LinesDelivered=lines))


def test_a_run_that_is_well_passes_and_its_table_says_so() -> None:
    figures = judge(outcome(*all_is_well()))
    assert figures.problems == []
    assert figures.passed
    table = figures.table()
    assert [line.split() for line in table.splitlines() if "lost" in line] == [
        ["lost", "0"],
        ["reply", "lost", "0", "(0.000", "%)"],
    ]
    assert ["process:", "killed", "2"] in [line.split() for line in table.splitlines()]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"waiting": ["undelivered/x"]}, "1 objects are still in the store, the first undelivered/x"),
        ({"idle": False}, "somebody was still at work"),
        ({"flags": [Flag(FlagKind.LINE_TRUNCATED, 1, 0, "20000 bytes")]}, "flagged at Mezmo: line-truncated"),
        ({"lost": ["LOST event 7"]}, "the local AWS says: LOST event 7"),
        (
            {"rejected": [Rejected(EVENTS[0].identity, "")]},
            "in rejected/ for a reason that no script gave: none",
        ),
        ({"events": [*EVENTS, dataclasses.replace(EVENTS[0], timestamp=7)]}, "lost"),
    ],
)
def test_a_run_in_which_anything_is_wrong_fails(more: dict[str, Any], problem: str) -> None:
    seen, done = all_is_well()
    invoked = {"invoked_with": lambda _: make_event([event.message for event in EVENTS])}
    figures = judge(outcome(seen, done, **(invoked | more)))
    assert not figures.passed
    assert figures.problems[0].startswith(problem)


def test_a_line_that_comes_again_for_no_reason_fails_the_run() -> None:
    seen, done = all_is_well()
    seen.request(31, 1, 0)
    again = invocation("b", 30, 1, log=report(len(SENT[0]), LinesDelivered=len(SENT[0])))
    figures = judge(
        outcome(seen, done, again, invoked_with=lambda name: make_event(["x"] * (6 if name == "a" else 1)))
    )
    assert [problem for problem in figures.problems if "there again" in problem] == [
        f"{len(SENT[0])} lines of {sum(map(len, SENT))} are there again without a fault that explains it"
    ]
