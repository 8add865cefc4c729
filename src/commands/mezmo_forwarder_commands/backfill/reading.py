"""Reading a log group's past, a window of time at once.

FilterLogEvents and not GetLogEvents: it alone tells the ids of log events, it filters where they are, and
one call reads all streams, of which a function's log group has thousands. By AWS's account it keeps the order
of time; nothing here relies on that. Its tokens last for a day, so what is begun again is begun by time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mezmo_forwarder_commands.aws_session import saying

from .documents import Event
from .query import Query, as_time

# A window's events are held in memory. Windows grow and shrink towards half as many.
MOST_EVENTS = 20_000
MOST_BYTES = 32_000_000
_FIRST_WINDOW = 60_000
_FASTEST_GROWTH = 8
# FilterLogEvents is allowed five times a second in most regions, for all of an account.
REQUESTS_A_SECOND = 3


@dataclass(frozen=True)
class Window:
    """The log events of a span of time, all of them.

    Args:
        start: its first millisecond.
        end: the first millisecond after it.
        events: what was read, each once.
    """

    start: int
    end: int
    events: Sequence[Event]


class Pages(Protocol):
    """Where log events are read."""

    def read(self, start: int, end: int, token: str | None) -> tuple[list[Event], str | None]:
        """Return a page of the events from `start` on and before `end`, and the token of the next one."""


class LogGroupPages:
    """The log events of a log group.

    Args:
        client: of CloudWatch Logs.
        query: which ones.
        wait: waits before a request, so that they are not too many.
    """

    def __init__(self, client: Any, query: Query, wait: Callable[[], None]) -> None:  # noqa: ANN401  botocore has no types
        self._client = client
        self._query = query
        self._wait = wait

    def read(self, start: int, end: int, token: str | None) -> tuple[list[Event], str | None]:
        """See `Pages`."""
        query = self._query
        # AWS includes the end; what that brings too much is left out below, rather than relied on.
        request = {"logGroupName": query.log_group, "startTime": start, "endTime": end}
        if query.pattern:
            request["filterPattern"] = query.pattern
        if token:
            request["nextToken"] = token
        self._wait()
        with saying(f"reading log group {query.log_group!r} from {as_time(start)} on"):
            page = self._client.filter_log_events(**request)
        events = [
            Event(entry["eventId"], entry["timestamp"], entry["message"], entry["logStreamName"])
            for entry in page.get("events", [])
            if start <= entry["timestamp"] < end
        ]
        return events, page.get("nextToken")


class Windows:
    """Log events from a time on, window after window.

    Args:
        pages: where they are read.
        most: the most events of a window; more only within a single millisecond.
    """

    def __init__(self, pages: Pages, most: int = MOST_EVENTS) -> None:
        self._pages = pages
        self._most = most
        self._length = _FIRST_WINDOW

    def read(self, start: int, end: int) -> Window:
        """Return the first window of a span of time: as long as its events are not too many.

        The length is that which would have fitted the window before; where it does not fit, the window is
        read again, and shorter.
        """
        until = min(end, start + self._length)
        while True:
            events, whole = self._collect(start, until)
            if whole:
                break
            middle = sorted(event.timestamp for event in events)[len(events) // 2]
            until = min(max(middle, start + 1), until - 1)
        fitting = self._most // 2 * (until - start) // max(len(events), 1)
        self._length = max(1, min(fitting, (until - start) * _FASTEST_GROWTH))
        return Window(start, until, events)

    def _collect(self, start: int, until: int) -> tuple[list[Event], bool]:
        """Read a window; return its events, and whether they are all."""
        events: dict[str, Event] = {}
        size = 0
        token: str | None = None
        while True:
            page, token = self._pages.read(start, until, token)
            for event in page:
                if event.id not in events:
                    events[event.id] = event
                    size += event.size
            if not token:
                return [*events.values()], True
            if (len(events) > self._most or size > MOST_BYTES) and until - start > 1:
                return [*events.values()], False
