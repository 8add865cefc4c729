"""Lines of the fault suite's events at Mezmo, as the handler itself makes them."""

import gzip
import json
from collections.abc import Iterable

import msgspec

from handler.events.documents import Limits, read_payload
from local.faults.events import Event, make_puts
from local.mezmo import CommittedLine
from local.mezmo.line_rules import committed_line
from tests.handler.cloudwatch import encode
from tests.handler.doubles import make_settings

START = 1_795_000_000_000


def some_events(count: int = 60, seed: int = 2) -> list[Event]:
    return [event for put in make_puts(seed, count, 10.0, START) for event in put.events]


def document_of(events: Iterable[Event]) -> bytes:
    """Return CloudWatch's document, packed, for events of one log stream."""
    written = list(events)
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": written[0].log_group,
        "logStream": written[0].log_stream,
        "subscriptionFilters": ["filter"],
        "logEvents": [
            {"id": f"3{event.timestamp:055d}", "timestamp": event.timestamp, "message": event.message}
            for event in written
        ],
    }
    return gzip.compress(json.dumps(document, ensure_ascii=False).encode())


def lines_of(events: Iterable[Event], request: int = 1) -> list[CommittedLine]:
    """Return the lines of events, each event in a document of its own, as Mezmo takes them with a request."""
    found: list[CommittedLine] = []
    for event in events:
        (received,) = read_payload(document_of([event]), Limits.of({}))
        for piece in encode(make_settings(), received):
            for fields in msgspec.json.decode(piece.array):
                hostname = event.log_group.strip("/").replace(".", "_")
                line = committed_line(fields, request=request, index=len(found), hostname=hostname, tags=())
                found.append(line)
    return found
