r"""Redaction: what must not leave is taken out of messages and names before they become lines.

Most messages hold nothing: for those of a piece, joined, each rule looks for a few bytes that it cannot do
without, and only those that have them are searched (`taking_out.py`). All of it takes time in proportion to a
message's length.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import accumulate

from handler.settings import Redact
from handler.texts.literals import literal_of, text_of

from .replacements import key_of, replacing_of
from .rules import SHAPES, Needle
from .spellings import is_foldable
from .taking_out import redact_literal

_MOST_ROUNDS = 4
_SEARCHED_AT_ONCE = 29_000  # bytes; from 30,000 on Python looks for short bytes in another, slower way

# But of control characters, which are often of a colour.
_UNICODE_ESCAPE = re.compile(rb"\\(?=u(?!00[01]))")


class Redactor:
    """Redacts by rules.

    Args:
        redact: the rules.
        environment: where the variable with the key of hashes is.

    Raises:
        SettingsError: a rule or its pattern is none, or a hash has no key.
    """

    def __init__(self, redact: Redact, environment: Mapping[str, str] = os.environ) -> None:
        self._rules = [replacing_of(redaction, key_of(redact, environment)) for redaction in redact.rules]
        self._all = range(len(self._rules))
        self._ready_made = {number for number in self._all if self._rules[number].ready_made}
        self._everywhere: set[int] = set()
        self._needles: dict[Needle, list[int]] = {}
        self._hints: list[tuple[re.Pattern[bytes], int]] = []
        for number, replacing in enumerate(self._rules):
            rule = replacing.rule
            for needle in rule.needles:
                self._needles.setdefault(needle, []).append(number)
            self._hints += [(hint, number) for hint in rule.hints]
            if not (rule.needles or rule.hints):
                self._everywhere.add(number)
        self._shapes = any(needle.shape for needle in self._needles)

    def redact(self, literal: bytes) -> bytes:
        """Redact the literal of a text."""
        return self.redact_all([literal])[0]

    def redact_text(self, text: str) -> str:
        """Redact a text, a name for example."""
        literal = literal_of(text)
        redacted = self.redact(literal)
        return text if redacted is literal else text_of(redacted)

    def redact_all(self, literals: list[bytes]) -> list[bytes]:
        """Redact the literals of some texts; those in which nothing is found are the same objects."""
        redacted: list[bytes] = []
        start = size = 0
        for end, literal in enumerate(literals):
            size += len(literal) + 1
            if size > _SEARCHED_AT_ONCE and start < end:
                redacted += self._redact_some(literals[start:end])
                start, size = end, len(literal) + 1
        return redacted + self._redact_some(literals[start:])

    def _redact_some(self, literals: list[bytes]) -> list[bytes]:
        suspects = self._suspects(literals)
        for _ in range(_MOST_ROUNDS):
            changed = []
            for line, numbers in suspects.items():
                rules = [self._rules[number] for number in sorted(numbers)]
                redacted = redact_literal(literals[line], rules) if rules else None
                if redacted is not None:
                    literals[line] = redacted
                    changed.append(line)
            if not changed:
                break
            # What is left may look otherwise without its neighbours. A pattern may match its replacement.
            again = self._suspects([literals[line] for line in changed])
            suspects = {changed[place]: numbers & self._ready_made for place, numbers in again.items()}
        return literals

    def _suspects(self, literals: list[bytes]) -> dict[int, set[int]]:
        """Return the literals that may hold something, and by which rules."""
        joined = b"\n".join(literals)  # no line feed is in a literal, but as an escape
        ends = [*accumulate(map(len, literals))]
        ends = [end + line for line, end in enumerate(ends, 1)]
        suspects: dict[int, set[int]] = {}
        if self._everywhere:
            suspects = {line: {*self._everywhere} for line in range(len(literals))}
        shapes = joined.translate(SHAPES) if self._shapes else b""
        for needle, numbers in self._needles.items():
            text, find, unless = needle.text, (shapes if needle.shape else joined).find, needle.unless
            position = find(text)
            while position >= 0:
                if unless and (other := unless.match(joined, position)):
                    position = find(text, other.end())
                    continue
                line = bisect_right(ends, position)
                suspects.setdefault(line, set()).update(numbers)
                position = find(text, ends[line])
        for hint, number in self._hints:
            match = hint.search(joined)
            while match:
                line = bisect_right(ends, match.start())
                suspects.setdefault(line, set()).add(number)
                match = hint.search(joined, ends[line])
        for line in _obscure(joined, literals, ends):
            suspects[line] = {*self._all}
        return suspects


@lru_cache(maxsize=64)
def redactor_of(redact: Redact) -> Redactor:
    """Return the redactor of some rules, made once."""
    return Redactor(redact)


def _obscure(joined: bytes, literals: list[bytes], ends: list[int]) -> Iterator[int]:
    r"""Yield the literals that may write needles otherwise: as `\u0040`, or with digits of another script."""
    match = _UNICODE_ESCAPE.search(joined)
    while match:
        line = bisect_right(ends, match.start())
        yield line
        match = _UNICODE_ESCAPE.search(joined, ends[line])
    if not joined.isascii():
        for line, literal in enumerate(literals):
            if not literal.isascii() and is_foldable(literal):
                yield line
