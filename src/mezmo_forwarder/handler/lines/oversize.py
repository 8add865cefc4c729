r"""Lines longer than Mezmo keeps: split into parts that fit, each of which says how to put them together.

A part of plain text is a piece of it. A part of a JSON object is a JSON object: a piece of the object's
longest string, and a copy of everything else, so that each part has the level, the trace id and all the rest.
"""

import re

import msgspec
from msgspec import Struct

LONGEST_LINE = 16_384  # bytes of UTF-8, beyond which Mezmo cuts
_LEAST_ROOM = 1024  # for pieces of the longest string; with less, an object is split as plain text

_STRING = re.compile(rb'"((?:[^"\\]++|\\.)*+)"(\s*+:)?', re.DOTALL)
# What may not be torn apart in a JSON string: an escape. Characters of more than one byte come after.
_UNITS = re.compile(rb"(?:[^\\]++|\\u[0-9A-Fa-f]{4}|\\[^u])*+", re.DOTALL)
_HIGH_SURROGATE = re.compile(rb"\\u[dD][89abAB][0-9A-Fa-f]{2}\Z")
_LOW_SURROGATE = re.compile(rb"\\u[dD][c-fC-F][0-9A-Fa-f]{2}")
_ESCAPE_LENGTH = 6


class Parts(Struct, frozen=True):
    """A text in parts.

    The text is the first `head` characters of any part, then of each part what is between its `head` and its
    `tail`, then the last `tail` characters of any part. Both are 0 for plain text.
    """

    texts: list[str]
    head: int = 0
    tail: int = 0


def is_oversize(text: str) -> bool:
    """Whether Mezmo would cut a text."""
    return len(text) > LONGEST_LINE // 4 and len(_encode(text)) > LONGEST_LINE


def split(text: str, longest: int = LONGEST_LINE) -> Parts:
    """Split a text into parts of at most that many bytes of UTF-8, on character boundaries."""
    return _split_object(_encode(text), longest) or Parts(_decode_all(_cut(_encode(text), longest)))


def _split_object(text: bytes, longest: int) -> Parts | None:
    """Split the text of a JSON object into JSON objects, if its longest string makes enough of it."""
    if not (text.startswith(b"{") and text.endswith(b"}") and _is_json(text)):
        return None
    values = (found for found in _STRING.finditer(text) if not found[2])
    value = max(values, key=lambda found: found.end(1) - found.start(1), default=None)
    if value is None:
        return None
    head, tail = text[: value.start(1)], text[value.end(1) :]
    room = longest - len(head) - len(tail)
    if room < _LEAST_ROOM:
        return None
    pieces = _cut_string(value[1], room)
    return Parts(
        _decode_all([b"".join((head, piece, tail)) for piece in pieces]),
        len(_decode(head)),
        len(_decode(tail)),
    )


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _cut(text: bytes, longest: int) -> list[bytes]:
    pieces = []
    start = 0
    while start < len(text):
        end = _before_character(text, start + longest)
        pieces.append(text[start:end])
        start = end
    return pieces


def _cut_string(content: bytes, longest: int) -> list[bytes]:
    """Cut what is between a JSON string's quotes, between characters, however they are written."""
    pieces = []
    start = 0
    while start < len(content):
        match = _UNITS.match(content, start, min(start + longest, len(content)))
        assert match, "the expression matches nothing at least"
        end = _before_character(content, match.end())
        if _HIGH_SURROGATE.search(content, start, end) and _LOW_SURROGATE.match(content, end):
            end -= _ESCAPE_LENGTH
        pieces.append(content[start:end])
        start = end
    return pieces


def _before_character(text: bytes, end: int) -> int:
    """Return the end, or as much less as keeps a character of UTF-8 whole."""
    while end < len(text) and text[end] & 0xC0 == 0x80:
        end -= 1
    return end


def _encode(text: str) -> bytes:
    return text.encode(
        "utf-8", "surrogatepass"
    )  # a lone surrogate passes in the formats of Mezmo's own Lambda


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")


def _decode_all(pieces: list[bytes]) -> list[str]:
    return [_decode(piece) for piece in pieces]
