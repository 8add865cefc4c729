"""CloudWatch's own documents, made of what was read: of one stream each."""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .query import Query

# About what one request to Mezmo takes, a sixth of what Lambda takes, and what a function of 128 MB decodes
# at once; and no more than this is under way when a run is killed.
LARGEST_DOCUMENT = 1_000_000
_FRAME = 60  # of an event's JSON, beside its id and message


@dataclass(frozen=True)
class Event:
    """A log event, as FilterLogEvents tells of it; the timestamp is in milliseconds."""

    id: str
    timestamp: int
    message: str
    stream: str

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.message.encode("utf-8", "replace")) + len(self.id) + _FRAME


@dataclass(frozen=True)
class Document:
    """Log events of one stream, in the order of their times.

    Args:
        stream: the log stream.
        events: at least one.
        size: about how many bytes they take.
    """

    stream: str
    events: Sequence[Event]
    size: int

    @property
    def ids(self) -> list[str]:
        """The ids of its log events."""
        return [event.id for event in self.events]

    def payload(self, query: Query) -> bytes:
        """Return what the function is invoked with."""
        document = {
            "messageType": "DATA_MESSAGE",
            "owner": query.account,
            "logGroup": query.log_group,
            "logStream": self.stream,
            "subscriptionFilters": list(query.filters),
            "logEvents": [
                {"id": event.id, "timestamp": event.timestamp, "message": event.message}
                for event in self.events
            ],
        }
        return invocation(document)


def control_payload() -> bytes:
    """Return what gives the function no log event, as CloudWatch tries a new filter."""
    return invocation(
        {"messageType": "CONTROL_MESSAGE", "owner": "mezmo-forwarder backfill", "logEvents": []}
    )


def invocation(document: object) -> bytes:
    """Wrap a document as CloudWatch does, and ask for the counts."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can say
        data = json.dumps(document, separators=(",", ":")).encode()
    packed = base64.b64encode(gzip.compress(data, 6, mtime=0)).decode()
    return json.dumps({"mezmo_forwarder": "backfill", "awslogs": {"data": packed}}).encode()


def documents_of(events: Iterable[Event], largest: int = LARGEST_DOCUMENT) -> Iterator[Document]:
    """Put events into documents, stream by stream, each stream in the order of its times.

    Args:
        events: in any order; those of one stream and time keep theirs.
        largest: the most bytes of a document, about, but for an event that is larger by itself.
    """
    streams: dict[str, list[Event]] = {}
    for event in events:
        streams.setdefault(event.stream, []).append(event)
    for stream, members in streams.items():
        members.sort(key=lambda event: event.timestamp)
        taken: list[Event] = []
        size = 0
        for event in members:
            if taken and size + event.size > largest:
                yield Document(stream, taken, size)
                taken, size = [], 0
            taken.append(event)
            size += event.size
        yield Document(stream, taken, size)
