"""What the handler makes of sample events: its own code, with nothing at the end that sends."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice

from msgspec import structs

from handler.delivery.leftovers import Leftovers
from handler.delivery.mezmo import Mezmo
from handler.errors import EventError
from handler.events.documents import Document, Limits, LogEvent, Received, read_payload
from handler.events.joining import join
from handler.forwarding.forwarding import Forwarding
from handler.forwarding.overrides import SettingsBySubscription
from handler.lines.batches import Batch, Batcher
from handler.lines.names import names_of
from handler.report import Report
from handler.services import facts
from handler.settings import Settings
from handler.texts.literals import text_of
from mezmo_forwarder_commands.errors import CommandError

from .inputs import Payload
from .mezmo_view import Shown, shown
from .notes import Made, Note, notes_on

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
        tags: of the request too, separated by commas.
        fields: all of the line, as it is sent.
        shown: what Mezmo makes of it.
    """

    hostname: str | None
    tags: str
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


class _GivenTags:
    """Takes the place of `handler.forwarding.log_group_tags.Lookups`: each log group has the same tags."""

    def __init__(self, tags: Mapping[str, str]) -> None:
        self._tags = tags

    def of(self, _document: Document) -> Mapping[str, str]:
        return self._tags

    def delivered(self) -> None:
        pass


class _Nowhere:
    """Takes the place of `handler.delivery.delivery.Delivery`: keeps the batches that would be sent."""

    stopped = None

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def deliver(self, batch: Batch) -> None:
        self.batches.append(batch)


def preview(
    settings: Settings, payloads: Iterable[Payload], *, log_group_tags: Mapping[str, str] | None = None
) -> Preview:
    """Run the handler on payloads, up to the requests that it would send.

    Args:
        settings: what lines are made by.
        payloads: the events.
        log_group_tags: the tags of each log group; none are read.

    Raises:
        CommandError: a payload is not what CloudWatch sends.
    """
    run = _Run(settings, log_group_tags or {})
    entries: list[Entry] = []
    for payload in payloads:
        try:
            for received in read_payload(payload.packed, _NO_LIMIT):
                entries += run.entries(received)
        except EventError as error:
            raise CommandError(f"{payload.name}: {error}") from error
    run.finish()
    return Preview(
        settings=settings,
        entries=entries,
        received=run.report.total.received,
        filtered=dict(run.report.filters),
        requests=run.requests,
        bytes=run.bytes,
        control_messages=run.report.control_messages,
    )


class _Run:
    """Runs the handler on one document after the other."""

    def __init__(self, settings: Settings, log_group_tags: Mapping[str, str]) -> None:
        self._tags = _GivenTags(log_group_tags)
        self.report = Report()
        self.requests = self.bytes = 0
        self._pipeline = settings.destination.kind == "pipeline"
        self._settings = SettingsBySubscription(settings)
        self._mezmo = Mezmo(settings, None)  # type: ignore[arg-type]  # nothing is sent
        self._batcher = Batcher(self._mezmo.largest_batch)  # across documents, as in an invocation

    def entries(self, received: Received) -> Iterator[Entry]:
        """Yield what becomes of a document's log events."""
        settings = self._settings.of(received.document.subscription_filters)
        joined = _joined(settings, received)
        before = dict(self.report.filters)
        batches = self._forward(joined, self.report)
        for batch in batches:
            for piece in batch.pieces:
                self._count(self._batcher.add(batch.query, piece))
        if received.document.is_control:
            return
        filters = self.report.filters
        reasons = [reason for reason, count in filters.items() if count > before.get(reason, 0)]
        lines = self._lines(batches)
        told = _Told(settings, joined)
        for unit, log_events in _units(joined, received):
            made = lines.of(unit)
            reason = "" if made else self._reason(joined, unit, reasons)
            events = [_event(received.document, log_event) for log_event in log_events]
            messages = [event.message for event in events]
            fields = [line.fields for line in made]
            notes = notes_on(Made(settings, messages, fields, reason, *told.of(unit)))
            yield Entry(events, made, notes)

    def finish(self) -> None:
        """Count the requests that are not full."""
        self._count(self._batcher.flush())

    def _forward(self, received: Received, report: Report) -> list[Batch]:
        nowhere = _Nowhere()
        forwarding = Forwarding(
            self._settings,
            nowhere,  # type: ignore[arg-type]  # what it uses of a Delivery
            report,
            left=Leftovers(None),
            rejected=Leftovers(None),
            largest_batch=self._mezmo.largest_batch,
            tags=self._tags,
            own=("", None),
        )
        forwarding.add(received)
        forwarding.finish()
        return nowhere.batches

    def _reason(self, received: Received, unit: LogEvent, reasons: list[str]) -> str:
        """Return why a log event has no line, of a document's reasons; the handler counts them together."""
        if len(reasons) == 1:
            return reasons[0]
        report = Report()
        document = structs.replace(received.document, log_events=[unit])
        self._forward(structs.replace(received, document=document, packed=None), report)
        return next(iter(report.filters), "")

    def _lines(self, batches: Iterable[Batch]) -> "_Lines":
        found = _Lines()
        for batch in batches:
            hostname, tags = (None, "") if self._pipeline else (batch.query.hostname, batch.query.tags)
            for piece in batch.pieces:
                log_events = piece.source.document.log_events
                for place, fields in zip(piece.events, json.loads(piece.array), strict=True):
                    found.add(log_events[place], Line(hostname, tags, fields, shown(fields)))
        return found

    def _count(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self.requests += 1
            self.bytes += len(self._mezmo.prepare(batch, plain=True).body)


def _joined(settings: Settings, received: Received) -> Received:
    """Return a document as it is when lines are made of it; the handler's joins nothing more then."""
    return received if settings.multiline is None else join(settings.multiline, received)


def _units(joined: Received, received: Received) -> Iterator[tuple[LogEvent, list[LogEvent]]]:
    """Yield each log event that lines are made of, and those that it was before it was joined."""
    log_events = iter(received.document.log_events)
    for unit in joined.document.log_events:
        others: Sequence[str] = getattr(unit, "event_ids", ())
        yield unit, [*islice(log_events, 1 + len(others))]


class _Told:
    """What is recognized of a document and of its messages, as templates may use it."""

    def __init__(self, settings: Settings, received: Received) -> None:
        self._recognized = names_of(settings, received.document).recognized
        self._read = (self._recognized.read or facts.read) if settings.recognize else None

    def of(self, log_event: LogEvent) -> tuple[str, dict[str, str]]:
        """Return the service, and names."""
        said = self._read(bytes(log_event.message)) if self._read else None
        if said is None:
            return self._recognized.service, self._recognized.names
        service = self._recognized.service or str(said.meta.get("aws_service", ""))
        return service, {**self._recognized.names, **said.names}


class _Lines:
    """The lines of a document, by the log events that they were made of."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[LogEvent, list[Line]]] = {}

    def add(self, log_event: LogEvent, line: Line) -> None:
        # By identity, since samples may have one id for all; the log event is kept, and so is its identity.
        self._found.setdefault(id(log_event), (log_event, []))[1].append(line)

    def of(self, log_event: LogEvent) -> list[Line]:
        _, lines = self._found.get(id(log_event), (log_event, []))
        return lines


def _event(document: Document, log_event: LogEvent) -> Event:
    return Event(
        document.owner,
        document.log_group,
        document.log_stream,
        document.subscription_filters,
        _text(bytes(log_event.id)),
        log_event.timestamp,
        _text(bytes(log_event.message)),
    )


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
        "entries": [
            {
                "events": [asdict(event) for event in entry.events],
                "lines": [
                    {"hostname": line.hostname, "tags": line.tags, "line": line.fields}
                    for line in entry.lines
                ],
                "notes": [asdict(note) for note in entry.notes],
            }
            for entry in seen.entries
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
