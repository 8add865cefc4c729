"""What came in: CloudWatch's event, unpacked from base64 and gzip and decoded."""

import binascii
import codecs
from collections.abc import Iterator, Mapping

import msgspec
from isal import isal_zlib
from msgspec import Raw, Struct

from .errors import CorruptEventError, EventTooLargeError, NotCloudWatchLogsError
from .literals import literal_of, without_lone_surrogates

_GZIP = 31  # zlib's number for a gzip container
_SLICE = 1 << 18
_MEBIBYTE = 1 << 20
_EVENT_COST = 256  # bytes of a decoded log event, beside its text


class LogEvent(Struct, gc=False):
    """A log event; `timestamp` is in milliseconds, `id` and `message` are JSON strings, not decoded."""

    id: Raw
    timestamp: int
    message: Raw


class Document(Struct, rename="camel"):
    """CloudWatch's document, with the names it has there."""

    message_type: str
    owner: str = ""
    log_group: str = ""
    log_stream: str = ""
    subscription_filters: list[str] = []
    log_events: list[LogEvent] = []

    @property
    def is_control(self) -> bool:
        """Whether this is CloudWatch asking if the destination is there, and no log events."""
        return self.message_type == "CONTROL_MESSAGE"


class Received(Struct, frozen=True):
    """A document and what was noticed while it was read.

    Args:
        document: the log events and where they come from.
        size: the document's length in bytes, unpacked.
        lone_surrogates: whether messages may hold halves of surrogate pairs.
    """

    document: Document
    size: int
    lone_surrogates: bool = False


_decode = msgspec.json.Decoder(Document).decode


class Limits(Struct, frozen=True):
    """What the function's memory can take of one document.

    Args:
        size: the most bytes it may unpack to.
        cost: the most bytes it may cost once it is decoded, itself included.
    """

    size: int
    cost: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Limits":
        """Derive the limits from the memory that Lambda gives the function.

        48 MiB are the interpreter, its libraries and the work on one batch. At 128 MB a document may have
        20 MiB and 180,000 events; the largest payload that Lambda takes, 1 MB, holds 0.75 MB of gzip.
        """
        memory = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or 128) * _MEBIBYTE
        return cls(size=(memory - 48 * _MEBIBYTE) // 4, cost=memory // 2)


def read_event(event: object, limits: Limits) -> Received:
    """Unpack and decode what the function was invoked with.

    Args:
        event: `{"awslogs": {"data": "<base64 of gzip of JSON>"}}`.
        limits: what the document may cost.

    Raises:
        NotCloudWatchLogsError: it is something else.
        CorruptEventError: its base64, gzip or JSON is damaged.
        EventTooLargeError: it costs more than that.
    """
    try:
        data = event["awslogs"]["data"]  # type: ignore[index]
    except (KeyError, TypeError, IndexError):
        data = None
    if not isinstance(data, str):
        raise NotCloudWatchLogsError(
            'not a CloudWatch Logs event: the function expects {"awslogs": {"data": "..."}}, '
            f"and was invoked with {_outline(event)}"
        )
    try:
        packed = binascii.a2b_base64(data, strict_mode=True)
    except ValueError as error:
        raise CorruptEventError(f"corrupt event: awslogs.data is not base64: {error}") from error
    text = _gunzip(packed, limits.size)
    _check_cost(text, limits)
    return _decode_document(_valid_utf8(text))


def _outline(event: object) -> str:
    """Say what the event is, by its type and its field names alone."""
    if not isinstance(event, dict):
        return f"a value of type {type(event).__name__}"
    names = ", ".join(repr(str(name)[:40]) for name in list(event)[:5])
    return f"an object with the fields {names}" if names else "an empty object"


def _gunzip(packed: bytes, limit: int) -> bytes:
    stream = isal_zlib.decompressobj(_GZIP)
    try:
        text = stream.decompress(packed, limit + 1)
    except isal_zlib.error as error:  # type: ignore[misc]  # its stub says instance where it is a class
        raise CorruptEventError(f"corrupt event: awslogs.data is not gzip: {error}") from error
    if len(text) > limit:
        raise EventTooLargeError(
            f"event too large: {len(packed):,} bytes of gzip unpack to more than the {limit:,} bytes "
            "that this function's memory allows; give the function more memory"
        )
    if not stream.eof:
        raise CorruptEventError("corrupt event: the gzip data of awslogs.data ends too early")
    if stream.unused_data:
        raise CorruptEventError("corrupt event: something follows the gzip data of awslogs.data")
    return text


def _check_cost(text: bytes, limits: Limits) -> None:
    """Refuse so many short events that decoding them would end the process; counted in large documents."""
    if len(text) <= limits.size // 4:
        return
    events = text.count(b'"message"')  # in a message, its quotes would be escaped
    if len(text) + events * _EVENT_COST > limits.cost:
        raise EventTooLargeError(
            f"event too large: {events:,} log events in {len(text):,} bytes cost more than this function's "
            "memory allows; give the function more memory"
        )


def _valid_utf8(text: bytes) -> bytes:
    """Return the document with U+FFFD for invalid bytes; checked by slices, to bound the memory."""
    if text.isascii():
        return text
    try:
        for _ in _decoded(text, "strict"):
            pass
    except UnicodeDecodeError:
        return b"".join(part.encode() for part in _decoded(text, "replace"))
    return text


def _decoded(text: bytes, errors: str) -> Iterator[str]:
    view = memoryview(text)
    start = 0
    while start < len(text):
        end = start + _SLICE
        part, used = codecs.utf_8_decode(view[start:end], errors, end >= len(text))
        start += used
        yield part


def _decode_document(text: bytes) -> Received:
    try:
        received = Received(_decode(text), len(text))
    except msgspec.ValidationError as error:
        raise NotCloudWatchLogsError(f"not a CloudWatch Logs event: {error}") from error
    except msgspec.DecodeError as error:
        if b"\\ud" not in text and b"\\uD" not in text:
            raise CorruptEventError(f"corrupt event: {error}") from error
        received = Received(_decode_lone_surrogates(text, error), len(text), lone_surrogates=True)
    document = received.document
    if not document.is_control:
        if document.message_type != "DATA_MESSAGE":
            kind = document.message_type[:40]
            raise NotCloudWatchLogsError(f"not a CloudWatch Logs event: its messageType is {kind!r}")
        if not document.log_group:
            raise NotCloudWatchLogsError("not a CloudWatch Logs event: it names no logGroup")
    return received


def _decode_lone_surrogates(text: bytes, cause: msgspec.DecodeError) -> Document:
    r"""Decode a document that holds the escape of half a surrogate pair, like `\ud83d`.

    Messages keep it, so that each line format can do with it what it must; everything else gets U+FFFD.
    """
    import json  # noqa: PLC0415  only ever needed here

    def clean(value: object) -> object:
        if isinstance(value, str):
            return without_lone_surrogates(value)
        return [clean(item) for item in value] if isinstance(value, list) else value

    def clean_object(fields: dict[str, object]) -> dict[str, object]:
        cleaned = {name: clean(value) for name, value in fields.items()}
        for name, source in (("id", cleaned), ("message", fields)):
            if isinstance(text := source.get(name), str):
                cleaned[name] = Raw(literal_of(text))
        return cleaned

    try:
        return msgspec.convert(json.loads(text, object_hook=clean_object), Document)
    except (ValueError, RecursionError) as error:
        raise CorruptEventError(f"corrupt event: {cause}") from error
