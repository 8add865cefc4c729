"""What a line is: CloudWatch's log events in one of the line formats, encoded."""

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from .batches import Piece
from .events import Document, LogEvent, Received
from .literals import EMPTY, WHITE, literal_of, text_of, trim, without_lone_surrogates
from .names import app_of, redactor_for
from .settings import MetaField, Settings

_encoder = msgspec.json.Encoder()
_QUOTE = 0x22
_PIECE_SIZE = 1 << 16
_LINE_COST = 200  # bytes by which a line is larger than CloudWatch's log event, or so

# A literal is at least as long as its text in UTF-8: one that is not longer than this is no oversize line.
_LONGEST_LITERAL = 16_384 + 2

# Bytes that never occur in JSON text.
_GAP = b"\0"
_GAP_FOR_NUMBER = b"\1"

# What a part says of itself, in `meta`, beside the log event's id.
_Marks = dict[str, object]


class _Format(Struct, frozen=True):
    """How a line format goes about it.

    Args:
        text: from the literal of a message to the one that this format goes by.
        body: from there to the literal of a line's text.
        line: the line of a log event, around that literal.
        part: the same for a part of the text, with marks in `meta` and its time, in milliseconds.
        nothing: the text that makes no line, because Mezmo refuses an empty one.
        array: the lines of some log events, around as many literals, as a JSON array; where that is faster.
        redact: what happens to texts before they are anything else; None where nothing is redacted.
    """

    text: Callable[[bytes], bytes]
    body: Callable[[LogEvent, bytes], bytes]
    line: Callable[[LogEvent, bytes], bytes]
    part: Callable[[LogEvent, bytes, _Marks, int], bytes]
    nothing: bytes | None = EMPTY
    array: Callable[[Sequence[LogEvent], list[bytes]], bytes] | None = None
    redact: Callable[[list[bytes]], list[bytes]] | None = None


def encode_lines(
    settings: Settings, received: Received, *, filtered: Callable[[str], None]
) -> Iterator[Piece]:
    """Turn a document's log events into lines.

    Args:
        settings: which format, and what it may be configured with.
        received: the document.
        filtered: told the reason, once for each log event that becomes no line.

    Yields:
        The lines, in the order of their events, in pieces of some 64 KiB, small enough for the processor's
        cache; a line that is larger is a piece of its own.
    """
    form = _format(settings, received)
    events = received.document.log_events
    step = max(1, int(_PIECE_SIZE / (received.size / len(events) + _LINE_COST))) if events else 1
    for start in range(0, len(events), step):
        some = events[start : start + step]
        if piece := _regular_piece(form, received, some, start):
            yield piece
        else:
            places = range(start, start + len(some))
            yield from _one_by_one(settings, form, received, places, filtered)


def split_line(settings: Settings, piece: Piece) -> list[Piece]:
    """Split a line that Mezmo finds too large, whatever the settings say of oversize lines.

    Args:
        settings: which format.
        piece: one line.

    Returns:
        Its parts, a piece each; nothing if it is not longer than one of them.
    """
    (place,) = piece.events
    event = piece.source.document.log_events[place]
    form = _format(settings, piece.source)
    (line,) = msgspec.json.decode(piece.array, type=list[_LineText])
    literal = form.body(event, *_texts(form, [event]))
    # A part has a text other than its log event's.
    if bytes(line.line) != literal or len(literal) <= _LONGEST_LITERAL:
        return []
    parts = _oversize(form, event, literal, "split")
    return [Piece.of([part], piece.source, place) for part in parts] if len(parts) > 1 else []


class _LineText(Struct):
    line: Raw


def _regular_piece(form: _Format, received: Received, events: Sequence[LogEvent], start: int) -> Piece | None:
    """Make a line of each log event, all at once; None if one of them needs more care."""
    if form.array is None:
        return None
    literals = [
        trim(literal) if literal.endswith(WHITE) else literal
        for literal in [bytes(event.message) for event in events]
    ]
    if {literal[0] for literal in literals} != {_QUOTE}:
        return None
    if form.redact:
        literals = form.redact(literals)
    lengths = [*map(len, literals)]
    regular = (
        min(lengths) > len(EMPTY) and max(lengths) <= _LONGEST_LITERAL and sum(lengths) <= 2 * _PIECE_SIZE
    )
    return Piece(form.array(events, literals), len(literals), received, start) if regular else None


def _one_by_one(
    settings: Settings,
    form: _Format,
    received: Received,
    among: range,
    filtered: Callable[[str], None],
) -> Iterator[Piece]:
    standard = settings.line_format == "standard"
    oversize = settings.oversize_lines or ("split" if standard else "whole")
    lines: list[bytes] = []
    places: list[int] = []
    size = 0
    events = received.document.log_events[among.start : among.stop]
    for place, event, text in zip(among, events, _texts(form, events), strict=True):
        if text == form.nothing:
            filtered("empty")
            continue
        literal = form.body(event, text)
        long = oversize != "whole" and len(literal) > _LONGEST_LITERAL
        made = _oversize(form, event, literal, oversize) if long else [form.line(event, literal)]
        size += sum(map(len, made))
        if size > _PIECE_SIZE and lines:
            yield Piece.of(lines, received, places[0], places)
            lines, places = [], []
            size = sum(map(len, made))
        lines += made
        places += [place] * len(made)
    if lines:
        yield Piece.of(lines, received, places[0], places)


def _texts(form: _Format, events: Sequence[LogEvent]) -> list[bytes]:
    literals = [form.text(_message(event)) for event in events]
    return form.redact(literals) if form.redact else literals


def _message(event: LogEvent) -> bytes:
    literal = bytes(event.message)
    # What CloudWatch never sends, a message that is no string, goes as its JSON text.
    return literal if literal[-1] == _QUOTE else literal_of(literal.decode())


def _oversize(form: _Format, event: LogEvent, literal: bytes, policy: str) -> list[bytes]:
    """Make the lines of a log event whose text may be longer than Mezmo keeps."""
    from . import oversize  # noqa: PLC0415  rarely needed

    text = text_of(literal)
    if not oversize.is_oversize(text):
        return [form.line(event, literal)]
    parts = oversize.split(text)
    marks: _Marks = {"event_id": event.id}
    first = parts.texts[0]
    if policy == "truncate":
        left_out = len(text.encode("utf-8", "replace")) - len(first.encode("utf-8", "replace"))
        return [form.part(event, literal_of(first), marks | {"truncated_bytes": left_out}, event.timestamp)]
    marks |= {"parts": len(parts.texts), "part_head": parts.head, "part_tail": parts.tail}
    # A millisecond apart, so that their order is that of their times.
    return [
        form.part(event, literal_of(part), marks | {"part": number + 1}, event.timestamp + number)
        for number, part in enumerate(parts.texts)
    ]


def _format(settings: Settings, received: Received) -> _Format:
    document = received.document
    app = app_of(settings, document.log_group, document.log_stream)
    redactor = redactor_for(settings)
    if redactor:
        document = msgspec.structs.replace(
            document,
            log_group=redactor.redact_text(document.log_group),
            log_stream=redactor.redact_text(document.log_stream),
            subscription_filters=[*map(redactor.redact_text, document.subscription_filters)],
        )
    if settings.line_format == "standard":
        form = _standard(settings, document, app, lone_surrogates=received.lone_surrogates)
    else:
        envelope = settings.line_format == "mezmo-lambda" and settings.destination.kind == "log-analysis"
        form = _parity(document, app, envelope=envelope)
    if redactor:
        form = msgspec.structs.replace(form, redact=redactor.redact_all)
    return form


def _unchanged(_event: LogEvent, literal: bytes) -> bytes:
    return literal


# The standard format


class _StandardLine(Struct):
    line: Raw
    timestamp: Raw
    app: str
    env: str | UnsetType
    meta: dict[str, object] | UnsetType


def _replace_lone_surrogates(literal: bytes) -> bytes:
    return trim(literal_of(without_lone_surrogates(text_of(literal))))


def _standard(settings: Settings, document: Document, app: str, *, lone_surrogates: bool) -> _Format:
    values: dict[MetaField, object] = {
        "owner": document.owner,
        "group": document.log_group,
        "stream": document.log_stream,
        "event_id": Raw(_GAP),
        "filters": document.subscription_filters,
    }
    fields = settings.meta_fields
    # Encoded once, what all lines of a document share, with gaps for what they do not.
    shared = _StandardLine(
        line=Raw(_GAP),
        timestamp=Raw(_GAP_FOR_NUMBER),
        app=app,
        env=settings.env or UNSET,
        meta={field: values[field] for field in fields} or UNSET,
    )
    template = (
        _encoder.encode(shared).replace(b"%", b"%%").replace(_GAP, b"%b").replace(_GAP_FOR_NUMBER, b"%d")
    )
    with_id = "event_id" in fields

    def gaps(event: LogEvent, literal: bytes) -> tuple[object, ...]:
        return (literal, event.timestamp, event.id) if with_id else (literal, event.timestamp)

    def array(events: Sequence[LogEvent], literals: list[bytes]) -> bytes:
        values: list[object] = []
        if with_id:
            for event, literal in zip(events, literals, strict=True):
                values += (literal, event.timestamp, event.id)
        else:
            for event, literal in zip(events, literals, strict=True):
                values += (literal, event.timestamp)
        return (b"[%b]" % b",".join([template] * len(literals))) % (*values,)

    def part(_event: LogEvent, literal: bytes, marks: _Marks, timestamp: int) -> bytes:
        meta = {**(shared.meta or {}), **marks}
        return _encoder.encode(
            msgspec.structs.replace(shared, line=Raw(literal), timestamp=Raw(b"%d" % timestamp), meta=meta)
        )

    return _Format(
        text=_replace_lone_surrogates if lone_surrogates else trim,
        body=_unchanged,
        line=lambda event, literal: template % gaps(event, literal),
        part=part,
        array=None if lone_surrogates else array,
    )


# The formats of Mezmo's own Lambda, whose fields and their order these structs repeat


class _EventPart(Struct, gc=False):
    type: str
    id: Raw


class _LogPart(Struct, gc=False):
    group: str
    stream: str


class _Envelope(Struct, gc=False):
    message: Raw
    event: _EventPart
    log: _LogPart


class _EnvelopeMeta(Struct, gc=False):
    owner: str
    filters: list[str]


class _RawMeta(Struct, gc=False):
    owner: str
    filters: list[str]
    event: _EventPart
    log: _LogPart


class _ParityLine(Struct, gc=False):
    timestamp: int
    file: str
    meta: _EnvelopeMeta | _RawMeta | dict[str, object]
    line: Raw


def _as_javascript(literal: bytes) -> bytes:
    """Keep the text, escaped as JavaScript does it, whatever CloudWatch's way was."""
    return literal_of(text_of(literal))


def _parity(document: Document, file: str, *, envelope: bool) -> _Format:
    owner, filters = document.owner, document.subscription_filters
    kind = document.message_type
    log = _LogPart(document.log_group, document.log_stream)
    envelope_meta = _EnvelopeMeta(owner, filters)

    def meta(event: LogEvent) -> _EnvelopeMeta | _RawMeta:
        return envelope_meta if envelope else _RawMeta(owner, filters, _EventPart(kind, event.id), log)

    def wrapped(event: LogEvent, literal: bytes) -> bytes:
        return literal_of(_encoder.encode(_Envelope(Raw(literal), _EventPart(kind, event.id), log)).decode())

    def line(event: LogEvent, literal: bytes) -> bytes:
        return _encoder.encode(_ParityLine(event.timestamp, file, meta(event), Raw(literal)))

    def part(event: LogEvent, literal: bytes, marks: _Marks, timestamp: int) -> bytes:
        marked = {**msgspec.structs.asdict(meta(event)), **marks}
        return _encoder.encode(_ParityLine(timestamp, file, marked, Raw(literal)))

    return _Format(
        text=_as_javascript,
        body=wrapped if envelope else _unchanged,
        line=line,
        part=part,
        nothing=None if envelope else EMPTY,
    )
