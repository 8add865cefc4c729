"""The preview in a terminal: events on the left, lines on the right."""

import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TextIO

from .preview import Entry, Event, Line, Preview

_Paint = Callable[[str, str], str]  # colours a text, by the code of an ANSI sequence

_IN_A_PIPE = 120
_NARROWEST = 60
_LEVEL_WIDTH = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COLOURS = {"TRACE": "2", "DEBUG": "36", "INFO": "32", "WARN": "33", "ERROR": "31", "FATAL": "1;31"}
_DIM, _BOLD = "2", "1"
_NOTE_COLOURS = {"filtered": "35", "warning": "33"}
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}


def width_of(stream: TextIO, asked: int | None) -> int:
    """Return the columns to fill; 0 for any number."""
    if asked is not None:
        return 0 if asked <= 0 else max(asked, _NARROWEST)
    return max(shutil.get_terminal_size().columns, _NARROWEST) if stream.isatty() else _IN_A_PIPE


def wants_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose user has not asked for no colour."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def render(seen: Preview, *, width: int, colour: bool) -> Iterator[str]:
    """Yield the lines of the text.

    Args:
        seen: what to show.
        width: columns; 0 to cut nothing.
        colour: whether to colour by ANSI sequences.
    """
    paint = _paint if colour else _plain

    def place(entry: Entry) -> tuple[str, str, str]:
        event = entry.events[0]
        return event.owner, event.group, event.stream

    half = (width - 3 - _LEVEL_WIDTH - 14) // 2 if width else max(
        (_width(_visible(entry.events[0].message)) for entry in seen.entries), default=0
    )
    for (_, group, stream), some in groupby(seen.entries, key=place):
        entries = list(some)
        yield f"{paint(_visible(group), _BOLD)}  {paint(_visible(stream), _DIM)}"
        heads = {_head(seen, line) for entry in entries for line in entry.lines}
        head = heads.pop() if len(heads) == 1 else None
        if head:
            yield f"  → {_visible(head)}"
        yield ""
        for entry in entries:
            yield from _entry(seen, entry, head, half, bool(width), paint)
        yield ""
    yield seen.summary


def _entry(
    seen: Preview, entry: Entry, head: str | None, half: int, cut: bool, paint: _Paint
) -> Iterator[str]:
    rows = max(len(entry.events), len(entry.lines))
    for row in range(rows):
        event = entry.events[row] if row < len(entry.events) else None
        line = entry.lines[row] if row < len(entry.lines) else None
        yield _row(event, line, half, cut, paint)
    for line in entry.lines if head is None else []:
        yield f"{' ' * 15}{paint('→ ' + _visible(_head(seen, line)), _DIM)}"
    for note in entry.notes:
        yield f"{' ' * 15}{paint(f'{note.kind}: {_visible(note.text)}', _NOTE_COLOURS.get(note.kind, '34'))}"


def _row(event: Event | None, line: Line | None, half: int, cut: bool, paint: _Paint) -> str:
    time = clock(event.timestamp) if event else ""
    left = _fit(_visible(event.message.rstrip("\r\n")), half, cut) if event else ""
    shown = line.shown if line else None
    level = (shown.severity or shown.level)[:_LEVEL_WIDTH] if shown else ""
    text = str(line.fields.get("line", "")) if line else ""
    right = _fit(_visible(text), half, cut) if line else "∅"
    return (
        f"{paint(time.ljust(12), _DIM)}  {_pad(left, half)} {paint('│', _DIM)} "
        f"{paint(level.ljust(_LEVEL_WIDTH), _COLOURS.get(shown.severity, _DIM) if shown else _DIM)} {right}"
    ).rstrip()


def _head(seen: Preview, line: Line) -> str:
    """Say what Mezmo files a line under."""
    settings = seen.settings
    parts = [("host", line.hostname), ("app", line.shown.app), ("env", line.fields.get("env"))]
    parts.append(("tags", ",".join(settings.tags) if line.hostname is not None else ""))
    return "  ".join(f"{name} {value}" for name, value in parts if value)


def clock(timestamp: int) -> str:
    """Return the time of day in UTC, to the millisecond."""
    try:
        return (_EPOCH + timedelta(milliseconds=timestamp)).strftime("%H:%M:%S.%f")[:-3]
    except OverflowError:
        return str(timestamp)


def _visible(text: str) -> str:
    """Return the text with escapes for all that a terminal might obey, or that would not be seen."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}")


def _fit(text: str, width: int, cut: bool) -> str:
    """Cut a text to some columns, an ellipsis in the last one."""
    if not cut or (len(text) <= width and text.isascii()) or _width(text[: 2 * width]) <= width >= len(text):
        return text
    kept, used = [], 0
    for character in text:
        used += _columns(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if text else text


def _plain(text: str, _code: str) -> str:
    return text
