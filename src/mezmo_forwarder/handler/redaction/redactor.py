r"""Redaction: what must not leave is taken out of messages and names before they become lines.

A message is a JSON string literal, often of a text that is JSON itself, and whoever wrote them may have
written `@` as `\u0040` or `\\u0040`. So a text is searched as it reads once its escapes are undone, and then
those that are left, up to `_DEEPEST` times; what is found is taken out of the literal, where it stands, in
whole escapes. Everything else stays as it is, byte for byte. In a text that is JSON only what is within its
strings is replaced, and a number becomes a string: JSON stays JSON.

All of it takes time in proportion to a message's length. Most messages hold nothing: for those of a piece,
joined, each rule looks for a few bytes that it cannot do without, and only those that have them are searched.
"""

import os
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate

import msgspec
from msgspec import Struct

from handler.errors import SettingsError
from handler.settings import Redact, Redaction
from handler.texts.literals import literal_of, text_of
from handler.texts.patterns import PatternError, compile_pattern

from .rules import RULES, SHAPES, Needle, Rule, Span

_DEEPEST = (
    4  # times that escapes are undone: those of the literal, of JSON in it, of JSON in that, and once more
)
_MOST_ROUNDS = 4
_SEARCHED_AT_ONCE = 29_000  # bytes; from 30,000 on Python looks for short bytes in another, slower way
_SHORTEST_TO_KEEP_OF = 12  # characters; of less, the last four would be a large part
_HASH_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[\"\\/bfnrt])"
)
_ESCAPED_IN_TWO = '"\\\n\t\r\b\f'
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

# But of control characters, which are often of a colour.
_UNICODE_ESCAPE = re.compile(rb"\\(?=u(?!00[01]))")

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[^\s{}\[\],:"]++', re.DOTALL)

_ASCII = bytes(range(128))
# Digits of other scripts, and what is as wide as theirs in those of East Asia; spaces and dashes of print.
_FOLDABLE = re.compile(r"(?![0-9])\d|[\uff01-\uff5e\u00a0\u2007\u202f\u2010-\u2015\u2212]")


class _Found(Struct, frozen=True):
    """What is to be replaced, by what, and how often escapes were undone to find it."""

    start: int
    end: int
    text: str
    depth: int


class _Replacing(Struct, frozen=True, eq=False):
    """A rule, and what it puts in the place of what it finds."""

    rule: Rule
    replacement: Callable[[str], str]
    ready_made: bool


class Redactor:
    """Redacts by rules.

    Args:
        redact: the rules.
        environment: where the variable with the key of hashes is.

    Raises:
        SettingsError: a rule or its pattern is none, or a hash has no key.
    """

    def __init__(self, redact: Redact, environment: Mapping[str, str] = os.environ) -> None:
        self._rules = [_replacing(redaction, _key(redact, environment)) for redaction in redact.rules]
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
                redacted = _redact(literals[line], rules) if rules else None
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
            if not literal.isascii() and _is_foldable(literal):
                yield line


def _is_foldable(literal: bytes) -> bool:
    foreign = literal.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    return _FOLDABLE.search(foreign) is not None


def _fold(text: str) -> str:
    """Write digits, spaces and dashes as ASCII has them, each in its place."""
    if text.isascii() or not _is_foldable(text.encode("utf-8", "surrogatepass")):
        return text
    return _FOLDABLE.sub(_folded, text)


def _folded(match: re.Match[str]) -> str:
    character = match[0]
    if character.isdecimal():
        return str(int(character))
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    return "-" if "\u2010" <= character <= "\u2015" or character == "\u2212" else " "


class _Literal:
    """The text of a literal, in which whatever has to be escaped was, and by two characters."""

    escapes = 1

    def __init__(self, literal: bytes) -> None:
        self.text = text_of(literal)

    def origin(self, place: int) -> int:
        """Return where in the literal the character of that place begins, or the one before it ends."""
        count = self.text.count
        return place + sum(count(escaped, 0, place) for escaped in _ESCAPED_IN_TWO)


class _Unescaped:
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


def _redact(literal: bytes, rules: list[_Replacing]) -> bytes | None:
    """Return the literal without what the rules find; None if they find nothing."""
    source = literal[1:-1].decode("utf-8", "surrogatepass")
    undone: list[_Literal | _Unescaped] = []
    view = source
    while "\\" in view and len(undone) < _DEEPEST:
        level = _Unescaped(view) if undone or "\\u" in view or "\\/" in view else _Literal(literal)
        if not level.escapes:
            break
        undone.append(level)
        view = level.text
    text = undone[0].text if undone else source
    is_json: bool | None = None
    found: list[_Found] = []
    for depth in range(max(len(undone), 1), 0, -1):
        # Depth 1 is the text. Each level's spans are of its own text; those of the next were brought to it.
        inner = undone[depth] if depth < len(undone) else None
        assert not isinstance(inner, _Literal), "that is the first"
        if depth == 1 and inner:
            # What is between the escapes of JSON nobody reads: it is searched without them, deeper.
            is_json = _is_json(text)
            if is_json:
                break
        here = undone[depth - 1].text if undone else source
        for span, replacement in _find(here, rules):
            found.append(_Found(*(inner.whole(span) if inner else span), replacement, depth))
        if depth > 1:
            outer = undone[depth - 1]
            found = [
                _Found(outer.origin(one.start), outer.origin(one.end), one.text, one.depth) for one in found
            ]
    if not found:
        return None
    pieces: Iterable[tuple[int, int, str]] = _merge(found)
    if _is_json(text) if is_json is None else is_json:
        pieces = _within_tokens(pieces, text)
    parts: list[str] = []
    end = 0
    for start, stop, replacement in pieces:
        if undone:
            start, stop = undone[0].origin(start), undone[0].origin(stop)  # noqa: PLW2901  from text to literal
        parts += (source[end:start], replacement.replace('"', '\\"'))
        end = stop
    parts.append(source[end:])
    redacted = "".join(parts)
    return None if redacted == source else b'"%b"' % redacted.encode("utf-8", "surrogatepass")


def _find(text: str, rules: list[_Replacing]) -> Iterator[tuple[Span, str]]:
    text = _fold(text)
    for replacing in rules:
        for start, end in replacing.rule.spans(text):
            if start < end:
                yield (start, end), replacing.replacement(text[start:end])


def _merge(found: list[_Found]) -> Iterator[tuple[int, int, str]]:
    """Put together what overlaps; it is named by what was found deepest."""
    found.sort(key=lambda one: (one.start, -one.end))
    group = found[0]
    for one in found[1:]:
        if one.start < group.end:
            named = one if one.depth > group.depth else group
            group = _Found(group.start, max(group.end, one.end), named.text, named.depth)
        else:
            yield group.start, group.end, group.text
            group = one
    yield group.start, group.end, group.text


def _within_tokens(found: Iterable[tuple[int, int, str]], text: str) -> Iterator[tuple[int, int, str]]:
    """Cut what was found in JSON to what is in its strings; a number becomes a string."""
    found = [*found]
    if "\\" not in text and all(
        text.count('"', 0, start) % 2 and '"' not in text[start:end] for start, end, _ in found
    ):
        yield from found  # each in one string
        return
    tokens = _TOKEN.finditer(text)
    token = next(tokens, None)
    done = 0
    for start, end, replacement in found:
        while token and token.start() < end:
            if token.end() > start:
                if token[0][0] == '"':
                    left, right = max(start, token.start() + 1), min(end, token.end() - 1)
                    if left < right:
                        yield left, right, replacement
                elif token.start() >= done:
                    yield token.start(), token.end(), f'"{replacement}"'
                    done = token.end()
            if token.end() > end:
                break  # the next may be in it too
            token = next(tokens, None)


def _is_json(text: str) -> bool:
    """Whether a text is a JSON object or array, or one in each line."""
    text = text.strip()
    if not text.startswith(("{", "[")) or not text.endswith(("}", "]")):
        return False
    return _is_one_json(text) or (
        "\n" in text and all(_is_one_json(line) for line in text.split("\n") if line.strip())
    )


def _is_one_json(text: str) -> bool:
    try:
        msgspec.json.decode(text.encode("utf-8", "replace"))
    except RecursionError:
        return True  # cut as JSON is, what is none is only cut finer
    except msgspec.DecodeError:
        if "\\u" not in text:
            return False
        import json  # noqa: PLC0415  only for a lone surrogate, which others take

        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
    return True


def _replacing(redaction: Redaction, key: bytes | None) -> _Replacing:
    if redaction.pattern is not None:
        rule = _rule_of(redaction.pattern)
    elif redaction.rule in RULES:
        rule = RULES[redaction.rule]
    else:
        raise SettingsError(
            f"redact: there is no rule {redaction.rule!r}; there are {', '.join(RULES)}, or give it a pattern"
        )
    return _Replacing(rule, _replacement(redaction, key), redaction.pattern is None)


def _rule_of(pattern: str) -> Rule:
    try:
        compiled = compile_pattern(pattern)
    except PatternError as error:
        raise SettingsError(f"redact: {error}") from error
    search, group = compiled.expression.finditer, "secret" if compiled.secret else 0

    def spans(text: str) -> Iterator[Span]:
        for match in search(text):
            # A secret that is optional, and not there, leaves the whole match.
            yield match.span(group) if match[group] is not None else match.span()

    return Rule(spans, (Needle(compiled.needle.encode()),) if compiled.needle else ())


def _key(redact: Redact, environment: Mapping[str, str]) -> bytes | None:
    if not any(redaction.keep == "hash" for redaction in redact.rules):
        return None
    key = environment.get(redact.key_variable) if redact.key_variable else None
    if not key:
        raise SettingsError(
            f"redact: a rule keeps a hash, and its key is not in the variable {redact.key_variable!r}; "
            "without one, whoever reads a hash of a card number or an address finds it by trying them all"
        )
    return key.encode()


def _replacement(redaction: Redaction, key: bytes | None) -> Callable[[str], str]:
    name = redaction.rule
    if redaction.keep == "hash":
        import hmac  # noqa: PLC0415  only for hashes

        assert key is not None, "a hash without a key was refused"

        def hashed(text: str) -> str:
            digest = hmac.digest(key, _essence(text).encode("utf-8", "surrogatepass"), "sha256").hex()
            # In letters, so that no rule takes it for a number.
            return f"[redacted:{name}:{digest[:16].translate(_HASH_LETTERS)}]"

        return hashed
    if redaction.keep == "last-four":

        def last_four(text: str) -> str:
            kept = "".join(filter(str.isalnum, filter(str.isascii, text)))
            return (
                f"[redacted:{name}:{kept[-4:]}]"
                if len(kept) >= _SHORTEST_TO_KEEP_OF
                else f"[redacted:{name}]"
            )

        return last_four
    fixed = f"[redacted:{name}]" if redaction.text is None else redaction.text
    return lambda _: fixed


def _essence(text: str) -> str:
    """Return what two ways to write a number have in common."""
    return re.sub("[ -]", "", text)
