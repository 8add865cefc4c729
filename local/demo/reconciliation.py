"""Whether what was written is what arrived: each event once, whole, at its own time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from local.demo.sample_events import Event
from local.mezmo import CommittedLine, Flag


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one log group's events.

    `missing` were written and did not arrive as they should, `duplicated` arrived more often than written,
    `unexpected` arrived and were never written, `flagged` arrived with something Mezmo would change.
    """

    log_group: str
    written: int
    arrived: int
    missing: int
    duplicated: int
    unexpected: int
    flagged: int

    @property
    def is_whole(self) -> bool:
        """Whether each event arrived once, as it should, and nothing else did."""
        return not (self.missing or self.duplicated or self.unexpected or self.flagged)


Identity = tuple[str, str, int, str]


def reconcile(
    events: Iterable[Event], lines: Iterable[CommittedLine], flags: Iterable[Flag] = ()
) -> list[Row]:
    """Compare events with lines of `LineFormat.STANDARD`, by group, stream, time and text.

    Returns:
        A row for each log group, by name; one for lines of no known group where there are any.
    """
    written = Counter(of_event(event) for event in events)
    all_lines = list(lines)
    arrived = Counter(of_line(line) for line in all_lines)
    flagged = Counter(
        of_line(line)[0]
        for line in all_lines
        if any(flag.request == line.request and flag.line in (None, line.index) for flag in flags)
    )
    groups = sorted({identity[0] for identity in written | arrived})
    return [_row(group, _only(group, written), _only(group, arrived), flagged[group]) for group in groups]


def of_event(event: Event) -> Identity:
    """Return what tells an event from others."""
    return event.log_group, event.log_stream, event.timestamp, event.message.rstrip()


def of_line(line: CommittedLine) -> Identity:
    """Return what tells of which event a line is."""
    meta = line.meta or {}
    return str(meta.get("group")), str(meta.get("stream")), line.timestamp, line.line


def _only(group: str, counted: Counter[Identity]) -> Counter[Identity]:
    return Counter({identity: count for identity, count in counted.items() if identity[0] == group})


def _row(group: str, written: Counter[Identity], arrived: Counter[Identity], flagged: int) -> Row:
    surplus = arrived - written
    return Row(
        log_group=group,
        written=written.total(),
        arrived=arrived.total(),
        missing=(written - arrived).total(),
        duplicated=sum(count for identity, count in surplus.items() if identity in written),
        unexpected=sum(count for identity, count in surplus.items() if identity not in written),
        flagged=flagged,
    )
