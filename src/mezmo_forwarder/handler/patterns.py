"""Patterns that users give, compiled."""

import re

LONGEST_PATTERN = 512


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a user's pattern.

    Raises:
        ValueError: it is none, or too long.
    """
    if len(text) > LONGEST_PATTERN:
        raise ValueError(
            f"the pattern {text[:40]!r}... has {len(text)} characters; give at most {LONGEST_PATTERN}"
        )
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is no pattern: {error}") from error
