"""What is put in the place of what a rule finds."""

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from handler.errors import SettingsError
from handler.settings import Redact, Redaction
from handler.texts.pattern_syntax import PatternError
from handler.texts.patterns import compile_pattern

from .rules import RULES, Needle, Rule, Span

_SHORTEST_TO_KEEP_OF = 12  # characters; of less, the last four would be a large part
_HASH_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


class Replacing(Struct, frozen=True, eq=False):
    """A rule, and what it puts in the place of what it finds."""

    rule: Rule
    replacement: Callable[[str], str]
    ready_made: bool


def replacing_of(redaction: Redaction, key: bytes | None) -> Replacing:
    """Return what the settings ask for.

    Args:
        redaction: the settings.
        key: of hashes; see `key_of`.

    Raises:
        SettingsError: there is no such rule, or its pattern is none.
    """
    if redaction.pattern is not None:
        rule = _rule_of(redaction.pattern)
    elif redaction.rule in RULES:
        rule = RULES[redaction.rule]
    else:
        raise SettingsError(
            f"redact: there is no rule {redaction.rule!r}; there are {', '.join(RULES)}, or give it a pattern"
        )
    return Replacing(rule, _replacement(redaction, key), redaction.pattern is None)


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


def key_of(redact: Redact, environment: Mapping[str, str]) -> bytes | None:
    """Return the key of hashes; None where none is kept.

    Raises:
        SettingsError: a rule keeps a hash, and there is no key.
    """
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
