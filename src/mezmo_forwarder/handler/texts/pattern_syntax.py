r"""What a pattern of the user's may hold, and what it says: parsed into what `patterns.py` counts.

The subset: characters; `.`; classes like `[a-z_]` and `[^"]`; `\d \w \s \D \W \S`, which are ASCII, as in
RE2; `\b \B ^ $`; `\t \n \r \f \v \xhh \uhhhh`; an escaped character that is no letter and no digit; `(...)`
and `(?:...)`, which group; `(?P<secret>...)`, of which there is one at most; `|`; `* + ? {n} {n,} {n,m}` and
the same with `?`; `(?i)` in front. No backreferences, no looking around.
"""

import re
from typing import NoReturn

from msgspec import Struct

LONGEST_PATTERN = 500
"""Characters that a pattern may have."""

_MOST_REPEATS = 4096
_DEEPEST = 20

# A set of characters is a number: a bit for each of ASCII, one for all others, and one for the end of the
# pattern, which no character matches.
_OTHERS = 1 << 128
END = 1 << 129
_CHARACTERS = END - 1
_EVERYTHING = END | _CHARACTERS


def _set_of(characters: str) -> int:
    bits = 0
    for character in characters:
        bits |= 1 << ord(character) if character.isascii() else _OTHERS
    return bits


_DIGITS = _set_of("0123456789")
_LETTERS = _set_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WORD = _DIGITS | _LETTERS | _set_of("_")
_SPACE = _set_of(" \t\n\r\f\v")
_CLASSES = {
    "d": _DIGITS,
    "w": _WORD,
    "s": _SPACE,
    "D": _CHARACTERS & ~_DIGITS,
    "W": _CHARACTERS & ~_WORD,
    "S": _CHARACTERS & ~_SPACE,
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_HEX_LENGTHS = {"x": 2, "u": 4}


class PatternError(ValueError):
    """A pattern that is not used; the text names it, the reason and the remedy."""


class Node(Struct, frozen=True):
    """Part of a pattern: the characters it can begin with, and whether it can match the empty text."""

    first: int
    nullable: bool


class Character(Node, frozen=True):
    """One character, of some; `literal` if it can only be that."""

    text: str
    literal: str = ""


class Place(Node, frozen=True):
    """A place between characters, such as `^`."""

    text: str


class Sequence(Node, frozen=True):
    """One after the other."""

    items: list[Node]


class Choice(Node, frozen=True):
    """Either of these."""

    branches: list[Node]


class Secret(Node, frozen=True):
    """What matters of a match."""

    body: Node


class Repeat(Node, frozen=True):
    """As often as this, or, with no `most`, without a limit."""

    body: Node
    least: int
    most: int | None
    lazy: bool


class Parser:
    """Parses one pattern; what it found besides is in its attributes then."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._depth = 0
        self.ignore_case = False
        self.secret = False

    def refuse(self, reason: str, remedy: str) -> NoReturn:
        """Refuse the pattern, by a PatternError."""
        raise PatternError(f"the pattern {self._pattern!r} {reason}; {remedy}")

    def parse(self) -> Node:
        """Return the pattern's parts.

        Raises:
            PatternError: it is none of the subset.
        """
        if len(self._pattern) > LONGEST_PATTERN:
            self.refuse(
                f"has {len(self._pattern)} characters, of which {LONGEST_PATTERN} are allowed", "shorten it"
            )
        if self._pattern.startswith("(?i)"):
            self.ignore_case = True
            self._position = 4
        node = self._choice()
        if self._peek() == ")":
            self.refuse('has a ")" too many', r"write \) for the character")
        if node.nullable:
            self.refuse("matches the empty text", "write + for *, or leave out ?")
        return node

    def _peek(self) -> str:
        return self._pattern[self._position : self._position + 1]

    def _take(self) -> str:
        character = self._peek()
        self._position += 1
        return character

    def _choice(self) -> Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._take()
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        first = 0
        for branch in branches:
            first |= branch.first
        return Choice(first, any(branch.nullable for branch in branches), branches)

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            items.append(self._repeated(self._atom()))
        first, nullable = 0, True
        for item in items:
            if nullable:
                first |= item.first
            nullable = nullable and item.nullable
        return items[0] if len(items) == 1 else Sequence(first, nullable, items)

    def _repeated(self, body: Node) -> Node:
        start = self._position
        limits = self._limits()
        if limits is None:
            return body
        least, most = limits
        if isinstance(body, Place):
            self.refuse("repeats what matches no character", "leave out the repeat")
        if body.nullable:
            self.refuse(
                "repeats what may be empty", "write (?:a+)* as a*, and leave out what is optional twice"
            )
        if isinstance(body, Secret):
            self.refuse("repeats its secret", "put the repeat into the group: (?P<secret>(?:ab)+)")
        lazy = self._peek() == "?"
        if lazy:
            self._take()
        if self._peek() in {"*", "+", "?"} or (self._peek() == "{" and self._limits() is not None):
            repeat = self._pattern[start : self._position + 1]
            self.refuse(f"has {repeat!r}, a repeat of a repeat", "leave out one of them")
        return Repeat(body.first, least == 0, body, least, most, lazy)

    def _limits(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if limits := simple.get(self._peek()):
            self._take()
            return limits
        if self._peek() != "{":
            return None
        found = re.compile(r"\{([0-9]{1,5})(?:(,)([0-9]{1,5})?)?\}").match(self._pattern, self._position)
        if not found:
            self.refuse('has a "{" that is no repeat', r"write \{ for the character")
        self._position = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if max(least, most or 0) > _MOST_REPEATS or most == 0 or (most is not None and most < least):
            self.refuse(
                f"has the repeat {found[0]}", f"give limits from small to large, up to {_MOST_REPEATS}"
            )
        return least, most

    def _atom(self) -> Node:  # noqa: PLR0911  one for each kind
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == ".":
            return Character(_CHARACTERS & ~_set_of("\n"), nullable=False, text=".")
        if character in {"^", "$"}:
            return Place(_EVERYTHING, nullable=True, text="^" if character == "^" else r"\Z")
        if character in {"*", "+", "?", "{"}:
            self.refuse(
                f"has {character!r} with nothing before it to repeat",
                f"write \\{character} for the character",
            )
        if character == "\\":
            if self._peek() in {"b", "B"}:
                return Place(_EVERYTHING, nullable=True, text="\\" + self._take())
            escaped, bits = self._escape()
            if bits is not None:
                return Character(bits, nullable=False, text="\\" + escaped)
            character = escaped
        bits = self._both_cases(_set_of(character))
        return Character(
            bits, nullable=False, text=re.escape(character), literal="" if self.ignore_case else character
        )

    def _group(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            self.refuse(f"has groups more than {_DEEPEST} deep", "write it with fewer")
        secret = False
        if self._peek() == "?":
            for beginning in ("?:", "?P<secret>"):
                if self._pattern.startswith(beginning, self._position):
                    self._position += len(beginning)
                    secret = beginning != "?:"
                    break
            else:
                self.refuse(
                    f"has {self._pattern[self._position - 1 : self._position + 3]!r}, which is not supported",
                    "there are (...), (?:...), one (?P<secret>...), and (?i) in front",
                )
        if secret and self.secret:
            self.refuse("has two secrets", "give one, or two patterns")
        self.secret |= secret
        node = self._choice()
        if self._take() != ")":
            self.refuse('has a "(" that is not closed', r"write \( for the character")
        self._depth -= 1
        return Secret(node.first, node.nullable, node) if secret else node

    def _escape(self) -> tuple[str, int | None]:
        """Return the character that is escaped, or the letter of a class and its set."""
        character = self._take()
        if bits := _CLASSES.get(character):
            return character, bits
        if control := _CONTROLS.get(character):
            return control, None
        if length := _HEX_LENGTHS.get(character):
            digits = self._pattern[self._position : self._position + length]
            self._position += length
            if (
                not re.fullmatch(f"[0-9A-Fa-f]{{{length}}}", digits)
                or "\ud800" <= chr(int(digits, 16)) <= "\udfff"
            ):
                self.refuse("has " + repr(f"\\{character}{digits}"), r"write \x40 or \u20ac for a character")
            return chr(int(digits, 16)), None
        if not character:
            self.refuse(r'ends in "\"', r"write \\ for the character")
        if not character.isascii() or character.isalnum():
            self.refuse(
                "has " + repr(f"\\{character}") + ", which is not supported",
                r"there are \d \w \s \D \W \S \b \B \t \n \r \f \v \xhh \uhhhh and escaped punctuation",
            )
        return character, None

    def _class(self) -> Node:
        negated = self._peek() == "^"
        if negated:
            self._take()
        bits, text = 0, ""
        while (character := self._take()) != "]":
            low = self._class_item(character)
            if isinstance(low, tuple):
                bits |= low[1]
                text += low[0]
                continue
            high = low
            if self._peek() == "-" and self._pattern[self._position + 1 : self._position + 2] not in {
                "]",
                "",
            }:
                self._take()
                end = self._class_item(self._take())
                if isinstance(end, tuple) or end < low:
                    self.refuse("has a class with a range from large to small", r"write \- for the character")
                high = end
            for point in range(ord(low), min(ord(high), 127) + 1):
                bits |= 1 << point
            bits |= _OTHERS if not high.isascii() else 0
            text += re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}"
        if not text:
            self.refuse("has an empty class", r"write \[ or \] for the character")
        bits = self._both_cases(bits)
        if negated:
            # Of the characters beyond ASCII some may be left.
            bits = (_CHARACTERS & ~bits) | _OTHERS
        return Character(bits, nullable=False, text=f"[{'^' if negated else ''}{text}]")

    def _class_item(self, character: str) -> str | tuple[str, int]:
        if not character or character == "[":
            self.refuse('has a "[" that is not closed, or one in a class', r"write \[ for the character")
        if character != "\\":
            return character
        escaped, bits = self._escape()
        return escaped if bits is None else ("\\" + escaped, bits)

    def _both_cases(self, bits: int) -> int:
        if not self.ignore_case:
            return bits
        upper, lower = 0x3FFFFFF << 65, 0x3FFFFFF << 97
        return bits | (bits & upper) << 32 | (bits & lower) >> 32
