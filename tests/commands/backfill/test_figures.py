"""What a person reads: times, rates, a bar, an estimate, the figures."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mezmo_forwarder_commands.backfill import figures
from mezmo_forwarder_commands.backfill.bar import Bar
from mezmo_forwarder_commands.backfill.counts import Counts
from mezmo_forwarder_commands.backfill.estimate import Estimate, estimate
from mezmo_forwarder_commands.backfill.pacing import Rate
from mezmo_forwarder_commands.backfill.query import as_duration, as_time, parse_time
from mezmo_forwarder_commands.backfill.run import Ended
from mezmo_forwarder_commands.backfill.state import Progress
from mezmo_forwarder_commands.backfill.target import Target
from mezmo_forwarder_commands.errors import CommandError
from tests.commands.backfill.doubles import QUERY, Group, Patient, event

DONE = Counts.of({"documents": 3, "events": 10, "received": 9, "joined": 2, "delivered": 7, "filtered": 2})
TARGET = Target(QUERY, memory=128, architecture="arm64", timeout=60, warnings=())
SLOW = Rate(10, of_bytes=False)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:01Z", 60_000),
        ("1970-01-01T01:01:00.250+01:00", 60_250),
        ("1970-01-01 00:00:01", 1000),
    ],
)
def test_times(text: str, milliseconds: int) -> None:
    assert parse_time("--from", text) == milliseconds


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_is_read_as_it_is_written(milliseconds: int) -> None:
    assert parse_time("--from", as_time(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    ("text", "why"), [("yesterday", "is no time; write it as"), ("1969-12-31", "before 1970")]
)
def test_what_is_no_time(text: str, why: str) -> None:
    with pytest.raises(CommandError, match=f"--to '{text}' is.*{why}|--to '{text}' {why}"):
        parse_time("--to", text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500", 2.0), ("500/s", 2.0), ("1MB", 3.0), ("0.5MiB", 3e6 / (1 << 19)), ("10 KB", 300)],
)
def test_rates(text: str, seconds: float) -> None:
    assert Rate.parse(text).seconds(1000, 3_000_000) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["0", "fast", "-1", "5 parsecs", ""])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(CommandError, match="is no rate; write log events a second, as 500, or bytes"):
        Rate.parse(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1 s"), (119, "119 s"), (600, "10 min"), (8000, "2 h"), (200_000, "2 d")]
)
def test_durations(seconds: float, text: str) -> None:
    assert as_duration(seconds) == text


@pytest.mark.parametrize("count", [0, 1, 49, 120])
def test_a_short_past_is_counted(count: int) -> None:
    events = [event(number, number * 80, stream=str(number % 3)) for number in range(count)]
    for group in (Group(events, (10_000,)), Group(events, (7,))):  # in one page, or span after span
        found = estimate(group, 0, 10_000, Patient())

        assert found == Estimate(count, count * 120, min(count, 3), exact=True, empty_read=False)


def test_a_long_one_is_estimated_from_a_page_here_and_there() -> None:
    events = [event(number, number) for number in range(10_000)]
    group = Group(events, (20,))
    found = estimate(group, 0, 10_000, Patient())

    assert not found.exact
    assert found.events == pytest.approx(10_000, rel=0.01)
    assert group.requests == 51


def test_empty_pages_are_followed_for_a_while_and_told() -> None:
    events = [event(number, number) for number in range(10_000)]
    assert estimate(Group(events, (0, 0, 500)), 0, 10_000, Patient()).events == 10_000
    assert estimate(Group(events, (0,)), 0, 10_000, Patient()).empty_read


def test_what_it_costs() -> None:
    gigabyte = Estimate(5_000_000, 1_000_000_000, 3, exact=False, empty_read=False)

    assert gigabyte.documents == 1000
    assert gigabyte.lambda_seconds(128) == pytest.approx(1000 * (0.012 * 1769 / 128 + 0.1))
    assert gigabyte.usd(128, "arm64") == pytest.approx(0.000644, rel=0.01)
    text = figures.estimate_text(gigabyte, TARGET, SLOW)
    assert "about 5,000,000 log events, 1,000.0 MB, from a page here and there" in text
    assert "6 d or more, in 1,000 invocations or more" in text
    assert "less than 0.01 USD: 128 MB, arm64" in text
    assert "1.000 GB to ingest, at your contract's price" in text
    assert figures.estimate_json(gigabyte, TARGET, SLOW)["seconds"] == 500_000


def test_the_figures_of_a_good_end() -> None:
    progress = Progress(QUERY, until=QUERY.end, read=10, counts=DONE, repeated=4, finished=True)
    text = figures.summary(progress, Ended(), "state.json")

    assert "read   10 log events" in text
    assert (
        "lines  9 = 7 delivered + 2 filtered + 0 stored + 0 rejected + 0 undelivered  (2 events joined to "
        "others, 1 more by splitting)"
    ) in text
    assert "twice  4 log events at most" in text
    assert text.endswith("Everything that was read is accounted for.")
    assert figures.status(progress, Ended()) == 0


@pytest.mark.parametrize(
    ("changes", "ended", "status", "text"),
    [
        (
            {},
            Ended("interrupted", asked=True),
            130,
            "Not finished: interrupted. Done until 1970-01-01T00:00:10Z",
        ),
        ({}, Ended("5 invocations in a row"), 3, "the same command goes on, by state.json."),
        ({"read": 11}, Ended(), 1, "The counts do not add up; keep state.json and report it."),
        ({"counts": replace(DONE, delivered=6, rejected=1)}, Ended(), 1, "rejected Mezmo will not take"),
        ({"counts": replace(DONE, delivered=6, stored=1)}, Ended(), 0, "sent again by the forwarder itself"),
    ],
)
def test_the_figures_of_other_ends(changes: dict[str, object], ended: Ended, status: int, text: str) -> None:
    whole = {"until": QUERY.end, "read": 10, "counts": DONE, "finished": not ended.why}
    progress = Progress(QUERY, **{**whole, **changes})  # type: ignore[arg-type]

    assert figures.status(progress, ended) == status
    assert text in figures.summary(progress, ended, "state.json")
    assert figures.summary_json(progress, ended, "state.json")["stopped"] == ended.why


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal_is_one_line_drawn_again() -> None:
    patient, out = Patient(), Terminal()
    progress = Progress(QUERY, until=0)
    bar = Bar(progress, out, patient.clock)
    bar.watch(0.0, "")
    patient.now = 0.1
    bar.watch(0.2, "")
    patient.now = 10.0
    progress.counts.add(DONE)
    bar.watch(0.5, "")
    bar.watch(None, "waits 5 s: 503")
    bar.end()
    drawn = out.getvalue().split("\r\x1b[K")

    assert len(drawn) == 5, "what comes too soon is not drawn"
    assert drawn[2] == "[############------------]  50%  10 events  1/s  2 filtered  10 s left"
    assert drawn[3].endswith("waits 5 s: 503")
    assert out.getvalue().endswith("\n")


def test_elsewhere_it_is_a_line_now_and_then() -> None:
    patient, out = Patient(), io.StringIO()
    bar = Bar(Progress(QUERY, until=0), out, patient.clock)
    for _ in range(100):
        patient.now += 1
        bar.watch(patient.now / 100, "")
    bar.end()

    assert len(out.getvalue().splitlines()) == 7
    assert "\x1b" not in out.getvalue()
