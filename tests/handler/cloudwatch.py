"""CloudWatch's side: the events that a subscription invokes the function with."""

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from handler.events.documents import Limits, Received, payload_of, read_payload
from handler.lines.batches import Piece
from handler.lines.lines import encode_lines
from handler.lines.names import names_of
from handler.settings import Settings

GROUP = "/aws/lambda/checkout"
STREAM = "2026/11/23/[$LATEST]6b1e6ddf8c8f4b7a"
OWNER = "123456789012"
FILTERS = ("Forwarder-0a1b2c",)
FIRST_TIMESTAMP = 1_795_000_000_000


def make_document(
    messages: Iterable[object],
    *,
    group: str = GROUP,
    stream: str = STREAM,
    owner: str = OWNER,
    filters: Sequence[str] = FILTERS,
    message_type: str = "DATA_MESSAGE",
    **more: object,
) -> dict[str, object]:
    """Return the document of a payload, one log event for each message."""
    return {
        "messageType": message_type,
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": list(filters),
        "logEvents": [
            {"id": f"{position:056d}", "timestamp": FIRST_TIMESTAMP + position, "message": message}
            for position, message in enumerate(messages)
        ],
        **more,
    }


def pack(document: bytes) -> dict[str, object]:
    """Return the event that carries a document."""
    data = base64.b64encode(gzip.compress(document, 6, mtime=0)).decode()
    return {"awslogs": {"data": data}}


def to_json(document: object, *, ascii_only: bool = False) -> bytes:
    """Encode a document as CloudWatch does; with `ascii_only`, as it might."""
    text = json.dumps(document, ensure_ascii=ascii_only, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def make_event(messages: Iterable[object], **document: object) -> dict[str, object]:
    """Return the event for some messages; keyword arguments as for `make_document`."""
    return pack(to_json(make_document(messages, **document)))  # type: ignore[arg-type]


def read(event: object, **environment: str) -> Received:
    """Return the one document of an event, as the handler reads it; keyword arguments as in `Limits.of`."""
    (received,) = read_payload(payload_of(event), Limits.of(environment))
    return received


def received(messages: Iterable[object], **document: object) -> Received:
    """Return the document for some messages; keyword arguments as for `make_document`."""
    return read(make_event(messages, **document))


def encode(
    settings: Settings,
    received: Received,
    *,
    log_group_tags: Mapping[str, str] | None = None,
    filtered: Callable[[str], None] = lambda _: None,
) -> list[Piece]:
    """Make lines of a document, named as they are on the way to Mezmo."""
    names = names_of(settings, received.document, log_group_tags or {})
    return [*encode_lines(settings, received, names, filtered=filtered)]
