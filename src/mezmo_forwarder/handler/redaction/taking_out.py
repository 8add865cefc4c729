r"""Taking out of one literal what rules find in its text.

A message is a JSON string literal, often of a text that is JSON itself, and whoever wrote them may have
written `@` as `\u0040` or `\\u0040`. So a text is searched as it reads once its escapes are undone, and then
those that are left, up to `_DEEPEST` times; what is found is taken out of the literal, where it stands, in
whole escapes. Everything else stays as it is, byte for byte. In a text that is JSON only what is within its
strings is replaced, and a number becomes a string: JSON stays JSON.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from .replacements import Replacing
from .rules import Span
from .spellings import Literal, Unescaped, fold

# Times that escapes are undone: those of the literal, of JSON in it, of JSON in that, and once more.
_DEEPEST = 4

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[^\s{}\[\],:"]++', re.DOTALL)


class _Found(Struct, frozen=True):
    """What is to be replaced, by what, and how often escapes were undone to find it."""

    start: int
    end: int
    text: str
    depth: int


def redact_literal(literal: bytes, rules: list[Replacing]) -> bytes | None:
    """Return the literal without what the rules find; None if they find nothing."""
    source = literal[1:-1].decode("utf-8", "surrogatepass")
    undone: list[Literal | Unescaped] = []
    view = source
    while "\\" in view and len(undone) < _DEEPEST:
        level = Unescaped(view) if undone or "\\u" in view or "\\/" in view else Literal(literal)
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
        assert not isinstance(inner, Literal), "that is the first"
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


def _find(text: str, rules: list[Replacing]) -> Iterator[tuple[Span, str]]:
    text = fold(text)
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
