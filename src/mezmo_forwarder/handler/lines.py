"""What a line is: CloudWatch's log events in one of the line formats, encoded."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from .batches import Piece
from .events import Document, LogEvent, Received
from .literals import EMPTY, literal_of, text_of, trim, without_lone_surrogates
from .names import app_of
from .settings import MetaField, Settings

_T = TypeVar("_T")

_encoder = msgspec.json.Encoder()
_QUOTE = 0x22
_PIECE_SIZE = 1 << 16


class _Format(Struct, frozen=True):
    """How a line format goes about it.

    Args:
        text: from the literal of a message to that of a line's text.
        line: the line of a log event, around that text.
        nothing: the text that makes no line, because Mezmo refuses an empty one.
    """

    text: Callable[[bytes], bytes]
    line: Callable[[LogEvent, bytes], Struct]
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
    text, line, nothing = form.text, form.line, form.nothing
    piece: list[Struct] = []
    size = around = 0
    for event in received.document.log_events:
        literal = bytes(event.message)
        if literal[-1] != _QUOTE:  # no string: what CloudWatch never sends goes as its JSON text
            literal = literal_of(literal.decode())
        literal = text(literal)
        if literal == nothing:
            filtered("empty")
            continue
        around = around or len(_encoder.encode(line(event, EMPTY)))
        size += around + len(literal)
        if size > _PIECE_SIZE and piece:
            yield Piece(_encoder.encode(piece), len(piece))
            piece = []
            size = around + len(literal)
        piece.append(line(event, literal))
    if piece:
        yield Piece(_encoder.encode(piece), len(piece))


def _format(settings: Settings, received: Received) -> _Format:
    document = received.document
    if settings.line_format == "standard":
        text = _replace_lone_surrogates if received.lone_surrogates else trim
        return _Format(text, _standard_line(settings, document))
    if settings.line_format == "mezmo-lambda" and settings.destination.kind == "log-analysis":
        return _Format(_as_javascript, _envelope_line(document), nothing=None)
    return _Format(_as_javascript, _raw_line(document))


# The standard format


class _Meta(Struct, gc=False):
    owner: str | UnsetType = UNSET
    group: str | UnsetType = UNSET
    stream: str | UnsetType = UNSET
    event_id: str | UnsetType = UNSET
    filters: list[str] | UnsetType = UNSET


class _StandardLine(Struct, gc=False):
    line: Raw
    timestamp: int
    app: str
    env: str | UnsetType
    meta: _Meta | UnsetType


def _replace_lone_surrogates(literal: bytes) -> bytes:
    return trim(literal_of(without_lone_surrogates(text_of(literal))))


def _standard_line(settings: Settings, document: Document) -> Callable[[LogEvent, bytes], Struct]:
    app = app_of(settings, document.log_group, document.log_stream)
    env = settings.env or UNSET
    fields = settings.meta_fields
    with_id = "event_id" in fields

    def chosen(field: MetaField, value: _T) -> _T | UnsetType:
        return value if field in fields else UNSET

    owner = chosen("owner", document.owner)
    group = chosen("group", document.log_group)
    stream = chosen("stream", document.log_stream)
    filters = chosen("filters", document.subscription_filters)

    def line(event: LogEvent, literal: bytes) -> _StandardLine:
        event_id = event.id if with_id else UNSET
        meta = _Meta(owner, group, stream, event_id, filters) if fields else UNSET
        return _StandardLine(Raw(literal), event.timestamp, app, env, meta)

    return line


# The formats of Mezmo's own Lambda, whose fields and their order these structs repeat


class _EventPart(Struct, gc=False):
    type: str
    id: str


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


def _envelope_line(document: Document) -> Callable[[LogEvent, bytes], Struct]:
    kind, file = document.message_type, document.log_stream
    log = _LogPart(document.log_group, document.log_stream)
    meta = _EnvelopeMeta(document.owner, document.subscription_filters)

    def line(event: LogEvent, literal: bytes) -> _ParityLine:
        envelope = _encoder.encode(_Envelope(Raw(literal), _EventPart(kind, event.id), log))
        return _ParityLine(event.timestamp, file, meta, Raw(literal_of(envelope.decode())))

    return line


def _raw_line(document: Document) -> Callable[[LogEvent, bytes], Struct]:
    file, owner, filters = document.log_stream, document.owner, document.subscription_filters
    kind = document.message_type
    log = _LogPart(document.log_group, document.log_stream)

    def line(event: LogEvent, literal: bytes) -> _ParityLine:
        meta = _RawMeta(owner, filters, _EventPart(kind, event.id), log)
        return _ParityLine(event.timestamp, file, meta, Raw(literal))

    return line
