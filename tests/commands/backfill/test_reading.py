"""Windows of time, and how long they are."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from local.aws import LocalAws
from mezmo_forwarder_commands.aws_session import AwsSession
from mezmo_forwarder_commands.backfill.documents import Event
from mezmo_forwarder_commands.backfill.reading import LogGroupPages, Windows
from tests.commands.backfill.doubles import QUERY, Group, event
from tests.local.aws.resources import make_stream

HOUR = 60 * 60 * 1000


@given(
    timestamps=st.lists(st.integers(0, 999_999) | st.integers(500_000, 500_003), max_size=150),
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(any),
)
def test_windows_hold_every_event_once_and_not_too_many(
    timestamps: Sequence[int], sizes: Sequence[int]
) -> None:
    events = [event(number, time) for number, time in enumerate(timestamps)]
    windows = Windows(Group(events, sizes), most=20)
    found: list[str] = []
    start = 0
    while start < 1_000_000:
        window = windows.read(start, 1_000_000)
        assert window.start == start < window.end
        assert all(start <= event.timestamp < window.end for event in window.events)
        assert len(window.events) <= 20 + max(sizes) or window.end == start + 1
        found += [event.id for event in window.events]
        start = window.end

    assert sorted(found) == sorted(event.id for event in events)


def test_a_burst_is_read_in_short_windows() -> None:
    events = [event(number, 1000 + number) for number in range(500)]
    windows = Windows(Group(events, (7,)), most=20)
    found: list[Event] = []
    start = 0
    while start < 10_000:
        window = windows.read(start, 10_000)
        assert len(window.events) < 30
        found.extend(window.events)
        start = window.end

    assert found == events


def test_an_event_that_two_pages_hold_is_one() -> None:
    class Overlapping(Group):
        def read(self, start: int, end: int, token: str | None) -> tuple[list[Event], str | None]:
            return super().read(start, end, None)[0], None if token else "again"

    window = Windows(Overlapping([event(1, 1), event(2, 2)])).read(0, 10)
    assert [event.timestamp for event in window.events] == [1, 2]


def test_a_span_has_its_first_millisecond_and_not_its_end(aws: LocalAws, session: AwsSession) -> None:
    make_stream(aws, "/reading/ends")
    events = [{"timestamp": 1_795_000_000_000 + number, "message": str(number)} for number in range(5)]
    aws.client("logs").put_log_events(logGroupName="/reading/ends", logStreamName="stream", logEvents=events)
    pages = LogGroupPages(session.client("logs"), replace(QUERY, log_group="/reading/ends"), lambda: None)
    window = Windows(pages).read(1_795_000_000_001, 1_795_000_000_004)

    assert [event.message for event in window.events] == ["1", "2", "3"]
    assert {(event.stream, len(event.id)) for event in window.events} == {("stream", 56)}


def test_a_long_silence_takes_few_requests_and_a_steady_stream_few_as_well() -> None:
    silent = Group([event(1, 1), event(2, 365 * 24 * HOUR)], (10_000,))
    steady = Group([event(number, number * 10) for number in range(100_000)], (10_000,))
    for group, end, most in ((silent, 366 * 24 * HOUR, 12), (steady, 1_000_000, 25)):
        windows = Windows(group)
        start = 0
        while start < end:
            start = windows.read(start, end).end
        assert group.requests <= most
