"""Patterns of the user's."""

import re

from msgspec import Struct

LONGEST_PATTERN = 500

# What JSON and regular expressions write as it is.
_PLAIN = re.compile(r"[\w ,:;=@#%&<>!'~-]+", re.ASCII)


class PatternError(ValueError):
    """A pattern that is not used; the text names it, the reason and the remedy."""


class Pattern(Struct, frozen=True, eq=False):
    """A pattern.

    Args:
        expression: to search with.
        needle: a text that every match contains, or nothing; JSON writes it as it is.
    """

    expression: re.Pattern[str]
    needle: str


def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern.

    Raises:
        PatternError: it is none, or too long.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise PatternError(
            f"the pattern {pattern[:40]!r}... has {len(pattern)} characters; give at most {LONGEST_PATTERN}"
        )
    try:
        return Pattern(re.compile(pattern, re.ASCII), pattern if _PLAIN.fullmatch(pattern) else "")
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"{pattern!r} is no pattern: {error}; correct it") from error
