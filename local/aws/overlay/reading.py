"""FilterLogEvents by the page, as AWS gives it out: MiniStack has one, and drops what does not fit it."""

from __future__ import annotations

import base64
import heapq
import json
import threading
from typing import TYPE_CHECKING

from . import seams
from .filter_patterns import UnsupportedPatternError, compile_pattern
from .payloads import event_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .seams import Record, Response

    Append = Callable[[Record, list[Record]], None]

_MOST_EVENTS = 10_000
_MOST_BYTES = 1 << 20
_written = threading.local()


def giving_ids(append: Append) -> Append:
    """Give log events ids of CloudWatch's kind when they are written, one for readers and subscribers."""

    def append_log_events(stream: Record, events: list[Record]) -> None:
        for event in events:
            event["eventId"] = event_id(event["timestamp"])
        _written.ids = [event["eventId"] for event in events]
        append(stream, events)

    return append_log_events


def written_ids() -> Sequence[str]:
    """Return the ids of the events that this thread has just written."""
    ids: list[str] = _written.ids
    return ids


def filter_log_events(request: Record) -> Response:
    """Return a page of the log events that match, in the order of time, and a token while there are more.

    As AWS warns, a page need not be full, and is empty where nothing that it looked at matches.
    """
    name = str(request.get("logGroupName") or request.get("logGroupIdentifier", "").rpartition(":")[2])
    group = seams.log_group(name)
    if group is None:
        return seams.refusal("ResourceNotFoundException", "The specified log group does not exist.")
    try:
        matches = compile_pattern(request.get("filterPattern") or "")
        skip = json.loads(base64.b64decode(request["nextToken"])) if request.get("nextToken") else 0
    except UnsupportedPatternError as error:
        return seams.refusal("InvalidParameterException", str(error))
    except ValueError:
        return seams.refusal("InvalidParameterException", "The specified nextToken is invalid.")
    start, end = request.get("startTime", 0), request.get("endTime")
    wanted = request.get("logStreamNames") or list(group["streams"])
    streams = [
        [
            {**event, "logStreamName": stream}
            for event in list(group["streams"][stream]["events"])
            if start <= event["timestamp"] and (end is None or event["timestamp"] <= end)
        ]
        for stream in wanted
        if stream in group["streams"]
    ]
    asked = [*heapq.merge(*streams, key=lambda event: (event["timestamp"], event["ingestionTime"]))]
    page, seen = _page(asked[skip:], min(int(request.get("limit", _MOST_EVENTS)), _MOST_EVENTS))
    answer: Record = {
        "events": [event for event in page if matches(event["message"])],
        "searchedLogStreams": [],
    }
    if skip + seen < len(asked):
        answer["nextToken"] = base64.b64encode(json.dumps(skip + seen).encode()).decode()
    return seams.answer(answer)


def _page(events: Sequence[Record], limit: int) -> tuple[list[Record], int]:
    """Return the events that one page looks at, and how many they are."""
    page: list[Record] = []
    size = 0
    for event in events:
        size += len(event["message"].encode("utf-8", "replace")) + 26
        if page and (len(page) == limit or size > _MOST_BYTES):
            break
        page.append(event)
    return page, len(page)
