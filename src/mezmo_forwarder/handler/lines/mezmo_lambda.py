"""The formats of Mezmo's own Lambda, whose fields and their order these structs repeat."""

import msgspec
from msgspec import Raw, Struct, structs

from handler.events.documents import Document, LogEvent
from handler.texts.literals import EMPTY, literal_of, text_of

from .format import Format, Marks, marks_of, unchanged

_encoder = msgspec.json.Encoder()


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


def mezmo_lambda(document: Document, *, envelope: bool, timed: bool = False) -> Format:
    """Return one of the two formats: with the message in an envelope, or the envelope in `meta`.

    Args:
        document: the document.
        envelope: which of the two.
        timed: whether lines may have another time than their log events.
    """
    file, owner, filters = document.log_stream, document.owner, document.subscription_filters
    kind = document.message_type
    log = _LogPart(document.log_group, document.log_stream)
    envelope_meta = _EnvelopeMeta(owner, filters)

    def meta(event: LogEvent) -> _EnvelopeMeta | _RawMeta:
        return envelope_meta if envelope else _RawMeta(owner, filters, _EventPart(kind, event.id), log)

    def wrapped(event: LogEvent, literal: bytes) -> bytes:
        return literal_of(_encoder.encode(_Envelope(Raw(literal), _EventPart(kind, event.id), log)).decode())

    def line(event: LogEvent, literal: bytes) -> bytes:
        return _encoder.encode(_ParityLine(event.timestamp, file, meta(event), Raw(literal)))

    def part(event: LogEvent, _whole: bytes, literal: bytes, marks: Marks, timestamp: int) -> bytes:
        marked = {**structs.asdict(meta(event)), **marks}
        return _encoder.encode(_ParityLine(timestamp, file, marked, Raw(literal)))

    def marked_line(event: LogEvent, literal: bytes) -> bytes:
        marks = marks_of(event)
        return part(event, literal, literal, marks, event.timestamp) if marks else line(event, literal)

    return Format(
        text=_as_javascript,
        body=wrapped if envelope else unchanged,
        line=marked_line if document.joined or timed else line,
        part=part,
        nothing=None if envelope else EMPTY,
    )
