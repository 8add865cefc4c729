r"""Patterns of the user's: a subset of Python's regular expressions whose time is bounded.

Python's `re` goes back and tries again, and a careless pattern takes it time that grows with the square of a
text, or with a power of two. So a pattern is parsed here, the steps it can take are counted, and it is
refused when they are too many. `patterns.ts` counts the same way, at synthesis.

**The subset**: characters; `.`; classes like `[a-z_]` and `[^"]`; `\d \w \s \D \W \S`, which are ASCII, as in
RE2; `\b \B ^ $`; `\t \n \r \f \v \xhh \uhhhh`; an escaped character that is no letter and no digit; `(...)`
and `(?:...)`, which group; `(?P<secret>...)`, of which there is one at most; `|`; `* + ? {n} {n,} {n,m}` and
the same with `?`; `(?i)` in front. No backreferences, no looking around.

**The bound**: let the *steps* of an expression be how long it can take at one place in a text, whatever the
text, and its *ways* how often it can succeed there, each time otherwise. Of one after the other, steps are s1
+ w1 s2 and ways w1 w2, since each way of the first may try the second. Of `|`, both are added, or, where the
next character decides which it is, the ways are those of the largest. What has one way and is repeated up to
n times takes n times its steps. Where the next character decides whether to go on, because what is repeated
cannot begin with what follows, that has one way, and is compiled so that `re` does not go back into it
(`*+`). Otherwise each length is a way. What begins with literal text can only begin so often: steps are
divided by that text's period. The result is for each character of a text, and at most `MOST_STEPS`; a step is
a nanosecond or two.

**Repeats without a limit** get one, the largest of `_REACHES` with which the pattern stays below that. At a
pattern's end they go on as far as they can: what they pass is matched, and never looked at again.
"""

import re
from typing import NoReturn

from msgspec import Struct

MOST_STEPS = 2048
"""How many steps a pattern may take for each character of a text."""

LONGEST_PATTERN = 500
"""Characters that a pattern may have."""

_REACHES = (4096, 2048, 1024, 512, 256, 128, 64)
# Steps, in the time that it takes `re` to pass one character in a run of them.
_ONE = 2
_AGAIN = 6
_MOST_REPEATS = 4096
_DEEPEST = 20
_HUGE = 10**9

# A set of characters is a number: a bit for each of ASCII, one for all others, and one for the end of the
# pattern, which no character matches.
_OTHERS = 1 << 128
_END = 1 << 129
_CHARACTERS = _END - 1
_EVERYTHING = _END | _CHARACTERS


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

# What a needle is not made of: JSON has two ways to write these.
_AMBIGUOUS = '"\\/'


class PatternError(ValueError):
    """A pattern that is not used; the text names it, the reason and the remedy."""


class Pattern(Struct, frozen=True, eq=False):
    """A pattern whose time is bounded.

    Args:
        expression: to search with; its group `secret`, if it has one, is what matters of a match.
        steps: how many characters it looks at, at most, for each of a text.
        reach: how often a repeat without a limit repeats, but at the end of the pattern.
        needle: a text that every match contains, or nothing.
        secret: whether it has that group.
    """

    expression: re.Pattern[str]
    steps: int
    reach: int
    needle: str
    secret: bool


def compile_pattern(pattern: str) -> Pattern:
    """Check and compile a pattern.

    Raises:
        PatternError: it is none of the subset, or would take too long.
    """
    parser = _Parser(pattern)
    node = parser.parse()
    needle, start, period = _literals(node)
    for reach in _REACHES:
        cost = _cost(node, _END, reach)
        steps = len(start) * _ONE + -(-cost.steps // period)
        if steps <= MOST_STEPS:
            flags = re.ASCII | (re.IGNORECASE if parser.ignore_case else re.NOFLAG)
            return Pattern(re.compile(cost.text, flags), steps, reach, needle, parser.secret)
    shown = f"{steps:,}" if steps < _HUGE else "more than a billion"
    parser.refuse(
        f"takes up to {shown} steps for each character of a text, of which {MOST_STEPS:,} are allowed",
        'limit repeats ({1,9}); let what follows a repeat be what it cannot match, as in [^"]*" for .*"; or '
        "leave out .* at the beginning",
    )
    raise AssertionError


class _Node(Struct, frozen=True):
    """Part of a pattern: the characters it can begin with, and whether it can match the empty text."""

    first: int
    nullable: bool


class _Character(_Node, frozen=True):
    text: str
    literal: str = ""


class _Place(_Node, frozen=True):
    text: str


class _Sequence(_Node, frozen=True):
    items: list[_Node]


class _Choice(_Node, frozen=True):
    branches: list[_Node]


class _Secret(_Node, frozen=True):
    body: _Node


class _Repeat(_Node, frozen=True):
    body: _Node
    least: int
    most: int | None
    lazy: bool


class _Cost(Struct, frozen=True):
    text: str
    steps: int
    ways: int


def _cost(node: _Node, follow: int, reach: int) -> _Cost:
    """Write a part of a pattern for `re`, and count; `follow` is what can come after it."""
    match node:
        case _Character() | _Place():
            return _Cost(node.text, _ONE, 1)
        case _Secret():
            inner = _cost(node.body, follow, reach)
            return _Cost(f"(?P<secret>{inner.text})", inner.steps, inner.ways)
        case _Choice():
            costs = [_cost(branch, follow, reach) for branch in node.branches]
            steps, ways = sum(cost.steps for cost in costs) + len(costs), sum(cost.ways for cost in costs)
            if _next_decides(node.branches):
                ways = max(cost.ways for cost in costs)
            return _Cost(f"(?:{'|'.join(cost.text for cost in costs)})", min(steps, _HUGE), min(ways, _HUGE))
        case _Repeat():
            return _cost_of_repeat(node, follow, reach)
        case _Sequence():
            text, steps, ways = "", 0, 1
            for item in reversed(node.items):
                cost = _cost(item, follow, reach)
                text = cost.text + text
                steps += _AGAIN if cost.ways > 1 else 0
                steps, ways = min(cost.steps + cost.ways * steps, _HUGE), min(cost.ways * ways, _HUGE)
                follow = item.first | (follow if item.nullable else 0)
            return _Cost(text, steps, ways)
    raise AssertionError(node)


def _next_decides(branches: list[_Node]) -> bool:
    seen = 0
    for branch in branches:
        if branch.nullable or seen & branch.first:
            return False
        seen |= branch.first
    return True


def _cost_of_repeat(node: _Repeat, follow: int, reach: int) -> _Cost:
    least, most = node.least, node.most if node.most is not None else max(reach, node.least)
    again = node.body.first if most > 1 else 0
    body = _cost(node.body, follow | again, reach)
    text = body.text if isinstance(node.body, _Character) else f"(?:{body.text})"
    decided = not node.body.first & follow
    if node.most is None and follow == _END and not node.lazy and isinstance(node.body, _Character):
        return _Cost(f"{text}{{{least},}}+", least + _ONE, 1)
    if body.ways > 1:
        steps, ways, power = _ONE, 1 if least == 0 else 0, 1
        for count in range(1, most + 1):
            steps, power = steps + power * body.steps, power * body.ways
            ways += power if count >= least else 0
            if steps > _HUGE:
                break
        steps, ways = min(steps, _HUGE), min(ways, _HUGE)
    else:
        each = 1 if isinstance(node.body, _Character) else body.steps
        steps = min(most * each + _ONE, _HUGE)
        ways = 1 if decided or least == most else most - least + 1
    once = decided and body.ways == 1
    lazy = node.lazy and not (once and not follow & _END)
    how = "?" if lazy else "+" if once else ""
    return _Cost(f"{text}{{{least},{most}}}{how}", steps, ways)


def _literals(node: _Node) -> tuple[str, str, int]:
    """Return a text that each match contains, the text it begins with, and how close two of these can be."""
    runs = [""]
    for item in node.items if isinstance(node, _Sequence) else [node]:
        if isinstance(item, _Character) and item.literal:
            runs[-1] += item.literal
        elif not isinstance(item, _Place):
            runs.append("")
    start = runs[0]
    plain = (part for run in runs for part in re.split(r'[^ -~]|["\\/]', run))
    period = next((shift for shift in range(1, len(start)) if start.startswith(start[shift:])), len(start))
    return max(plain, key=len), start, max(period, 1)


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._depth = 0
        self.ignore_case = False
        self.secret = False

    def refuse(self, reason: str, remedy: str) -> NoReturn:
        raise PatternError(f"the pattern {self._pattern!r} {reason}; {remedy}")

    def parse(self) -> _Node:
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

    def _choice(self) -> _Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._take()
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        first = 0
        for branch in branches:
            first |= branch.first
        return _Choice(first, any(branch.nullable for branch in branches), branches)

    def _sequence(self) -> _Node:
        items: list[_Node] = []
        while self._peek() not in {"", "|", ")"}:
            items.append(self._repeated(self._atom()))
        first, nullable = 0, True
        for item in items:
            if nullable:
                first |= item.first
            nullable = nullable and item.nullable
        return items[0] if len(items) == 1 else _Sequence(first, nullable, items)

    def _repeated(self, body: _Node) -> _Node:
        start = self._position
        limits = self._limits()
        if limits is None:
            return body
        least, most = limits
        if isinstance(body, _Place):
            self.refuse("repeats what matches no character", "leave out the repeat")
        if body.nullable:
            self.refuse(
                "repeats what may be empty", "write (?:a+)* as a*, and leave out what is optional twice"
            )
        if isinstance(body, _Secret):
            self.refuse("repeats its secret", "put the repeat into the group: (?P<secret>(?:ab)+)")
        lazy = self._peek() == "?"
        if lazy:
            self._take()
        if self._peek() in {"*", "+", "?"} or (self._peek() == "{" and self._limits() is not None):
            repeat = self._pattern[start : self._position + 1]
            self.refuse(f"has {repeat!r}, a repeat of a repeat", "leave out one of them")
        return _Repeat(body.first, least == 0, body, least, most, lazy)

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

    def _atom(self) -> _Node:  # noqa: PLR0911  one for each kind
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == ".":
            return _Character(_CHARACTERS & ~_set_of("\n"), nullable=False, text=".")
        if character in {"^", "$"}:
            return _Place(_EVERYTHING, nullable=True, text="^" if character == "^" else r"\Z")
        if character in {"*", "+", "?", "{"}:
            self.refuse(
                f"has {character!r} with nothing before it to repeat",
                f"write \\{character} for the character",
            )
        if character == "\\":
            if self._peek() in {"b", "B"}:
                return _Place(_EVERYTHING, nullable=True, text="\\" + self._take())
            escaped, bits = self._escape()
            if bits is not None:
                return _Character(bits, nullable=False, text="\\" + escaped)
            character = escaped
        bits = self._both_cases(_set_of(character))
        return _Character(
            bits, nullable=False, text=re.escape(character), literal="" if self.ignore_case else character
        )

    def _group(self) -> _Node:
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
        return _Secret(node.first, node.nullable, node) if secret else node

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

    def _class(self) -> _Node:
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
        return _Character(bits, nullable=False, text=f"[{'^' if negated else ''}{text}]")

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
