"""What objects of the store hold: log events, packed by the handler or within Lambda's records of failure."""

import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.faults.events import Identity

_GZIP = 31  # zlib's number for a gzip container


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A log event in an object; `reason` is why it was refused, empty if the object does not say."""

    identity: Identity
    reason: str = ""


def events_in(body: bytes) -> list[StoredEvent]:
    """Return the log events in an object; nothing if it holds something else, such as the lease."""
    if body.startswith(b"\x1f\x8b"):
        return list(_of_members(body))
    try:
        record = json.loads(body)
    except ValueError:
        return []
    if not isinstance(record, dict):
        return []
    stream = record.get("payload")
    return events_of(json.loads(stream) if isinstance(stream, str) else record.get("requestPayload"))


def events_of(event: Any) -> list[StoredEvent]:  # noqa: ANN401  Lambda's event may be anything
    """Return the log events in what a function was invoked with."""
    if not isinstance(event, dict):
        return []
    data = [record["kinesis"]["data"] for record in event.get("Records", [])]
    if "awslogs" in event:
        data.append(event["awslogs"]["data"])
    return [found for one in data for found in _of_members(base64.b64decode(one))]


def _of_members(packed: bytes) -> Iterator[StoredEvent]:
    while packed:
        member = zlib.decompressobj(_GZIP)
        document = json.loads(member.decompress(packed))
        packed = member.unused_data
        if document["messageType"] == "DATA_MESSAGE":
            place = document["logGroup"], document["logStream"]
            for event in document["logEvents"]:
                yield StoredEvent((*place, event["timestamp"]), event.get("reason", ""))
