"""What a line is: CloudWatch's log events in one of the line formats, encoded."""

from collections.abc import Callable, Iterator

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from .batches import Piece
from .events import Document, LogEvent, Received
from .literals import EMPTY, literal_of, text_of, trim, without_lone_surrogates
from .names import app_of
from .settings import MetaField, Settings

_encoder = msgspec.json.Encoder()
_QUOTE = 0x22
_PIECE_SIZE = 1 << 16

# Bytes that never occur in JSON text.
_GAP = b"\0"
_GAP_FOR_NUMBER = b"\1"


class _Format(Struct, frozen=True):
    """How a line format goes about it.

    Args:
        text: from the literal of a message to that of a line's text.
        line: the line of a log event, around that text.
        nothing: the text that makes no line, because Mezmo refuses an empty one.
    """

    text: Callable[[bytes], bytes]
    line: Callable[[LogEvent, bytes], bytes]
    nothing: bytes | None = EMPTY


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
    text, make, nothing = form.text, form.line, form.nothing
    lines: list[bytes] = []
    size = 0
    for event in received.document.log_events:
        literal = bytes(event.message)
        if literal[-1] != _QUOTE:  # no string: what CloudWatch never sends goes as its JSON text
            literal = literal_of(literal.decode())
        literal = text(literal)
        if literal == nothing:
            filtered("empty")
            continue
        line = make(event, literal)
        size += len(line)
        if size > _PIECE_SIZE and lines:
            yield Piece.of(lines)
            lines = []
            size = len(line)
        lines.append(line)
    if lines:
        yield Piece.of(lines)


def _format(settings: Settings, received: Received) -> _Format:
    document = received.document
    if settings.line_format == "standard":
        text = _replace_lone_surrogates if received.lone_surrogates else trim
        return _Format(text, _standard_line(settings, document))
    if settings.line_format == "mezmo-lambda" and settings.destination.kind == "log-analysis":
        return _Format(_as_javascript, _envelope_line(document), nothing=None)
    return _Format(_as_javascript, _raw_line(document))


# The standard format


class _StandardLine(Struct):
    line: Raw
    timestamp: Raw
    app: str
    env: str | UnsetType
    meta: dict[str, object] | UnsetType


def _replace_lone_surrogates(literal: bytes) -> bytes:
    return trim(literal_of(without_lone_surrogates(text_of(literal))))


def _standard_line(settings: Settings, document: Document) -> Callable[[LogEvent, bytes], bytes]:
    """Encode once what all lines of a document share, with gaps for what they do not."""
    values: dict[MetaField, object] = {
        "owner": document.owner,
        "group": document.log_group,
        "stream": document.log_stream,
        "event_id": Raw(_GAP),
        "filters": document.subscription_filters,
    }
    fields = settings.meta_fields
    shared = _StandardLine(
        line=Raw(_GAP),
        timestamp=Raw(_GAP_FOR_NUMBER),
        app=app_of(settings, document.log_group, document.log_stream),
        env=settings.env or UNSET,
        meta={field: values[field] for field in fields} or UNSET,
    )
    template = (
        _encoder.encode(shared).replace(b"%", b"%%").replace(_GAP, b"%b").replace(_GAP_FOR_NUMBER, b"%d")
    )
    if "event_id" in fields:
        return lambda event, literal: template % (literal, event.timestamp, event.id)
    return lambda event, literal: template % (literal, event.timestamp)


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
    meta: _EnvelopeMeta | _RawMeta
    line: Raw


def _as_javascript(literal: bytes) -> bytes:
    """Keep the text, escaped as JavaScript does it, whatever CloudWatch's way was."""
    return literal_of(text_of(literal))


def _envelope_line(document: Document) -> Callable[[LogEvent, bytes], bytes]:
    kind, file = document.message_type, document.log_stream
    log = _LogPart(document.log_group, document.log_stream)
    meta = _EnvelopeMeta(document.owner, document.subscription_filters)

    def line(event: LogEvent, literal: bytes) -> bytes:
        envelope = _encoder.encode(_Envelope(Raw(literal), _EventPart(kind, event.id), log))
        return _encoder.encode(_ParityLine(event.timestamp, file, meta, Raw(literal_of(envelope.decode()))))

    return line


def _raw_line(document: Document) -> Callable[[LogEvent, bytes], bytes]:
    file, owner, filters = document.log_stream, document.owner, document.subscription_filters
    kind = document.message_type
    log = _LogPart(document.log_group, document.log_stream)

    def line(event: LogEvent, literal: bytes) -> bytes:
        meta = _RawMeta(owner, filters, _EventPart(kind, event.id), log)
        return _encoder.encode(_ParityLine(event.timestamp, file, meta, Raw(literal)))

    return line
