"""The demo's result, as a table in the terminal and as one static HTML page."""

import json
from collections.abc import Sequence
from dataclasses import astuple, fields
from html import escape
from pathlib import Path

from local.demo.reconciliation import Row
from local.mezmo import CommittedLine

COLUMNS = [field.name.replace("_", " ") for field in fields(Row)]

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>CloudWatch to Mezmo, reconciled</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 60rem; padding: 0 1rem }}
  table {{ border-collapse: collapse }}
  th, td {{ padding: .4rem 1rem; border-bottom: 1px solid #ccc; text-align: right }}
  th:first-child, td:first-child {{ text-align: left; font-family: monospace }}
  pre {{ background: #f4f4f4; padding: 1rem; overflow-x: auto }}
</style>
<h1>{verdict}</h1>
<table>
<tr>{head}</tr>
{body}
</table>
<h2>A line, as Mezmo gets it</h2>
<pre>{example}</pre>
</html>
"""


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


def write_page(path: Path, rows: Sequence[Row], lines: Sequence[CommittedLine]) -> None:
    """Write the same as one HTML page."""
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in astuple(row)) + "</tr>" for row in rows
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    page = _PAGE.format(
        verdict=escape(verdict(rows)),
        head="".join(f"<th>{column}</th>" for column in COLUMNS),
        body=body,
        example=escape(example(lines)),
    )
    path.write_text(page, encoding="utf-8")
