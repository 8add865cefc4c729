"""What CloudWatch Logs sends to a subscribed function or stream."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import time
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAXIMUM_JSON_BYTES = 1_000_000
"""Upper bound of a payload's JSON. AWS bounds the compressed event by Lambda's asynchronous limit, 1 MB."""


class LogEvent(TypedDict):
    """One log event as it stands in a payload; the timestamp is in milliseconds."""

    id: str
    timestamp: int
    message: str
    extractedFields: NotRequired[dict[str, str]]


class LambdaEvent(TypedDict):
    """What the function receives: `{"awslogs": {"data": base64 of gzip of JSON}}`."""

    awslogs: dict[str, str]


def event_id(timestamp: int) -> str:
    """Return a new 56-digit id whose order is that of the timestamps."""
    return f"3{timestamp:015d}{secrets.randbelow(10**40):040d}"


def data_payloads(
    *,
    owner: str,
    log_group: str,
    log_stream: str,
    filters: Sequence[str],
    events: Iterable[LogEvent],
    policy_level: str | None = None,
    maximum: int = MAXIMUM_JSON_BYTES,
) -> Iterator[bytes]:
    """Split the events, in order, over JSON documents of at most `maximum` bytes.

    An event that is larger than the bound by itself travels alone. `policy_level` is there for an account's
    policy, whose name is then the filter's.
    """
    head = {
        "messageType": "DATA_MESSAGE",
        "owner": owner,
        "logGroup": log_group,
        "logStream": log_stream,
        "subscriptionFilters": list(filters),
    }
    opening = _json(head)[:-1] + b',"logEvents":['
    closing = b"]" + (b"," + _json({"policyLevel": policy_level})[1:] if policy_level else b"}")
    batch: list[bytes] = []
    size = len(opening) + len(closing) - 1
    for event in events:
        encoded = _json(event)
        if batch and size + len(encoded) + 1 > maximum:
            yield opening + b",".join(batch) + closing
            batch, size = [], len(opening) + len(closing) - 1
        batch.append(encoded)
        size += len(encoded) + 1
    if batch:
        yield opening + b",".join(batch) + closing


def control_payload(destination: str) -> bytes:
    """Return the test message that AWS sends to a destination of this kind when it is subscribed."""
    now = int(time.time() * 1000)
    message = f"CWL CONTROL MESSAGE: Checking health of destination {destination}."
    return _json(
        {
            "messageType": "CONTROL_MESSAGE",
            "owner": "CloudwatchLogs",
            "logGroup": "",
            "logStream": "",
            "subscriptionFilters": [],
            "logEvents": [{"id": "", "timestamp": now, "message": message}],
        }
    )


def compressed(payload: bytes) -> bytes:
    """Compress a payload with gzip, as a stream receives it."""
    return gzip.compress(payload, 6, mtime=0)


def lambda_event(payload: bytes) -> LambdaEvent:
    """Wrap a payload as the function receives it."""
    return {"awslogs": {"data": base64.b64encode(compressed(payload)).decode()}}


def _json(value: object) -> bytes:
    # A lone surrogate has no UTF-8; AWS stores a replacement character too.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
