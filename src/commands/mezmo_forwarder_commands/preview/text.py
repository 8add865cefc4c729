"""The preview in a terminal: events on the left, lines on the right."""

import shutil
import unicodedata
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, zip_longest
from typing import TextIO

from mezmo_forwarder_commands.terminal import painter, visible

from .notes import Note
from .preview import Entry, Event, Line, Preview

_IN_A_PIPE = 120
_NARROWEST = 60
_WIDEST_UNCUT = 80  # beyond which a longer event moves its line to the right
_LEVEL_WIDTH = 5
_TIME_WIDTH = 18
_AROUND = _TIME_WIDTH + len("  ") + len(" │ ") + _LEVEL_WIDTH + len(" ")  # columns beside the two texts
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COLOURS = {"TRACE": "2", "DEBUG": "36", "INFO": "32", "WARN": "33", "ERROR": "31", "FATAL": "1;31"}
_INDENT = " " * (_TIME_WIDTH + 2)
_DIM, _BOLD = "2", "1"
_NOTE_COLOUR = "34"
_NOTE_COLOURS = {"filtered": "35", "warning": "33"}


def width_of(stream: TextIO, asked: int | None) -> int:
    """Return the columns to fill; 0 for any number."""
    if asked is not None:
        return 0 if asked <= 0 else max(asked, _NARROWEST)
    return max(shutil.get_terminal_size().columns, _NARROWEST) if stream.isatty() else _IN_A_PIPE


def render(seen: Preview, *, width: int, colour: bool) -> Iterator[str]:
    """Yield the lines of the text.

    Args:
        seen: what to show.
        width: columns; 0 to cut nothing.
        colour: whether to colour by ANSI sequences.
    """
    half = (width - _AROUND) // 2
    if not width:
        widths = (_width(_message(event)) for entry in seen.entries for event in entry.events)
        half = min(max(widths, default=0), _WIDEST_UNCUT)
    return _Writer(seen, half, bool(width), painter(colour=colour)).write()


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes a preview in columns.

    Args:
        seen: what to show.
        half: columns of an event, and of a line.
        cut: whether what is longer is cut.
        paint: colours a text.
    """

    seen: Preview
    half: int
    cut: bool
    paint: Callable[[str, str], str]

    def write(self) -> Iterator[str]:
        def place(entry: Entry) -> tuple[str, str, str]:
            event = entry.events[0]
            return event.owner, event.group, event.stream

        for (_, group, stream), some in groupby(self.seen.entries, key=place):
            entries = list(some)
            yield f"{self.paint(visible(group), _BOLD)}  {self.paint(visible(stream), _DIM)}"
            heads = {_head(line) for entry in entries for line in entry.lines}
            common = len(heads) == 1
            yield from (f"  → {head}" for head in heads if common)
            names = {note for entry in entries for note in entry.notes if note.kind == "names"}
            said = names if len(names) == 1 else set()
            yield from (f"  {self._note(note)}" for note in said)
            yield ""
            for entry in entries:
                yield from self._entry(entry, with_head=not common, said=said)
            yield ""
        yield self.seen.summary

    def _entry(self, entry: Entry, *, with_head: bool, said: Container[Note]) -> Iterator[str]:
        for event, line in zip_longest(entry.events, entry.lines):
            yield self._row(event, line)
        for line in entry.lines if with_head else []:
            yield _INDENT + self.paint(f"→ {_head(line)}", _DIM)
        for note in entry.notes:
            if note not in said:
                yield _INDENT + self._note(note)

    def _note(self, note: Note) -> str:
        colour = _NOTE_COLOURS.get(note.kind, _NOTE_COLOUR)
        return self.paint(f"{note.kind}: {visible(note.text)}", colour)

    def _row(self, event: Event | None, line: Line | None) -> str:
        time = clock(event.timestamp) if event else ""
        left = self._fit(_message(event)) if event else ""
        level, colour, right = "", _DIM, "∅"
        if line:
            level, colour = line.shown.severity or line.shown.level, _COLOURS.get(line.shown.severity, _DIM)
            right = self._fit(visible(str(line.fields.get("line", ""))))
        return (
            f"{self.paint(time.ljust(_TIME_WIDTH), _DIM)}  {_pad(left, self.half)} {self.paint('│', _DIM)} "
            f"{self.paint(visible(level)[:_LEVEL_WIDTH].ljust(_LEVEL_WIDTH), colour)} {right}"
        ).rstrip()

    def _fit(self, text: str) -> str:
        return _fit(text, self.half) if self.cut else text


def _message(event: Event) -> str:
    return visible(event.message.rstrip("\r\n"))


def _head(line: Line) -> str:
    """Say what Mezmo files a line under."""
    parts = [("host", line.hostname), ("app", line.shown.app), ("env", line.fields.get("env"))]
    parts.append(("tags", line.tags))
    return visible("  ".join(f"{name} {value}" for name, value in parts if value))


def clock(timestamp: int) -> str:
    """Return month, day and time in UTC, to the millisecond."""
    try:
        return (_EPOCH + timedelta(milliseconds=timestamp)).strftime("%m-%d %H:%M:%S.%f")[:-3]
    except OverflowError:
        return str(timestamp)


def _fit(text: str, width: int) -> str:
    """Cut a text to some columns, an ellipsis in the last one."""
    if len(text) <= width and _width(text) <= width:
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
