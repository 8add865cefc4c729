"""What the objects of the store hold: gzip data of ours, or Lambda's records of failed invocations."""

from binascii import b2a_base64
from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from handler.errors import CorruptEventError, NotCloudWatchLogsError
from handler.events.documents import Limits, payload_of, read_payload, unpack_base64
from handler.events.kinesis import records_of

from .packing import pack_document

_GZIP_MAGIC = b"\x1f\x8b"


class _Failure(Struct):
    """Lambda's record of an invocation that failed for good: what the function was invoked with.

    Args:
        asynchronous: as JSON.
        stream: as JSON within a string, if a stream's records were it.
    """

    asynchronous: Raw = msgspec.field(default=Raw(b""), name="requestPayload")
    stream: str = msgspec.field(default="", name="payload")


def payloads_in(body: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield the gzip data in an object, and the numbers of the Kinesis records they came in.

    Raises:
        EventError: there is something else in it.
    """
    if body.startswith(_GZIP_MAGIC):
        yield body, ""
        return
    try:
        event = msgspec.json.decode(_invocation_in(body))
    except msgspec.DecodeError as error:
        raise CorruptEventError(f"corrupt event: {error}") from error
    records = records_of(event)
    if records is None:
        yield payload_of(event), ""
    for record in records or []:
        yield unpack_base64(record.data), record.sequence_number


def invocations_in(body: bytes, limits: Limits) -> Iterator[bytes]:
    """Yield what a function was invoked with, or would have been, as JSON.

    Raises:
        EventError: there is something else in it.
    """
    if body.startswith(_GZIP_MAGIC):
        for received in read_payload(body, limits):
            data = b2a_base64(pack_document(received), newline=False).decode()
            yield msgspec.json.encode({"awslogs": {"data": data}})
    else:
        yield _invocation_in(body)


def _invocation_in(body: bytes) -> bytes:
    try:
        failure = msgspec.json.decode(body, type=_Failure)
    except msgspec.DecodeError as error:
        raise NotCloudWatchLogsError(
            f"not an object of the store: it is neither gzip data nor Lambda's record of a failure: {error}"
        ) from error
    event = bytes(failure.asynchronous) or failure.stream.encode()
    if not event:
        raise NotCloudWatchLogsError(
            "not an object of the store: Lambda's record holds neither requestPayload nor payload"
        )
    return event
