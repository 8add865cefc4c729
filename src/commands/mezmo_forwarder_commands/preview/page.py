"""The preview as one static page: it loads nothing, and what stands in a log stays text.

All that is from events or settings is in one block of JSON in ASCII, where no character can end it. The
script sets it as text alone, and the page's policy allows no other script, no other style and no address.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources

from .preview import Entry, Line, Preview

_LARGEST_NUMBER = 2**53  # beyond which JavaScript rounds
_IN_MARKUP = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows.

    Args:
        title: its heading, a constant.
        summary: a sentence beside it.
        entries: events and lines.
        facts: names and values, in short.
        table: rows of cells above the lines, of which the first is the head; none for no table.
    """

    title: str
    summary: str
    entries: Sequence[Entry]
    facts: Sequence[tuple[str, str]] = ()
    table: Sequence[Sequence[str]] = field(default=())


def of_preview(seen: Preview) -> Page:
    """Return the page of a preview."""
    settings = seen.settings
    kind = {"log-analysis": "Log Analysis", "pipeline": "Pipeline"}[settings.destination.kind]
    facts = [("destination", kind), ("format", settings.line_format)]
    return Page("mezmo-forwarder preview", seen.summary, seen.entries, facts)


def render(page: Page) -> str:
    """Return the page's HTML."""
    files = resources.files(__package__)
    style, script, html = (
        files.joinpath(f"page.{kind}").read_text("utf-8") for kind in ("css", "js", "html")
    )
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    title = page.title
    return html % {"policy": policy, "title": title, "style": style, "data": _data(page), "script": script}


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data(page: Page) -> str:
    places: dict[tuple[str, str, str, tuple[str, ...]], int] = {}
    entries = []
    # In the order of their times, as a log view has them; a group's own order stays.
    for entry in sorted(page.entries, key=_time):
        events = [
            {
                "place": places.setdefault(
                    (event.owner, event.group, event.stream, tuple(event.filters)), len(places)
                ),
                "time": event.timestamp,
                "id": event.id,
                "message": event.message,
            }
            for event in entry.events
        ]
        notes = [(note.kind, note.text) for note in entry.notes]
        message = entry.events[0].message if entry.events else None
        entries.append((events, [_line(line, message) for line in entry.lines], notes))
    document = {
        "summary": page.summary,
        "facts": page.facts,
        "table": page.table or None,
        "places": [*places],
        "entries": entries,
    }
    return json.dumps(document, separators=(",", ":")).translate(_IN_MARKUP)


def _time(entry: Entry) -> int:
    """Return an entry's time, of its event or else of its line."""
    if entry.events:
        return entry.events[0].timestamp
    timestamp = entry.lines[0].fields.get("timestamp") if entry.lines else 0
    return timestamp if isinstance(timestamp, int) else 0


def _line(line: Line, message: str | None) -> dict[str, object]:
    """Return a line; a text that is the event's, or shown as it is, is left out."""
    shown, text = line.shown, str(line.fields.get("line", ""))
    return {
        "time": line.fields.get("timestamp"),
        "host": line.hostname or "",
        "tags": line.tags,
        "app": shown.app,
        "level": shown.level,
        "severity": shown.severity,
        "from": shown.level_from,
        "shown": None if shown.text == text else shown.text,
        "text": None if text == message else text,
        "rest": _exact({name: value for name, value in line.fields.items() if name != "line"}),
    }


def _exact(value: object) -> object:
    """Return the value with numbers that JavaScript would round as texts."""
    if isinstance(value, dict):
        return {name: _exact(one) for name, one in value.items()}
    if isinstance(value, list):
        return [*map(_exact, value)]
    return str(value) if isinstance(value, int) and abs(value) > _LARGEST_NUMBER else value
