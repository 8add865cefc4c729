"""The time inside a JSON message, in a field that the settings name, in the place of its log event's own.

It is read from the message as it came, before redaction, which may take a number for one of a card. A time
that cannot be the message's leaves the log event's.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from handler.events.documents import LogEvent, TimedEvent
from handler.texts.fields import Fields
from handler.texts.literals import OBJECT

# As far from the log event's own time as CloudWatch lets that be from its clock. What is farther is no time,
# or one of another zone that does not say so.
_MOST_BEFORE = 14 * 24 * 3_600_000
_MOST_AFTER = 2 * 3_600_000

_THIRTEEN_DIGITS = range(10**12, 10**13 - 10_000)  # with room for the parts of a split line

_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)
_SHORTEST, _LONGEST = 15, 40  # characters of 20261127T100000 and of any other text in ISO 8601
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class MessageTime:
    """Reads the time of messages.

    Args:
        field: which field holds it.
    """

    def __init__(self, field: str) -> None:
        self._name = field
        self._fields = Fields([field])

    def timed(self, events: Sequence[LogEvent]) -> list[LogEvent]:
        """Return log events with the times of their messages; those that tell none as they are."""
        begins_object = OBJECT.match
        return [self._timed(event) if begins_object(event.message) else event for event in events]

    def _timed(self, event: LogEvent) -> LogEvent:
        found = self._fields.decode(bytes(event.message))
        if found is None:
            return event
        own = event.timestamp
        moment = milliseconds_of(self._fields.value(found, self._name))
        if (
            moment is None
            or moment == own
            or not own - _MOST_BEFORE <= moment <= own + _MOST_AFTER
            or moment not in _THIRTEEN_DIGITS
        ):
            return event
        return TimedEvent(event.id, moment, event.message, event.event_ids, event.extracted_fields, own)


@cache
def message_time(field: str) -> MessageTime:
    """Return what reads the time from a field."""
    return MessageTime(field)


def milliseconds_of(value: object) -> int | None:
    """Return a time in milliseconds since the epoch; None for what is none.

    Args:
        value: seconds, milliseconds, microseconds or nanoseconds since the epoch, as a number or a text, told
            apart by their size; or a text in ISO 8601, of UTC unless it says otherwise.
    """
    if type(value) is str:
        if _NUMBER.fullmatch(value):
            value = float(value) if "." in value else int(value)
        else:
            return _of_text(value)
    if type(value) is int:
        # Seconds until the year 5138, milliseconds from 1973 on, and so forth
        if 0 <= value < 10**11:
            return value * 1000
        return value if value < 10**14 else value // 1000 if value < 10**17 else value // 10**6
    if type(value) is float and 0 <= value < 10**20:
        return milliseconds_of(int(value)) if value >= 10**11 else round(value * 1000)
    return None


def _of_text(text: str) -> int | None:
    if not _SHORTEST <= len(text) <= _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None
