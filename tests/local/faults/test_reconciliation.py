"""The fault suite's verdict on events: it must see what is lost, changed, or put away without a reason."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.faults.events import Event
from local.faults.reconciliation import Fate, Reconciliation, Rejected, line_key, reconcile
from local.mezmo import CommittedLine
from tests.local.faults.lines import lines_of, some_events

EVENTS = some_events(120)
LINES = lines_of(EVENTS)
BLANK = [event for event in EVENTS if not event.text]
SPLIT = [line for line in LINES if line_key(line.fields)[1]]
indices = st.sampled_from(range(len(LINES)))


def judged(
    lines: Sequence[CommittedLine] = LINES,
    rejected: Sequence[Rejected] = (),
    refusals: dict[Any, set[int]] | None = None,
    events: Sequence[Event] = EVENTS,
) -> Reconciliation:
    return reconcile(events, lines, rejected, refusals or {})


def problems(found: Reconciliation) -> set[tuple[Any, str]]:
    return {(finding.identity, finding.problem) for finding in found.findings}


def test_the_events_hold_what_is_split_and_what_is_blank() -> None:
    assert SPLIT
    assert any(line.line.startswith("{") for line in SPLIT)
    assert any(not line.line.startswith("{") for line in SPLIT)
    assert BLANK


@given(order=st.permutations(range(len(LINES))), again=st.lists(indices, max_size=20))
def test_everything_at_least_once_in_any_order_is_well(order: list[int], again: list[int]) -> None:
    found = judged([LINES[index] for index in [*order, *again]])
    assert found.findings == []
    assert found.fates == {Fate.DELIVERED: len(EVENTS) - len(BLANK), Fate.FILTERED: len(BLANK)}


@given(missing=st.sets(indices, min_size=1, max_size=30))
def test_whatever_line_is_missing_its_event_is_lost(missing: set[int]) -> None:
    found = judged([line for index, line in enumerate(LINES) if index not in missing])
    lost = {line_key(LINES[index].fields)[0] for index in missing}
    assert {identity for identity, _ in problems(found)} == lost
    assert found.fates[Fate.LOST] == len(lost)
    assert all(problem.startswith("lost") for _, problem in problems(found))


@given(missing=st.sets(indices, min_size=1, max_size=30))
def test_what_is_rejected_for_a_scripted_reason_is_not_lost(missing: set[int]) -> None:
    gone = {line_key(LINES[index].fields)[0] for index in missing}
    rejected = [Rejected(identity, "400 for a line") for identity in gone]
    kept = [line for line in LINES if line_key(line.fields)[0] not in gone]
    found = judged(kept, rejected, {identity: {400, 503} for identity in gone})
    assert found.findings == []
    assert found.fates[Fate.REJECTED] == len(gone)


@pytest.mark.parametrize(
    ("reason", "statuses"),
    [
        ("", {400}),
        ("413 Request Entity Too Large", {400}),
        ("not sent in 3 tries", {400, 413}),
        ("400 for a line", set()),
    ],
)
def test_what_is_rejected_without_a_scripted_reason_is_found(reason: str, statuses: set[int]) -> None:
    identity = EVENTS[0].identity
    found = judged(LINES[1:], [Rejected(identity, reason)], {identity: statuses})
    told = f"in rejected/ for a reason that no script gave: {reason or 'none'}"
    assert problems(found) == {(identity, told)}
    # The same holds for what has been delivered as well.
    assert problems(judged(LINES, [Rejected(identity, reason)], {identity: statuses})) == {(identity, told)}


@given(index=indices, text=st.text(min_size=1))
def test_another_text_is_found(index: int, text: str) -> None:
    line = LINES[index]
    changed = dataclasses.replace(line, line=line.line + text)
    found = judged([*LINES[:index], changed, *LINES[index + 1 :]])
    assert problems(found) == {(line_key(line.fields)[0], "at Mezmo with another text")}


def test_a_repetition_with_another_text_is_found() -> None:
    changed = dataclasses.replace(LINES[0], line="other")
    assert (EVENTS[0].identity, "at Mezmo with several texts for one line") in problems(
        judged([*LINES, changed])
    )


def test_parts_in_another_order_are_found() -> None:
    identity = line_key(SPLIT[0].fields)[0]
    first, second = [line for line in SPLIT if line_key(line.fields)[0] == identity][:2]
    swapped = [
        dataclasses.replace(first, line=second.line),
        dataclasses.replace(second, line=first.line),
    ]
    found = judged([*(line for line in LINES if line not in (first, second)), *swapped])
    assert problems(found) == {(identity, "at Mezmo with another text")}


def test_another_hostname_and_several_event_ids_are_found() -> None:
    identity = EVENTS[0].identity
    elsewhere = dataclasses.replace(LINES[0], hostname="elsewhere")
    assert problems(judged([elsewhere, *LINES[1:]])) == {(identity, "at Mezmo under another hostname")}
    renamed = dataclasses.replace(LINES[0], meta={**(LINES[0].meta or {}), "event_id": "other"})
    assert problems(judged([*LINES, renamed])) == {(identity, "at Mezmo under several event ids")}


def test_what_was_never_written_is_found() -> None:
    stranger = dataclasses.replace(EVENTS[0], timestamp=1)
    found = judged([*LINES, *lines_of([stranger])], [Rejected((*stranger.identity[:2], 2), "400")])
    assert {problem for _, problem in problems(found)} == {
        "at Mezmo, and was never written",
        "in rejected/, and was never written",
    }


def test_a_blank_event_at_mezmo_is_found() -> None:
    spoken = dataclasses.replace(BLANK[0], message="not blank")
    found = judged([*LINES, *lines_of([spoken])])
    assert (BLANK[0].identity, "at Mezmo, although it is blank") in problems(found)
