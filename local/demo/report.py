"""The demo's result, as a table in the terminal and as one static HTML page."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from local.demo.reconciliation import Identity, Row, of_event, of_line
from local.demo.sample_events import Event
from local.mezmo import CommittedLine
from mezmo_forwarder_commands.preview.mezmo_view import shown
from mezmo_forwarder_commands.preview.notes import Note
from mezmo_forwarder_commands.preview.page import Page, render
from mezmo_forwarder_commands.preview.preview import Entry, Line
from mezmo_forwarder_commands.preview.preview import Event as SeenEvent

COLUMNS = [field.name.replace("_", " ") for field in fields(Row)]


def verdict(rows: Sequence[Row]) -> str:
    """Say in a sentence whether everything reconciles."""
    written = sum(row.written for row in rows)
    arrived = sum(row.written - row.missing for row in rows)
    share = 100 * arrived / written if written else 0
    told = f"{arrived} of {written} events arrived ({share:.2f} %)"
    return (
        f"{told}, each once, none flagged" if all(row.is_whole for row in rows) else f"{told}: NOT reconciled"
    )


def table(rows: Sequence[Row]) -> str:
    """Set the rows out in columns."""
    cells = [COLUMNS, *([str(value) for value in astuple(row)] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )


def example(lines: Sequence[CommittedLine]) -> str:
    """Show one line as it was sent: the first in JSON, since its inside is what Mezmo parses."""
    chosen = next((line for line in lines if line.line.startswith("{")), lines[0] if lines else None)
    return json.dumps(chosen.fields, indent=2, ensure_ascii=False) if chosen else "no line arrived"


def write_page(
    path: Path, rows: Sequence[Row], events: Iterable[Event], lines: Sequence[CommittedLine]
) -> None:
    """Write the same as one HTML page, with every event beside the line that arrived."""
    page = Page(
        title="mezmo-forwarder demo",
        summary=verdict(rows),
        entries=[*entries(events, lines)],
        table=[COLUMNS, *([str(value) for value in astuple(row)] for row in rows)],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(page), encoding="utf-8")


def entries(events: Iterable[Event], lines: Iterable[CommittedLine]) -> Iterator[Entry]:
    """Put each event and its line side by side; what has no counterpart says so."""
    arrived: defaultdict[Identity, list[CommittedLine]] = defaultdict(list)
    for line in lines:
        arrived[of_line(line)].append(line)
    for event in events:
        found = arrived[of_event(event)]
        if found:
            yield Entry([_event(event, found[0])], [_line(found.pop(0))], [])
        else:
            yield Entry([_event(event, None)], [], [Note("warning", "did not arrive")])
    for line in (line for left in arrived.values() for line in left):
        yield Entry([], [_line(line)], [Note("warning", "arrived without a counterpart")])


def _event(event: Event, line: CommittedLine | None) -> SeenEvent:
    meta = (line.meta if line else None) or {}
    filters = meta.get("filters")
    return SeenEvent(
        owner=str(meta.get("owner", "")),
        group=event.log_group,
        stream=event.log_stream,
        filters=[*map(str, filters)] if isinstance(filters, list) else [],
        id=str(meta.get("event_id", "")),
        timestamp=event.timestamp,
        message=event.message,
    )


def _line(line: CommittedLine) -> Line:
    fields: dict[str, object] = {**line.fields}
    return Line(line.hostname or None, ",".join(line.tags), fields, shown(fields))
