"""Several lines as one: log events of a payload that continue the one before them become part of its text.

Whether a line continues another is told by its beginning, mostly by the first byte, of the JSON text that it
came as. A joined event has the first one's id and time, and the ids of the others. Nothing is remembered from
one payload to the next, which another process may get: what continues a line of an earlier one is a line of
its own.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache

import msgspec
from msgspec import Raw, Struct, ValidationError, structs

from handler.settings import Multiline
from handler.texts import shapes
from handler.texts.literals import head_of, join_literals, text_of
from handler.texts.patterns import compile_pattern

from .documents import LogEvent, Received

_QUOTE = 0x22
_WINDOW = 256  # bytes of a text in which a user's pattern is looked for
_decode_ids = msgspec.json.Decoder(tuple[str, ...]).decode
_MOST_ID_BYTES = 24_000  # of the 32 KB that Mezmo takes as `meta`


class _Reading(Struct, frozen=True):
    """How some log events are read.

    Args:
        candidates: the places of those that may continue another, in order.
        always: the places of those that continue whatever is before them.
        first: in which state the line at a place is, if it continues none; None if nothing can continue it.
        next: in which state a line of that state is with the line at another place; None if that does not
            continue it, and "" if it does so only together with a later one.
        after: in which state a line of that state is with some of `always`.
    """

    candidates: Sequence[int]
    always: AbstractSet[int]
    first: Callable[[int], str | None]
    next: Callable[[str, int], str | None]
    after: Callable[[str], str]


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
        made += _joined(events[group.start : group.stop], group.literals)
        done = group.stop
    if not made:
        return structs.replace(received, document=structs.replace(document, joined=True))
    made += events[done:]
    return structs.replace(
        received, document=structs.replace(document, joined=True, log_events=made), packed=None
    )


class _Group(Struct, frozen=True, gc=False):
    """Log events that become one: their places, from `start` to before `stop`, and their messages."""

    start: int
    stop: int
    literals: list[bytes]


def _groups(multiline: Multiline, events: Sequence[LogEvent]) -> Iterator[_Group]:
    """Yield the groups of two or more, in order; what is JSON together parts the others."""
    parts: Iterable[_Group] = ()
    if multiline.kind == "json" or multiline.json:
        from .json_lines import json_groups  # noqa: PLC0415  only where it is asked for

        parts = (_Group(*found) for found in json_groups(multiline, events, _MOST_ID_BYTES))
    if multiline.kind == "json":
        yield from parts
        return
    reading = _read(multiline, events)
    done = 0
    for part in parts:
        yield from _groups_of_lines(multiline, reading, events, range(done, part.start))
        yield part
        done = part.stop
    yield from _groups_of_lines(multiline, reading, events, range(done, len(events)))


def _groups_of_lines(
    multiline: Multiline, reading: _Reading, events: Sequence[LogEvent], among: range
) -> Iterator[_Group]:
    done = among.start  # the place after the last group's
    candidates = reading.candidates
    for number in range(bisect_left(candidates, among.start), bisect_left(candidates, among.stop)):
        place = candidates[number]
        if place < done:
            continue
        before = place - 1
        while before >= done and reading.first(before) is None:
            before -= 1
        # From the line before, if there is one that this one continues, otherwise from this one.
        for start in (before, place):
            state = reading.first(start) if start >= done else None
            if state is not None:
                rest = range(start, among.stop)
                for group in _groups_from(multiline, reading, events, rest, state):
                    done = group.stop
                    if len(group.literals) > 1:
                        yield group
            if done > place:
                break


def _groups_from(
    multiline: Multiline, reading: _Reading, events: Sequence[LogEvent], among: range, state: str
) -> Iterator[_Group]:
    """Yield the group that begins at the first place, and those that go on where it has reached a bound."""
    start = among.start
    longest_gap, most_lines, most_bytes = (
        round(multiline.max_gap * 1000),
        multiline.max_lines,
        multiline.max_bytes,
    )
    always, after, read_next = reading.always, reading.after, reading.next
    literals = [bytes(events[start].message)]
    size = len(literals[0])  # a line feed takes the place of the quotation marks
    empty: list[bytes] = []
    stop, last = start + 1, events[start].timestamp
    for place in among[1:]:
        following = after(state) if place in always else read_next(state, place)
        event = events[place]
        moment = event.timestamp
        if following is None or moment - last > longest_gap:
            break
        last = moment
        literal = bytes(event.message)
        if not following:
            empty.append(literal)
            continue
        state = following
        size += len(literal)
        if empty:
            size += sum(map(len, empty))
            literals += empty
        if place - start >= most_lines or size > most_bytes:
            yield _Group(start, stop, literals[: stop - start])
            start, size, literals = place, len(literal), []
        empty = []
        literals.append(literal)
        stop = place + 1
    yield _Group(start, stop, literals)


def _joined(events: Sequence[LogEvent], literals: Sequence[bytes]) -> list[LogEvent]:
    """Return the log event that some become; several only if there is no room for their ids."""
    first = events[0]
    ids = b",".join([bytes(event.id) for event in events[1:]])
    if len(ids) > _MOST_ID_BYTES and len(events) > 1:
        half = len(events) // 2
        return _joined(events[:half], literals[:half]) + _joined(events[half:], literals[half:])
    try:
        event_ids = _decode_ids(b"[%b]" % ids)
    except ValidationError:  # what CloudWatch never sends, an id that is no string
        event_ids = tuple(_id_of(event) for event in events[1:])
    text = Raw(join_literals(literals))
    return [LogEvent(first.id, first.timestamp, text, event_ids, first.extracted_fields)]


def _id_of(event: LogEvent) -> str:
    literal = bytes(event.id)
    return text_of(literal) if literal[0] == _QUOTE else literal.decode()


def _read(multiline: Multiline, events: Sequence[LogEvent]) -> _Reading:
    if multiline.kind in ("timestamp", "starts-with", "continues-with"):
        return _by_line(_continues(multiline), events)
    return _by_shape(shapes.shape(multiline.kind), events)


def _by_line(continues: Callable[[Raw], object], events: Sequence[LogEvent]) -> _Reading:
    """Read lines of which each says by itself whether it continues another."""
    candidates = [place for place, event in enumerate(events) if continues(event.message)]

    def first(place: int) -> str | None:
        literal = bytes(events[place].message)
        return "line" if literal[0] == _QUOTE and not shapes.is_object(literal) else None

    return _Reading(candidates, {*candidates}, first, lambda _state, _place: None, lambda state: state)


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
    may_continue, indented = shape.may_continue, shape.indented
    candidates = [place for place, event in enumerate(events) if may_continue(event.message)]
    return _Reading(
        candidates,
        {place for place in candidates if indented(events[place].message)},
        lambda place: shape.first(bytes(events[place].message)),
        lambda state, place: shape.next(state, bytes(events[place].message)),
        shape.after_indented.__getitem__,
    )
