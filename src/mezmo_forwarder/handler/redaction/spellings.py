"""Other ways to write the same characters: escapes, and digits, spaces and dashes of other scripts."""

import re
from array import array
from bisect import bisect_left, bisect_right

from handler.texts.literals import text_of

from .rules import Span

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[\"\\/bfnrt])"
)
_ESCAPED_IN_TWO = '"\\\n\t\r\b\f'
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

_ASCII = bytes(range(128))
# Digits of other scripts, and what is as wide as theirs in those of East Asia; spaces and dashes of print.
_FOLDABLE = re.compile(r"(?![0-9])\d|[\uff01-\uff5e\u00a0\u2007\u202f\u2010-\u2015\u2212]")


def is_foldable(literal: bytes) -> bool:
    """Whether `fold` would change a text or a literal, in UTF-8; it is not for those of ASCII alone."""
    foreign = literal.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    return _FOLDABLE.search(foreign) is not None


def fold(text: str) -> str:
    """Write digits, spaces and dashes as ASCII has them, each in its place."""
    if text.isascii() or not is_foldable(text.encode("utf-8", "surrogatepass")):
        return text
    return _FOLDABLE.sub(_folded, text)


def _folded(match: re.Match[str]) -> str:
    character = match[0]
    if character.isdecimal():
        return str(int(character))
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    return "-" if "\u2010" <= character <= "\u2015" or character == "\u2212" else " "


class Literal:
    """The text of a literal, in which whatever has to be escaped was, and by two characters."""

    escapes = 1

    def __init__(self, literal: bytes) -> None:
        self.text = text_of(literal)

    def origin(self, place: int) -> int:
        """Return where in the literal the character of that place begins, or the one before it ends."""
        count = self.text.count
        return place + sum(count(escaped, 0, place) for escaped in _ESCAPED_IN_TWO)


class Unescaped:
    """A text whose escapes are undone, once, and where in the text each character of it stood."""

    def __init__(self, text: str) -> None:
        # Arrays of machine numbers: a text may be made of escapes alone, and memory is scarce.
        self._starts, self._places, self._shifts = array("L"), array("L"), array("L", [0])
        parts: list[str] = []
        end = shift = 0
        for match in _ESCAPE.finditer(text):
            start = match.start()
            parts += (text[end:start], _character(match[0]))
            end = match.end()
            self._starts.append(start)
            self._places.append(start - shift)
            shift += end - start - 1
            self._shifts.append(shift)
        parts.append(text[end:])
        self.text = "".join(parts)
        self.escapes = len(self._starts)

    def origin(self, place: int) -> int:
        """Return where in the text the character of that place begins, or the one before it ends."""
        return place + self._shifts[bisect_left(self._places, place)]

    def whole(self, span: Span) -> Span:
        """Return a span of the text, or as much more as tears no escape apart."""
        start, end = span
        number = bisect_right(self._starts, start) - 1
        if number >= 0 and start < self._end(number):
            start = self._starts[number]
        number = bisect_left(self._starts, end) - 1
        return start, max(end, self._end(number)) if number >= 0 else end

    def _end(self, number: int) -> int:
        return self._starts[number] + 1 + self._shifts[number + 1] - self._shifts[number]


def _character(escape: str) -> str:
    if escape[1] != "u":
        return _ESCAPED.get(escape[1], escape[1])
    if len(escape) > 6:
        return chr(0x10000 + ((int(escape[2:6], 16) - 0xD800) << 10) + int(escape[8:], 16) - 0xDC00)
    return chr(int(escape[2:6], 16))
