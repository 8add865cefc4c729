"""What functions did, as the overlay's journal has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Invocation:
    """One run of a function on an event; times are in seconds since the epoch.

    outcome: `response` and `error` as the function had it, `exit` for a crash, `timeout`; None while it runs.
    pid: the process that it ran in; None while it runs.
    answer: what the function answered, or the error.
    log: what it printed.
    """

    request_id: str
    function: str
    began: float
    ended: float | None = None
    pid: int | None = None
    outcome: str | None = None
    answer: Any = None
    log: str = ""


def read_invocations(directory: Path) -> list[Invocation]:
    """Read the journal in that directory; an invocation that has ended stands there twice."""
    journal = directory / "invocations.jsonl"
    if not journal.exists():
        return []
    found: dict[tuple[str, float], Invocation] = {}
    # What stands behind the last line feed is still being written.
    for line in journal.read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            entry = Invocation(**json.loads(line))
            found[entry.request_id, entry.began] = entry
    return sorted(found.values(), key=lambda entry: entry.began)
