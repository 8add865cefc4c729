"""How a line looks in Mezmo, by what its documentation says; where it says nothing, a guess that says so."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handler.lines.oversize import LONGEST_LINE

# Of the text's first characters, the first word that is a level, as loggers write them.
_LEVEL = re.compile(
    r"\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|CRITICAL|CRIT|ALERT|FATAL|EMERGENCY|PANIC)\b"
    r"|\[(trace|debug|info|notice|warn(?:ing)?|error|crit(?:ical)?|fatal)\]"
    r"|\blevel=\"?([A-Za-z]{3,9})\b"
)
_LOOK_AT = 200

_LEVELS = {
    "TRACE": "TRACE",
    "DEBUG": "DEBUG",
    "INFO": "INFO",
    "INFORMATION": "INFO",
    "NOTICE": "INFO",
    "WARN": "WARN",
    "WARNING": "WARN",
    "ERR": "ERROR",
    "ERROR": "ERROR",
    "CRIT": "FATAL",
    "CRITICAL": "FATAL",
    "ALERT": "FATAL",
    "EMERGENCY": "FATAL",
    "PANIC": "FATAL",
    "FATAL": "FATAL",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a user of Mezmo sees of a line.

    Args:
        text: the line's text, or the `message` of one that is JSON; at most 16 KB.
        app: its `app`, or the `file` in the place of one.
        level: its level, in the line's own word; empty for none.
        severity: TRACE, DEBUG, INFO, WARN, ERROR or FATAL; empty where the level is none of them.
        level_from: where the level is from: the line's field, its JSON text, or our reading of plain text,
            which Mezmo reads by its own rules.
    """

    text: str
    app: str
    level: str
    severity: str
    level_from: Literal["field", "json", "text", ""]


def shown(line: Mapping[str, object]) -> Shown:
    """Return how Mezmo shows a line, given all its fields."""
    text = _kept(str(line.get("line", "")))
    # With a file, Mezmo drops the app.
    app = str(line.get("file") or line.get("app") or "")
    parsed = _parsed(text)
    message = parsed.get("message")
    display = message if isinstance(message, str) and message else text
    level: object
    for level, origin in ((parsed.get("level"), "json"), (line.get("level"), "field")):
        if isinstance(level, str) and level:
            return Shown(display, app, level, severity_of(level), origin)  # type: ignore[arg-type]  # of two literals
    found = _LEVEL.search(text[:_LOOK_AT]) if not parsed else None
    if found and (severity := severity_of(found[found.lastindex or 0])):
        return Shown(display, app, severity, severity, "text")
    return Shown(display, app, "", "", "")


def _kept(text: str) -> str:
    """Return what Mezmo keeps of a text."""
    if len(text) <= LONGEST_LINE // 4:
        return text
    return text.encode("utf-8", "surrogatepass")[:LONGEST_LINE].decode("utf-8", "ignore")


def severity_of(level: str) -> str:
    """Return the common name of a level; empty for one that is not known."""
    return _LEVELS.get(level.upper(), "")


def _parsed(text: str) -> dict[str, object]:
    """Return the object that a text is, since Mezmo parses what ends in a brace; an empty one for others."""
    if not (text.startswith("{") and text.endswith("}")):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
