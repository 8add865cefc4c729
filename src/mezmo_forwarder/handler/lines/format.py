"""What a line format is: how one goes about making lines of a document's log events."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from handler.events.documents import LogEvent, TimedEvent
from handler.texts.literals import EMPTY

JSON_FIELDS = JSON_TEXTS, JSON_NUMBERS, JSON_LEFT_OUT = "json_texts", "json_numbers", "json_left_out"
"""The fields of `meta` that hold those of JSON messages."""

Marks = dict[str, object]
"""What a line says in `meta` of what was done to it."""


class Format(Struct, frozen=True):
    """How a line format goes about it.

    Args:
        text: from the literal of a message to the one that this format goes by.
        body: from there to the literal of a line's text.
        line: the line of a log event, around that literal.
        part: the line of a part: of which log event and whole literal, the part's own literal, its marks, and
            its time in milliseconds.
        nothing: the text that makes no line, because Mezmo refuses an empty one.
        array: the lines of some log events, around as many literals, as a JSON array; where that is faster.
        redact: what happens to texts before they are anything else; None where nothing is redacted.
    """

    text: Callable[[bytes], bytes]
    body: Callable[[LogEvent, bytes], bytes]
    line: Callable[[LogEvent, bytes], bytes]
    part: Callable[[LogEvent, bytes, bytes, Marks, int], bytes]
    nothing: bytes | None = EMPTY
    array: Callable[[Sequence[LogEvent], list[bytes]], bytes] | None = None
    redact: Callable[[list[bytes]], list[bytes]] | None = None


def marks_of(event: LogEvent) -> Marks:
    """Return what a line says of its log event: the others' ids, and CloudWatch's time if it is another."""
    marks: Marks = {}
    if event.event_ids:
        marks["event_ids"] = event.event_ids
    if isinstance(event, TimedEvent):
        marks["event_timestamp"] = event.event_timestamp
    return marks


def unchanged(_event: LogEvent, literal: bytes) -> bytes:
    """Return the literal: a line's text is its message."""
    return literal
