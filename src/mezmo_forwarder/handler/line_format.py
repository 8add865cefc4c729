"""What a line format is: how one goes about making lines of a document's log events."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from .events import LogEvent
from .literals import EMPTY

Marks = dict[str, object]
"""What a part of a line says of itself, in `meta`."""


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


def unchanged(_event: LogEvent, literal: bytes) -> bytes:
    """Return the literal: a line's text is its message."""
    return literal
