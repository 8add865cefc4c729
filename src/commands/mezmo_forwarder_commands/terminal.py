"""What every command prints in a terminal."""

import os
from collections.abc import Callable
from typing import TextIO

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}


def wants_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose user has not asked for no colour."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def visible(text: str) -> str:
    """Return the text with escapes for all that a terminal might obey, or that would not be seen."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}")


def painter(*, colour: bool) -> Callable[[str, str], str]:
    """Return what colours a text by the code of an ANSI sequence; where there is no colour, it leaves it."""
    return _paint if colour else _plain


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if text else text


def _plain(text: str, _code: str) -> str:
    return text
