"""The demo's verdict: it must see everything that can go wrong between CloudWatch and Mezmo."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from local.demo.reconciliation import reconcile
from local.demo.report import entries, table, verdict, write_page
from local.demo.sample_events import LAMBDA_GROUP, Event, sample_events
from local.mezmo import CommittedLine, Flag, FlagKind

EVENTS = list(sample_events(60, now=1_780_000_000_000))


def as_lines(events: Sequence[Event]) -> list[CommittedLine]:
    """Make the lines that a faultless forwarder would deliver."""
    return [
        CommittedLine(
            request=1,
            index=index,
            line=event.message.rstrip(),
            timestamp=event.timestamp,
            app="app",
            hostname="host",
            tags=(),
            env=None,
            level=None,
            meta={"group": event.log_group, "stream": event.log_stream},
            fields={},
        )
        for index, event in enumerate(events)
    ]


@given(order=st.permutations(range(len(EVENTS))))
def test_everything_once_in_any_order_is_whole(order: list[int]) -> None:
    lines = as_lines(EVENTS)
    rows = reconcile(EVENTS, [lines[index] for index in order])

    assert all(row.is_whole for row in rows)
    assert sum(row.written for row in rows) == len(EVENTS)
    assert "(100.00 %), each once, none flagged" in verdict(rows)


@given(lost=st.sets(st.sampled_from(range(len(EVENTS)))), twice=st.sets(st.sampled_from(range(len(EVENTS)))))
def test_each_loss_and_each_duplicate_is_counted(lost: set[int], twice: set[int]) -> None:
    lines = as_lines(EVENTS)
    arrived = [line for line in lines if line.index not in lost]
    arrived += [line for line in lines if line.index in twice - lost]
    rows = reconcile(EVENTS, arrived)

    assert sum(row.missing for row in rows) == len(lost)
    assert sum(row.duplicated for row in rows) == len(twice - lost)
    assert sum(row.unexpected for row in rows) == 0
    assert sum(row.arrived for row in rows) == len(arrived)
    assert all(row.is_whole for row in rows) == (not lost and not twice - lost)


def test_a_changed_text_or_time_is_missing_and_unexpected() -> None:
    first, second, *rest = EVENTS
    changed = [
        Event(first.log_group, first.log_stream, first.timestamp, first.message + "!"),
        Event(second.log_group, second.log_stream, second.timestamp + 1, second.message),
        *rest,
    ]
    rows = reconcile(EVENTS, as_lines(changed))

    assert sum(row.missing for row in rows) == 2
    assert sum(row.unexpected for row in rows) == 2
    assert "NOT reconciled" in verdict(rows)


def test_a_flag_is_seen_on_its_line_or_on_the_whole_request() -> None:
    lines = as_lines(EVENTS)
    of_a_line = reconcile(EVENTS, lines, [Flag(FlagKind.LINE_TRUNCATED, 1, 3, "")])
    of_all = reconcile(EVENTS, lines, [Flag(FlagKind.HOSTNAME_DOT, 1, None, "")])

    assert sum(row.flagged for row in of_a_line) == 1
    assert sum(row.flagged for row in of_all) == len(EVENTS)
    assert not all(row.is_whole for row in of_a_line)


def test_nothing_arrived_at_all() -> None:
    rows = reconcile(EVENTS, [])

    assert sum(row.missing for row in rows) == len(EVENTS)
    assert "0 of 60 events arrived (0.00 %)" in verdict(rows)


def test_the_table_names_each_group_and_its_figures() -> None:
    rows = reconcile(EVENTS, as_lines(EVENTS))
    head, *body = table(rows).splitlines()

    assert head.split() == [
        "log",
        "group",
        "written",
        "arrived",
        "missing",
        "duplicated",
        "unexpected",
        "flagged",
    ]
    assert [line.split()[0] for line in body] == [row.log_group for row in rows]


def test_the_page_has_each_event_beside_its_line(tmp_path: Path) -> None:
    lines = as_lines([*EVENTS[1:], Event(LAMBDA_GROUP, "stream", 1, "never written")])
    found = list(entries(EVENTS, lines))

    assert [note.text for entry in found for note in entry.notes] == [
        "did not arrive",
        "arrived without a counterpart",
    ]
    assert [entry.events[0].message for entry in found if entry.events] == [event.message for event in EVENTS]
    assert sum(len(entry.lines) for entry in found) == len(EVENTS)
    write_page(tmp_path / "new/page.html", reconcile(EVENTS, lines), EVENTS, lines)
    assert f"{len(EVENTS) - 1} of {len(EVENTS)} events" in (tmp_path / "new/page.html").read_text()
