"""What a line is: CloudWatch's log events in one of the line formats, encoded."""

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import Raw, Struct, structs

from handler.events.documents import LogEvent, Received
from handler.settings import Settings
from handler.texts.literals import EMPTY, WHITE, literal_of, text_of, trim

from .batches import Piece
from .format import Format, Marks, marks_of
from .mezmo_lambda import mezmo_lambda
from .names import Names, redactor_for
from .standard import standard

_QUOTE = 0x22
_PIECE_SIZE = 1 << 16
_LINE_COST = 200  # bytes by which a line is larger than CloudWatch's log event, or so

# A literal is at least as long as its text in UTF-8: one that is not longer than this is no oversize line.
_LONGEST_LITERAL = 16_384 + 2


def encode_lines(
    settings: Settings, received: Received, names: Names, *, filtered: Callable[[str], None]
) -> Iterator[Piece]:
    """Turn a document's log events into lines.

    Args:
        settings: which format, and what it may be configured with.
        received: the document.
        names: what its lines are called.
        filtered: told the reason, once for each log event that becomes no line.

    Yields:
        The lines, in the order of their events, in pieces of some 64 KiB, small enough for the processor's
        cache; a line that is larger is a piece of its own.
    """
    form = _format(settings, received, names)
    events = received.document.log_events
    step = max(1, int(_PIECE_SIZE / (received.size / len(events) + _LINE_COST))) if events else 1
    for start in range(0, len(events), step):
        some = _timed(settings, events[start : start + step])
        if piece := _regular_piece(form, received, some, start):
            yield piece
        else:
            yield from _one_by_one(settings, form, received, some, start=start, filtered=filtered)


def split_line(settings: Settings, piece: Piece, names: Names) -> list[Piece]:
    """Split a line that Mezmo finds too large, whatever the settings say of oversize lines.

    Args:
        settings: which format.
        piece: one line.
        names: what the document's lines are called.

    Returns:
        Its parts, a piece each; nothing if it is not longer than one of them.
    """
    (place,) = piece.events
    (event,) = _timed(settings, [piece.source.document.log_events[place]])
    form = _format(settings, piece.source, names)
    (line,) = msgspec.json.decode(piece.array, type=list[_LineText])
    literal = form.body(event, *_texts(form, [event]))
    # A part has a text other than its log event's.
    if bytes(line.line) != literal or len(literal) <= _LONGEST_LITERAL:
        return []
    parts = _oversize(form, event, literal, "split")
    return [Piece.of([part], piece.source, place) for part in parts] if len(parts) > 1 else []


def _timed(settings: Settings, events: Sequence[LogEvent]) -> Sequence[LogEvent]:
    """Return log events at the times that their lines have."""
    if settings.timestamp_field is None:
        return events
    from .message_time import message_time  # noqa: PLC0415  only where it is asked for

    return message_time(settings.timestamp_field).timed(events)


class _LineText(Struct):
    line: Raw


def _regular_piece(form: Format, received: Received, events: Sequence[LogEvent], start: int) -> Piece | None:
    """Make a line of each log event, all at once; None if one of them needs more care."""
    if form.array is None:
        return None
    literals = [
        trim(literal) if literal.endswith(WHITE) else literal
        for literal in [bytes(event.message) for event in events]
    ]
    if {literal[0] for literal in literals} != {_QUOTE}:
        return None
    if not _are_regular(literals):
        return None
    if form.redact:
        literals = form.redact(literals)
        if not _are_regular(literals):
            return None
    return Piece(form.array(events, literals), len(literals), received, start)


def _are_regular(literals: list[bytes]) -> bool:
    lengths = [*map(len, literals)]
    return min(lengths) > len(EMPTY) and max(lengths) <= _LONGEST_LITERAL and sum(lengths) <= 2 * _PIECE_SIZE


def _one_by_one(
    settings: Settings,
    form: Format,
    received: Received,
    events: Sequence[LogEvent],
    *,
    start: int,
    filtered: Callable[[str], None],
) -> Iterator[Piece]:
    standard = settings.line_format == "standard"
    oversize = settings.oversize_lines or ("split" if standard else "whole")
    lines: list[bytes] = []
    places: list[int] = []
    size = 0
    for place, (event, text) in enumerate(zip(events, _texts(form, events), strict=True), start):
        if text == form.nothing:
            filtered("empty")
            continue
        literal = form.body(event, text)
        long = oversize != "whole" and len(literal) > _LONGEST_LITERAL
        made = _oversize(form, event, literal, oversize) if long else [form.line(event, literal)]
        size += sum(map(len, made))
        if size > _PIECE_SIZE and lines:
            yield Piece.of(lines, received, places[0], places)
            lines, places = [], []
            size = sum(map(len, made))
        lines += made
        places += [place] * len(made)
    if lines:
        yield Piece.of(lines, received, places[0], places)


def _texts(form: Format, events: Sequence[LogEvent]) -> list[bytes]:
    literals = [form.text(_message(event)) for event in events]
    return form.redact(literals) if form.redact else literals


def _message(event: LogEvent) -> bytes:
    literal = bytes(event.message)
    # What CloudWatch never sends, a message that is no string, goes as its JSON text.
    return literal if literal[-1] == _QUOTE else literal_of(literal.decode())


def _oversize(form: Format, event: LogEvent, literal: bytes, policy: str) -> list[bytes]:
    """Make the lines of a log event whose text may be longer than Mezmo keeps."""
    from . import oversize  # noqa: PLC0415  rarely needed

    text = text_of(literal)
    if not oversize.is_oversize(text):
        return [form.line(event, literal)]
    parts = oversize.split(text)
    marks: Marks = {"event_id": event.id}
    ids = marks_of(event)
    if "event_timestamp" in ids:
        marks["event_timestamp"] = ids.pop("event_timestamp")
    first = parts.texts[0]
    if policy == "truncate":
        left_out = len(text.encode("utf-8", "replace")) - len(first.encode("utf-8", "replace"))
        return [
            form.part(
                event,
                literal,
                literal_of(first),
                marks | ids | {"truncated_bytes": left_out},
                event.timestamp,
            )
        ]
    marks |= {"parts": len(parts.texts), "part_head": parts.head, "part_tail": parts.tail}
    # A millisecond apart, so that their order is that of their times.
    return [
        # What would make each part larger than its text stands in the first one alone.
        form.part(
            event,
            literal,
            literal_of(part),
            marks | {"part": number + 1} | ({} if number else ids),
            event.timestamp + number,
        )
        for number, part in enumerate(parts.texts)
    ]


def _format(settings: Settings, received: Received, names: Names) -> Format:
    if settings.line_format == "standard":
        form = standard(settings, names, lone_surrogates=received.lone_surrogates)
    else:
        envelope = settings.line_format == "mezmo-lambda" and settings.destination.kind == "log-analysis"
        timed = settings.timestamp_field is not None
        form = mezmo_lambda(names.document, envelope=envelope, timed=timed)
    redactor = redactor_for(settings)
    return structs.replace(form, redact=redactor.redact_all) if redactor else form
