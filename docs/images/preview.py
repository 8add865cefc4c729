"""The page of `mezmo-forwarder preview --html`, drawn from what it shows.

A photograph of it would be another with each version of the browser and each set of fonts. So this is drawn,
from the same preview of the same sample events as the page, with the columns that page.css gives it.
"""

import json
from datetime import UTC, datetime

from docs.images import samples
from docs.images.drawing import MONO_WIDTH, Drawing
from mezmo_forwarder_commands.preview.preview import Entry

WIDTH = 860
_COLUMNS = {"Time (UTC)": (14, 12), "CloudWatch event": (112, 33), "Level": (372, 5), "Host": (424, 8),
            "App": (492, 8), "Line at Mezmo": (556, 40)}  # fmt: skip
"""Where a column begins, in pixels, and how many characters it has room for."""

_TONES = {"ERROR": "bad", "WARN": "kept", "INFO": "good"}
_ROW = 22
_TEXT = 18
_UNFOLDED = 0
"""The number of the entry that is shown unfolded."""


def picture() -> str:
    """Return the picture."""
    preview = samples.seen()
    entries = sorted(preview.entries, key=lambda entry: entry.events[0].timestamp)
    rows = sum(max(len(entry.events), len(entry.lines)) for entry in entries)
    panel = _panel(entries[_UNFOLDED])
    drawing = Drawing(
        WIDTH,
        138 + rows * _ROW + panel + 20,
        "The page of mezmo-forwarder preview",
        "Log events of CloudWatch beside the lines that Mezmo gets for them, with their level, host and app, "
        "and what was done: redacted, filtered, joined.",
    )
    drawing.text(14, 34, "mezmo-forwarder preview", "head")
    drawing.text(254, 34, preview.summary, tone="text")
    for x, text, tone in ((14, "destination", "soft"), (96, "Log Analysis", "text"), (196, "format", "soft"),
                          (248, preview.settings.line_format, "text")):  # fmt: skip
        drawing.text(x, 58, text, tone=tone)
    drawing.line((1, 72), (WIDTH - 1, 72))
    _controls(drawing)
    drawing.line((1, 112), (WIDTH - 1, 112))
    for name, (x, _) in _COLUMNS.items():
        drawing.text(x, 130, name, tone="soft")
    y = 138.0
    for number, entry in enumerate(entries):
        drawing.line((1, y), (WIDTH - 1, y))
        for place in range(max(len(entry.events), len(entry.lines))):
            _row(drawing, y, entry, place)
            y += _ROW
            if number == _UNFOLDED and place == 0:
                _unfolded(drawing, y, entry)
                y += panel
    return drawing.svg()


def _controls(drawing: Drawing) -> None:
    x = 14.0
    for width, text in ((190, "Filter by text"), (92, "All hosts  ▾"), (88, "All apps  ▾"),
                        (96, "All levels  ▾"), (130, "Anything done  ▾")):  # fmt: skip
        drawing.field(x, 79, width, 26, text)
        x += width + 8
    drawing.text(x + 4, 96, "☑ Events beside lines", tone="soft")


def _row(drawing: Drawing, y: float, entry: Entry, place: int) -> None:
    """Draw one row: an event, and the line beside it, as page.js puts them."""
    base = y + 15
    event = entry.events[place] if place < len(entry.events) else None
    line = entry.lines[place] if place < len(entry.lines) else None
    moment = event.timestamp if event else entry.events[0].timestamp
    clock = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")[11:23]
    cells = [("Time (UTC)", clock, "soft")]
    if event:
        cells.append(("CloudWatch event", event.message, "text" if line else "soft"))
    done = [note for note in entry.notes if note.kind != "names"] if place == 0 else []
    notes = "".join(f" · {note.kind}" if line else f"· {note.kind}: {note.text}" for note in done)
    x, room = _COLUMNS["Line at Mezmo"]
    text = ""
    if line:
        severity = line.shown.severity
        cells.append(("Level", severity, _TONES.get(severity, "soft")))
        cells += [("Host", line.hostname or "", "soft"), ("App", line.shown.app, "soft")]
        text = _cut(line.shown.text, room - len(notes))
        cells.append(("Line at Mezmo", text, "text"))
    for name, value, tone in cells:
        drawing.text(_COLUMNS[name][0], base, _cut(value, _COLUMNS[name][1]), "mono", tone=tone)
    drawing.text(x + MONO_WIDTH * len(text), base, notes, "mono", tone="ours" if line else "soft")


def _unfolded(drawing: Drawing, y: float, entry: Entry) -> None:
    """Draw what a row shows when it is opened: on the left the event, on the right the line."""
    drawing.panel(1, y, WIDTH - 2, _panel(entry))
    for number, note in enumerate(entry.notes):
        drawing.text(14, y + 20 + _TEXT * number, f"{note.kind}: {note.text}", "mono")
    top = y + 30 + _TEXT * len(entry.notes)
    for x, title, text, pairs in _sections(entry):
        drawing.text(x, top, title, "title", tone="soft")
        texts = _in_lines(text)
        drawing.field(x, top + 8, 406, _TEXT * len(texts) + 8)
        for number, one in enumerate(texts):
            drawing.text(x + 8, top + 25 + _TEXT * number, one, "mono", within=392)
        for number, (name, value) in enumerate(pairs, len(texts)):
            drawing.text(x, top + 36 + _TEXT * number, name, "mono", tone="soft")
            drawing.text(x + 124, top + 36 + _TEXT * number, _cut(value, 38), "mono", within=282)


def _panel(entry: Entry) -> int:
    """Return how high an opened row is."""
    return 60 + _TEXT * (
        len(entry.notes) + max(len(_in_lines(text)) + len(pairs) for *_, text, pairs in _sections(entry))
    )


def _sections(entry: Entry) -> list[tuple[int, str, str, list[tuple[str, str]]]]:
    """Return what is drawn of an event and of its line: from where, the title, the text, names and values."""
    (event,), (line,) = entry.events, entry.lines
    meta = line.fields["meta"]
    assert isinstance(meta, dict)
    time = datetime.fromtimestamp(event.timestamp / 1000, UTC).isoformat(timespec="milliseconds")
    told = [("time", time.replace("+00:00", "Z")), ("group", event.group), ("stream", event.stream),
            ("account", event.owner), ("id", event.id), ("filters", ", ".join(event.filters))]  # fmt: skip
    made = [("host", line.hostname or ""), *((name, str(line.fields[name])) for name in ("timestamp", "app")),
            *((f"meta.{name}", json.dumps(value).strip('"')) for name, value in meta.items())]  # fmt: skip
    return [
        (14, "CloudWatch event", event.message, told),
        (440, "Line at Mezmo", str(line.fields["line"]), made),
    ]


def _in_lines(text: str) -> list[str]:
    return [text[start : start + 52] for start in range(0, len(text), 52)]


def _cut(text: str, most: int) -> str:
    text = text.rstrip().replace("\n", " ↵ ").replace("\t", " ")
    return text if len(text) <= most else text[: most - 1] + "…"
