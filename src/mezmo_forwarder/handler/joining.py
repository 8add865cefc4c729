"""Several lines as one: log events of a payload that continue the one before them become part of its text.

Whether a line continues another is told by its beginning, mostly by the first byte, of the JSON text that it
came as. A joined event has the first one's id and time, and the ids of the others. Nothing is remembered from
one payload to the next, which another process may get: what continues a line of an earlier one is a line of
its own.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import msgspec
from msgspec import Raw, Struct, ValidationError, structs

from . import shapes
from .events import LogEvent, Received
from .literals import ends_in_line_feed, head_of, text_of
from .patterns import compile_pattern
from .settings import Multiline

_QUOTE = 0x22
_JOIN = b"\\n"
_WINDOW = 256  # bytes of a text in which a user's pattern is looked for
_decode_ids = msgspec.json.Decoder(tuple[str, ...]).decode
_MOST_ID_BYTES = 24_000  # of the 32 KB that Mezmo takes as `meta`


class _Reading(Struct, frozen=True):
    """How some log events are read.

    Args:
        candidates: the places of those that may continue another, in order.
        first: in which state the line at a place is, if it continues none; None if nothing can continue it.
        next: in which state a line of that state is with the line at a place; None if that does not continue
            it, and "" if it does so only together with a later one.
    """

    candidates: Sequence[int]
    first: Callable[[int], str | None]
    next: Callable[[str, int], str | None]


def join(multiline: Multiline, received: Received) -> Received:
    """Join a document's log events that continue one another.

    Args:
        multiline: what continues a line, and how far.
        received: the document.

    Returns:
        The document with fewer log events, and without `packed` if it has. What was joined before it came to
        the store is not joined again, so that its lines stay those they were.
    """
    document = received.document
    if document.joined:
        return received
    events = document.log_events
    made: list[LogEvent] = []
    done = 0
    for group in _groups(multiline, events):
        made += events[done : group.start]
        made.append(_joined(events[group.start : group.stop]))
        done = group.stop
    if not made:
        return structs.replace(received, document=structs.replace(document, joined=True))
    made += events[done:]
    return structs.replace(
        received, document=structs.replace(document, joined=True, log_events=made), packed=None
    )


def _groups(multiline: Multiline, events: Sequence[LogEvent]) -> Iterator[range]:
    """Yield the places of log events that become one, two or more at a time, in order."""
    reading = _read(multiline, events)
    done = 0  # the place after the last group's
    for place in reading.candidates:
        if place < done:
            continue
        before = place - 1
        while before >= done and reading.first(before) is None:
            before -= 1
        # From the line before, if there is one that this one continues, otherwise from this one.
        for start in (before, place):
            state = reading.first(start) if start >= done else None
            if state is not None:
                for group in _groups_from(multiline, reading, events, start, state):
                    done = group.stop
                    if len(group) > 1:
                        yield group
            if done > place:
                break


def _groups_from(
    multiline: Multiline, reading: _Reading, events: Sequence[LogEvent], start: int, state: str
) -> Iterator[range]:
    """Yield the group that begins at a place, and those that go on where it has reached a bound."""
    longest_gap = multiline.max_gap * 1000
    end = start + 1
    size, ids = len(bytes(events[start].message)), 0  # a line feed takes the place of the quotation marks
    for place in range(end, len(events)):
        following = reading.next(state, place)
        if following is None or events[place].timestamp - events[place - 1].timestamp > longest_gap:
            break
        if not following:
            continue
        state = following
        for event in events[end : place + 1]:
            size += len(bytes(event.message))
            ids += len(bytes(event.id)) + 1
        if place - start >= multiline.max_lines or size > multiline.max_bytes or ids > _MOST_ID_BYTES:
            yield range(start, end)
            start, size, ids = place, len(bytes(events[place].message)), 0
        end = place + 1
    yield range(start, end)


def _joined(events: Sequence[LogEvent]) -> LogEvent:
    first = events[0]
    literals = [bytes(event.message) for event in events]
    texts = [
        literal[1:-1] if ends_in_line_feed(literal) else literal[1:-1] + _JOIN for literal in literals[:-1]
    ]
    message = b'"%b%b' % (b"".join(texts), literals[-1][1:])
    return LogEvent(first.id, first.timestamp, Raw(message), _ids_of(events[1:]))


def _ids_of(events: Sequence[LogEvent]) -> tuple[str, ...]:
    ids = [bytes(event.id) for event in events]
    try:
        return _decode_ids(b"[%b]" % b",".join(ids))
    except ValidationError:  # what CloudWatch never sends, an id that is no string
        return tuple(text_of(one) if one[0] == _QUOTE else one.decode() for one in ids)


def _read(multiline: Multiline, events: Sequence[LogEvent]) -> _Reading:
    if multiline.kind in ("timestamp", "starts-with", "continues-with"):
        return _by_line(_continues(multiline), events)
    return _by_shape(shapes.shape(multiline.kind), events)


def _by_line(continues: Callable[[Raw], object], events: Sequence[LogEvent]) -> _Reading:
    """Read lines of which each says by itself whether it continues another."""
    candidates = [place for place, event in enumerate(events) if continues(event.message)]
    among = {*candidates}

    def first(place: int) -> str | None:
        return "line" if bytes(events[place].message)[0] == _QUOTE else None

    return _Reading(candidates, first, lambda state, place: state if place in among else None)


@cache
def _continues(multiline: Multiline) -> Callable[[Raw], object]:
    """Return whether a message, which may be no string, continues the one before it."""
    if multiline.kind == "timestamp":
        return shapes.matcher(shapes.NO_TIMESTAMP)
    text = multiline.pattern or ""
    expression = compile_pattern(text).expression
    # A search tries `^` at each place.
    search = expression.match if text.startswith("^") and "|" not in text else expression.search
    platform = shapes.matcher(shapes.PLATFORM)

    def continues(message: Raw) -> bool:
        literal = bytes(message)
        return literal[0] == _QUOTE and search(head_of(literal, _WINDOW)) is not None

    def starts_not(message: Raw) -> bool:
        literal = bytes(message)
        return literal[0] == _QUOTE and search(head_of(literal, _WINDOW)) is None and not platform(message)

    return continues if multiline.kind == "continues-with" else starts_not


def _by_shape(shape: shapes.Shape, events: Sequence[LogEvent]) -> _Reading:
    """Read the stack traces of some languages."""
    may_continue = shapes.matcher(shape.candidate)
    return _Reading(
        [place for place, event in enumerate(events) if may_continue(event.message)],
        lambda place: shape.first(bytes(events[place].message)),
        lambda state, place: shape.next(state, bytes(events[place].message)),
    )
