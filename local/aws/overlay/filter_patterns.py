"""CloudWatch Logs filter patterns: the part of the grammar that this stack knows. The rest is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TERM = r'(?:"(?:[^"\\]|\\.)*"|\w+)'
_TERMS = re.compile(rf"(?:{_TERM}\s+)*{_TERM}")
_ANY_TERM = re.compile(rf"(?:\?{_TERM}\s+)*\?{_TERM}")
_JSON = re.compile(
    r'\{\s*\$\.(?P<path>[\w.-]+)\s*(?P<operator>!?=)\s*(?P<value>"(?:[^"\\*]|\\.)*"|-?\d+(?:\.\d+)?)\s*\}'
)


class UnsupportedPatternError(ValueError):
    """The pattern may be right in AWS, but matching it is not simulated here."""


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return the function that says whether a message matches.

    Known: the empty pattern, terms that must all be in the message (`ERROR "exit 1"`), terms of which one
    must be (`?ERROR ?WARN`), and one comparison of a JSON property (`{ $.level = "ERROR" }`, also `!=` and
    numbers). Raises UnsupportedPatternError for every other pattern.
    """
    pattern = pattern.strip()
    if not pattern:
        return lambda _message: True
    if _ANY_TERM.fullmatch(pattern):
        some = _terms(pattern)
        return lambda message: any(term in message for term in some)
    if _TERMS.fullmatch(pattern):
        every = _terms(pattern)
        return lambda message: all(term in message for term in every)
    comparison = _JSON.fullmatch(pattern)
    if comparison is None:
        raise UnsupportedPatternError(
            f"The local stack does not simulate the filter pattern {pattern!r}: it knows the empty pattern, "
            'terms, any term (?A ?B) and one comparison of a JSON property ({ $.level = "ERROR" }).'
        )
    path = comparison["path"].split(".")
    expected: object = json.loads(comparison["value"])
    wanted = comparison["operator"] == "="
    return lambda message: _compare(message, path, expected, wanted=wanted)


def _terms(pattern: str) -> list[str]:
    return [
        re.sub(r"\\(.)", r"\1", term[1:-1]) if term.startswith('"') else term
        for term in re.findall(_TERM, pattern)
    ]


def _compare(message: str, path: list[str], expected: object, *, wanted: bool) -> bool:
    try:
        value = json.loads(message)
    except ValueError:
        return False
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return (value == expected) is wanted
