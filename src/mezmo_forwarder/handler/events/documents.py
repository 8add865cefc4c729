"""What came in: CloudWatch's event, unpacked from base64 and gzip and decoded."""

import binascii
import codecs
from collections.abc import Callable, Iterator, Mapping

import msgspec
from isal import isal_zlib
from msgspec import Raw, Struct, structs

from handler.errors import CorruptEventError, NotCloudWatchLogsError
from handler.texts.literals import literal_of, without_lone_surrogates

GZIP = 31  # zlib's number for a gzip container
_SLICE = 1 << 18
_MEBIBYTE = 1 << 20
_EVENT_COST = 256  # bytes of a decoded log event, beside its text


class LogEvent(Struct, gc=False):
    """A log event; `timestamp` is in milliseconds, `id` and `message` are JSON strings, not decoded.

    One that was several has the first one's id, and the others' in `event_ids`; CloudWatch sends none.
    `extracted_fields` is a JSON object, not decoded: what a subscription's pattern or system fields add.
    """

    id: Raw
    timestamp: int
    message: Raw
    event_ids: tuple[str, ...] = msgspec.field(default=(), name="eventIds")
    extracted_fields: Raw = msgspec.field(default=Raw(b""), name="extractedFields")


class TimedEvent(LogEvent, gc=False):
    """A log event whose line has another time, `timestamp`; CloudWatch's is `event_timestamp`."""

    event_timestamp: int = 0


class Document(Struct, rename="camel"):
    """CloudWatch's document, with the names it has there.

    `policy_level` is "ACCOUNT_LEVEL_POLICY" if it came by an account's policy, whose name then stands for a
    filter's. Three fields are never sent by CloudWatch: `joined` says that lines that belong together were
    looked for, `source_region` where the log events come from, if they tell, and `foreign` whether that is
    another account than the function's.
    """

    message_type: str
    owner: str = ""
    log_group: str = ""
    log_stream: str = ""
    subscription_filters: list[str] = []
    log_events: list[LogEvent] = []
    policy_level: str | None = None
    joined: bool = False
    source_region: str = ""
    foreign: bool = False

    @property
    def is_control(self) -> bool:
        """Whether this is CloudWatch asking if the destination is there, and no log events."""
        return self.message_type == "CONTROL_MESSAGE"


class Received(Struct, frozen=True, eq=False):
    """A document, or a part of a large one, and what was noticed while it was read.

    Args:
        document: the log events and where they come from.
        size: the document's length in bytes, unpacked.
        packed: the gzip data that holds just this document; None for a part of one.
        lone_surrogates: whether messages may hold halves of surrogate pairs.
        record: the sequence number of the Kinesis record it came in.
        not_decoded: how many log events it has that `document` lacks, because nobody wants them: all or none.
    """

    document: Document
    size: int
    packed: bytes | None = None
    lone_surrogates: bool = False
    record: str = ""
    not_decoded: int = 0

    @property
    def count(self) -> int:
        """How many log events it has."""
        return self.not_decoded or len(self.document.log_events)


_decode = msgspec.json.Decoder(Document).decode


class Limits(Struct, frozen=True):
    """What may be decoded at once; larger documents are read in segments.

    Args:
        size: the most bytes a document may unpack to.
        cost: the most bytes it may cost once it is decoded, itself included.
    """

    size: int
    cost: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Limits":
        """Derive the limits from the memory that Lambda gives the function.

        At 128 MB a document of 10 MiB with 80,000 events is decoded at once; CloudWatch sends none as large.
        """
        memory = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or 128) * _MEBIBYTE
        return cls(size=memory // 12, cost=memory // 4)


def payload_of(event: object) -> bytes:
    """Return the gzip data that CloudWatch Logs invoked the function with.

    Args:
        event: `{"awslogs": {"data": "<base64 of gzip of JSON>"}}`.

    Raises:
        NotCloudWatchLogsError: it is something else.
        CorruptEventError: its base64 is damaged.
    """
    try:
        data = event["awslogs"]["data"]  # type: ignore[index]  # caught below
    except (KeyError, TypeError, IndexError):
        data = None
    if not isinstance(data, str):
        raise NotCloudWatchLogsError(
            'not a CloudWatch Logs event: the function expects {"awslogs": {"data": "..."}}, '
            f"and was invoked with {_outline(event)}"
        )
    return unpack_base64(data)


def unpack_base64(data: str) -> bytes:
    """Decode base64.

    Raises:
        CorruptEventError: it is none.
    """
    try:
        return binascii.a2b_base64(data, strict_mode=True)
    except ValueError as error:
        raise CorruptEventError(f"corrupt event: its data is not base64: {error}") from error


def _never() -> bool:
    return False


def read_payload(
    packed: bytes,
    limits: Limits,
    *,
    record: str = "",
    expired: Callable[[], bool] = _never,
    unwanted: Callable[[], bool] = _never,
) -> Iterator[Received]:
    """Unpack and decode gzip data, of which each member is a document.

    Args:
        packed: the gzip data.
        limits: what may be decoded at once.
        record: the sequence number of the Kinesis record it came in.
        expired: whether unpacking a large document has taken too long.
        unwanted: whether the log events of a large document need not be decoded, just counted.

    Raises:
        NotCloudWatchLogsError: a document is something else.
        CorruptEventError: its gzip or JSON is damaged.
        EventTooLargeError: one of its log events is too large for the function's memory, or time ran out.
    """
    while True:
        text, rest = _gunzip(packed, limits.size)
        if text is not None and _cost(text, limits) <= limits.cost:
            member = packed[: len(packed) - len(rest)] if rest else packed
            yield _decode_document(_valid_utf8(text), member, record)
        else:
            from .segments import read_frame, read_segments  # noqa: PLC0415  CloudWatch sends none as large

            frame = read_frame(packed, limits.size, expired)
            rest = frame.rest
            if unwanted():
                member = packed[: len(packed) - len(rest)] if rest else packed
                received = _decode_document(_valid_utf8(frame.before + frame.after), member, record)
                yield structs.replace(received, size=frame.size, not_decoded=frame.events)
            else:
                for segment in read_segments(packed, frame, limits.size):
                    yield _decode_document(_valid_utf8(segment), None, record)
        if not rest:
            return
        packed = rest


def _outline(event: object) -> str:
    """Say what the event is, by its type and its field names alone."""
    if not isinstance(event, dict):
        return f"a value of type {type(event).__name__}"
    names = ", ".join(repr(str(name)[:40]) for name in list(event)[:5])
    return f"an object with the fields {names}" if names else "an empty object"


def _gunzip(packed: bytes, limit: int) -> tuple[bytes | None, bytes]:
    """Unpack the first member; return it, or None if it is larger than the limit, and what follows it."""
    stream = isal_zlib.decompressobj(GZIP)
    try:
        text = stream.decompress(packed, limit + 1)
    except isal_zlib.error as error:  # type: ignore[misc]  # its stub says instance where it is a class
        raise CorruptEventError(f"corrupt event: its data is not gzip: {error}") from error
    if len(text) > limit:
        return None, b""
    if not stream.eof:
        raise CorruptEventError("corrupt event: its gzip data ends too early")
    return text, stream.unused_data


def _cost(text: bytes, limits: Limits) -> int:
    """Return what a document will cost once decoded; log events are counted in large ones only."""
    if len(text) <= limits.size // 2:
        return len(text)
    return len(text) + text.count(b'"message"') * _EVENT_COST  # in a message, its quotes would be escaped


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


def _decode_document(text: bytes, packed: bytes | None, record: str) -> Received:
    try:
        received = Received(_decode(text), len(text), packed, record=record)
    except msgspec.ValidationError as error:
        raise NotCloudWatchLogsError(f"not a CloudWatch Logs event: {error}") from error
    except msgspec.DecodeError as error:
        if b"\\ud" not in text and b"\\uD" not in text:
            raise CorruptEventError(f"corrupt event: {error}") from error
        document = _decode_lone_surrogates(text, error)
        received = Received(document, len(text), packed, lone_surrogates=True, record=record)
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
        if "extractedFields" in cleaned:
            cleaned["extractedFields"] = Raw(msgspec.json.encode(cleaned["extractedFields"]))
        return cleaned

    try:
        return msgspec.convert(json.loads(text, object_hook=clean_object), Document)
    except (ValueError, RecursionError) as error:
        raise CorruptEventError(f"corrupt event: {cause}") from error
