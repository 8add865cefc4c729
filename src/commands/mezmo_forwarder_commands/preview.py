"""What the handler makes of sample events: its own code, with nothing at the end that sends."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import msgspec

from handler.batches import Batch
from handler.errors import EventError
from handler.events import Limits, Received, read_payload
from handler.forwarding import Forwarding
from handler.leftovers import Leftovers
from handler.literals import text_of
from handler.mezmo import Mezmo
from handler.report import Report
from handler.settings import Settings

from .errors import CommandError
from .inputs import Payload
from .mezmo_view import Shown, shown
from .notes import Note, notes_on

_NO_LIMIT = Limits(size=1 << 30, cost=1 << 40)


@dataclass(frozen=True, slots=True)
class Event:
    """A log event as CloudWatch has it; `timestamp` is in milliseconds since the epoch."""

    owner: str
    group: str
    stream: str
    filters: list[str]
    id: str
    timestamp: int
    message: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line as Mezmo gets it.

    Args:
        hostname: of the request; None for a Pipeline, which is told none.
        fields: all of the line, as it is sent.
        shown: what Mezmo makes of it.
    """

    hostname: str | None
    fields: dict[str, object]
    shown: Shown


@dataclass(frozen=True, slots=True)
class Entry:
    """Log events that belong together, the lines that they become, none perhaps, and why."""

    events: list[Event]
    lines: list[Line]
    notes: list[Note]


@dataclass(frozen=True, slots=True)
class Preview:
    """What came of all events.

    Args:
        settings: what the lines were made by.
        entries: in the order of the events.
        received: how many lines the events make; an event that makes none counts as one.
        filtered: events that became no line, by reason.
        requests: how many requests it takes.
        bytes: of those requests' bodies, before compression.
        control_messages: documents of CloudWatch's own, without log events.
    """

    settings: Settings
    entries: list[Entry] = field(default_factory=list)
    received: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    bytes: int = 0
    control_messages: int = 0

    @property
    def events(self) -> int:
        """How many log events there are."""
        return sum(len(entry.events) for entry in self.entries)

    @property
    def lines(self) -> int:
        """How many lines they become."""
        return sum(len(entry.lines) for entry in self.entries)

    @property
    def summary(self) -> str:
        """Say it in a line."""
        parts = [f"{_many(self.events, 'event')} → {_many(self.lines, 'line')}"]
        parts += [f"{count} filtered ({reason})" for reason, count in self.filtered.items()]
        if self.requests:
            parts.append(f"{_many(self.requests, 'request')}, {self.bytes:,} bytes")
        if self.control_messages:
            parts.append(f"{_many(self.control_messages, 'control message')} skipped")
        return " · ".join(parts)


class _Nowhere:
    """Takes the place of `handler.delivery.Delivery`: keeps the batches that would be sent."""

    stopped = None

    def __init__(self, mezmo: Mezmo) -> None:
        self.batches: list[Batch] = []
        self.bytes = 0
        self._mezmo = mezmo

    def deliver(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.bytes += len(self._mezmo.prepare(batch, plain=True).body)


class _Reasons(Report):
    """A report that also keeps, for the document at hand, the reasons in the order of the events."""

    of_document: list[str] = msgspec.field(default_factory=list)

    def filter(self, log_group: str, reason: str, events: int = 1) -> None:
        super().filter(log_group, reason, events)
        self.of_document += [reason] * events


def preview(settings: Settings, payloads: Iterable[Payload]) -> Preview:
    """Run the handler on payloads, up to the requests that it would send.

    Raises:
        CommandError: a payload is not what CloudWatch sends.
    """
    mezmo = Mezmo(settings, None)  # type: ignore[arg-type]  # nothing is sent
    nowhere, report = _Nowhere(mezmo), _Reasons()
    forwarding = Forwarding(
        settings,
        nowhere,  # type: ignore[arg-type]  # what it uses of a Delivery
        report,
        left=Leftovers(None),
        rejected=Leftovers(None),
        largest_batch=mezmo.largest_batch,
        own=("", None),
    )
    documents: list[tuple[Received, list[str]]] = []
    for payload in payloads:
        try:
            for received in read_payload(payload.packed, _NO_LIMIT):
                report.of_document = []
                forwarding.add(received)
                documents.append((received, report.of_document))
        except EventError as error:
            raise CommandError(f"{payload.name}: {error}") from error
    forwarding.finish()
    lines = _lines_by_event(settings, nowhere.batches)
    return Preview(
        settings=settings,
        entries=[
            entry
            for received, reasons in documents
            for entry in _entries(settings, received, lines[id(received)], reasons)
        ],
        received=report.total.received,
        filtered=dict(report.filters),
        requests=len(nowhere.batches),
        bytes=nowhere.bytes,
        control_messages=report.control_messages,
    )


# The lines of a document, by the place of their log event there.
_Lines = dict[int, list[Line]]


def _lines_by_event(settings: Settings, batches: Iterable[Batch]) -> defaultdict[int, _Lines]:
    """Return the lines of each document, by its identity."""
    found: defaultdict[int, _Lines] = defaultdict(dict)
    pipeline = settings.destination.kind == "pipeline"
    for batch in batches:
        hostname = None if pipeline else batch.hostname
        for piece in batch.pieces:
            of_document = found[id(piece.source)]
            for place, fields in zip(piece.events, json.loads(piece.array), strict=True):
                line = Line(hostname, fields, shown(fields))
                of_document.setdefault(place, []).append(line)
    return found


def _entries(settings: Settings, received: Received, lines: _Lines, reasons: list[str]) -> Iterable[Entry]:
    document = received.document
    if document.is_control:
        return
    # The handler tells the reasons in the order of the events that become no line.
    rest = iter(reasons)
    for place, log_event in enumerate(document.log_events):
        event = Event(
            document.owner,
            document.log_group,
            document.log_stream,
            document.subscription_filters,
            _text(bytes(log_event.id)),
            log_event.timestamp,
            _text(bytes(log_event.message)),
        )
        of_event = lines.get(place, [])
        reason = next(rest, "") if not of_event else ""
        fields = [line.fields for line in of_event]
        notes = notes_on(settings, [event.message], fields, reason)
        yield Entry([event], of_event, notes)


def _text(literal: bytes) -> str:
    """Return a JSON string's text; what is no string stays as its JSON text, as in the handler."""
    return text_of(literal) if literal.endswith(b'"') else literal.decode()


def to_json(seen: Preview) -> str:
    """Return all of it as a JSON document, in ASCII; an entry's `lines` are as Mezmo gets them."""
    document = {
        "events": seen.events,
        "lines": seen.lines,
        "received": seen.received,
        "filtered": seen.filtered,
        "requests": seen.requests,
        "bytes": seen.bytes,
        "control_messages": seen.control_messages,
        "destination": seen.settings.destination.kind,
        "tags": list(seen.settings.tags),
        "entries": [
            {
                "events": [asdict(event) for event in entry.events],
                "lines": [{"hostname": line.hostname, "line": line.fields} for line in entry.lines],
                "notes": [asdict(note) for note in entry.notes],
            }
            for entry in seen.entries
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
