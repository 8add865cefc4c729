r"""JSON printed over several lines: log events that are one object or array together.

The first begins with the bracket, at its very beginning, and leaves it open; the last one closes it. Each
event is read twice at the most: one that begins so again ends what was open as none. What would pass a bound,
or is no valid JSON together, stays as it came. What was cut within a string is put together without a line
feed.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
from msgspec import Raw

from handler.settings import Multiline
from handler.texts.literals import join_literals, text_of, trim

from .documents import LogEvent

# An array's bracket is alone, or before another: [INFO] is none.
_BEGINS = re.compile(rb'"(?:\{|\[(?:\\[nrt]| )*+["{\[])')
_QUOTE = 0x22
_INDENTS = (b'" ', b'"\\t')
_CLOSING = (b'"}', b'"]')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_STRING_S_REST = re.compile(r'(?:[^"\\]|\\.)*+"', re.DOTALL)


class JsonGroup(NamedTuple):
    """Log events that are JSON together: their places, from `start` to before `stop`, and their text."""

    start: int
    stop: int
    literals: list[bytes]


def json_groups(multiline: Multiline, events: Sequence[LogEvent], most_id_bytes: int) -> Iterator[JsonGroup]:
    """Yield those of two log events or more, in order.

    Args:
        multiline: how far they may go.
        events: the log events.
        most_id_bytes: the most bytes of the ids of all but the first.
    """
    begins = _BEGINS.match
    done = 0
    # Most that begins with a brace is whole.
    for place in [place for place, event in enumerate(events) if begins(event.message)]:
        if place >= done and not trim(bytes(events[place].message)).endswith(b'}"'):
            group = _indented(multiline, events, place) or _group_from(multiline, events, place)
            if (
                group is not None
                and group.stop - place > 1
                and _fits(multiline, events, group, most_id_bytes)
            ):
                done = group.stop
                yield group


def _fits(multiline: Multiline, events: Sequence[LogEvent], group: JsonGroup, most_id_bytes: int) -> bool:
    """Whether a group is within the bounds that are not of single log events."""
    some = events[group.start : group.stop]
    longest_gap = round(multiline.max_gap * 1000)
    times = [event.timestamp for event in some]
    if times[-1] - times[0] > longest_gap and any(b - a > longest_gap for a, b in pairwise(times)):
        return False
    return sum([len(bytes(event.id)) + 1 for event in some[1:]]) <= most_id_bytes


def _indented(multiline: Multiline, events: Sequence[LogEvent], start: int) -> JsonGroup | None:
    """Return the log events from a place on as JSON is mostly printed; None if they may be JSON otherwise.

    The first that is not indented closes what the first one of all has opened.
    """
    literals = [bytes(events[start].message)]
    size = len(literals[0])
    for place in range(start + 1, min(start + multiline.max_lines, len(events))):
        literal = bytes(events[place].message)
        literals.append(literal)
        size += len(literal)
        if size > multiline.max_bytes:
            return None
        if not literal.startswith(_INDENTS):
            closed = literal.startswith(_CLOSING) and _is_json(join_literals(literals))
            return JsonGroup(start, place + 1, literals) if closed else None
    return None


def _group_from(multiline: Multiline, events: Sequence[LogEvent], start: int) -> JsonGroup | None:
    """Return the log events from a place on that are JSON together; None if there are none."""
    literals: list[bytes] = []
    depth, in_string = 0, False
    size = 0
    for place in range(start, min(start + multiline.max_lines, len(events))):
        literal = bytes(events[place].message)
        size += len(literal)
        if literal[0] != _QUOTE or (place > start and (size > multiline.max_bytes or _BEGINS.match(literal))):
            return None
        if in_string:
            literals[-1] = literals[-1][:-1] + literal[1:]
        else:
            literals.append(literal)
        depth, in_string = _read(text_of(literal), depth, in_string=in_string)
        if depth <= 0 and not in_string:
            return JsonGroup(start, place + 1, literals) if _is_json(join_literals(literals)) else None
    return None


def _read(text: str, depth: int, *, in_string: bool) -> tuple[int, bool]:
    """Return how many brackets are open after a text, and whether a string is."""
    if in_string:
        rest = _STRING_S_REST.match(text)
        if rest is None:
            return depth, True
        text = text[rest.end() :]
    text, open_quote, _ = _STRING.sub("", text).partition('"')
    depth += text.count("{") + text.count("[") - text.count("}") - text.count("]")
    return depth, bool(open_quote)


def _is_json(literal: bytes) -> bool:
    try:
        msgspec.json.decode(text_of(literal).encode("utf-8", "replace"), type=Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
