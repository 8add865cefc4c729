"""Why lines are as they are, read off what the handler made; the one place where a feature says what it did.

A rule is a function of `Made`, and yields notes. Add it to `_RULES`; text, JSON and page show what it says.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from handler.lines.format import JSON_NUMBERS, JSON_TEXTS
from handler.lines.meta_size import LARGEST_META
from handler.lines.oversize import LONGEST_LINE
from handler.settings import Settings

Kind = Literal[
    "filtered",
    "split",
    "truncated",
    "changed",
    "recognized",
    "joined",
    "redacted",
    "time",
    "json",
    "warning",
    "names",
]

_LONGEST_NAME = 60  # characters that are shown
_DEEPEST = 3  # levels that Mezmo indexes
_MANY_FIELDS = 50  # of the 500 or so that Mezmo indexes in a day


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was done to events or lines, or that Mezmo would do; `kind` is what to filter by."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """What the handler made of some log events.

    Args:
        settings: what it was told.
        messages: the log events' texts.
        lines: all fields of each line.
        reason: why there is no line; empty where there is one.
        service: who wrote them; empty if it is not recognized.
        names: what is recognized and templates may use.
    """

    settings: Settings
    messages: Sequence[str]
    lines: Sequence[Mapping[str, object]]
    reason: str
    service: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def metas(self) -> list[Mapping[str, object]]:
        """The `meta` of each line."""
        found = [line.get("meta") for line in self.lines]
        return [meta if isinstance(meta, dict) else {} for meta in found]


def notes_on(made: Made) -> list[Note]:
    """Say what was done."""
    return [note for rule in _RULES for note in rule(made)]


def _filtered(made: Made) -> Iterator[Note]:
    if not made.lines:
        yield Note("filtered", made.reason or "became no line of its own")


def _joined(made: Made) -> Iterator[Note]:
    if len(made.messages) > 1 and made.lines:
        yield Note("joined", f"{len(made.messages)} events")


def _named(made: Made) -> Iterator[Note]:
    found = [f"service {made.service}"] if made.service else []
    if made.names:
        names = ", ".join(f"{{{name}}}={value[:_LONGEST_NAME]}" for name, value in made.names.items())
        found.append(f"templates may use {names}")
    if found and made.lines:
        yield Note("names", "; ".join(found))


def _recognized(made: Made) -> Iterator[Note]:
    for line, meta in zip(made.lines[:1], made.metas[:1], strict=True):
        found = [f"level {line['level']}"] if "level" in line else []
        found += ["its trace"] if "trace_id" in meta else []
        if found:
            yield Note("recognized", " and ".join(found))


def _redacted(made: Made) -> Iterator[Note]:
    if made.settings.redact is None:
        return
    text = "".join(str(line.get("line")) for line in made.lines)
    rules = [rule.rule for rule in made.settings.redact.rules if f"[redacted:{rule.rule}" in text]
    if rules:
        yield Note("redacted", ", ".join(rules))
    elif _is_message(made) and text.rstrip() != made.messages[0].rstrip():
        yield Note("redacted", "by a rule with a text of its own")


def _is_message(made: Made) -> bool:
    """Whether a line is nothing but its message, in one piece, and would be equal to it but for redaction."""
    one = len(made.lines) == len(made.messages) == 1 and made.settings.line_format != "mezmo-lambda"
    return one and not any("\ud800" <= character <= "\udfff" for character in made.messages[0])


def _parts(made: Made) -> Iterator[Note]:
    for meta in made.metas[:1]:
        if "parts" in meta:
            yield Note("split", f"over 16 KB: {meta['parts']} parts, told apart by meta.part")
        if "truncated_bytes" in meta:
            yield Note("truncated", f"{meta['truncated_bytes']:,} bytes over 16 KB left out")


def _changed(made: Made) -> Iterator[Note]:
    if len(made.lines) != 1 or len(made.messages) != 1:
        return
    message, line = made.messages[0], str(made.lines[0].get("line"))
    if line == message:
        return
    if message.startswith(line) and not (cut := message[len(line) :]).strip():
        if cut.strip("\r\n"):  # a line's end is no news
            yield Note("changed", f"white space at the end cut ({len(cut)} characters)")
    elif made.settings.line_format == "mezmo-lambda":
        return  # its envelope
    elif any("\ud800" <= character <= "\udfff" for character in message):
        yield Note("changed", "halves of surrogate pairs replaced by U+FFFD")


def _timed(made: Made) -> Iterator[Note]:
    if made.settings.timestamp_field is None:
        return
    for line, meta in zip(made.lines[:1], made.metas[:1], strict=True):
        own, moment = meta.get("event_timestamp"), line.get("timestamp")
        if isinstance(own, int) and isinstance(moment, int):
            later = "later" if moment > own else "earlier"
            field = made.settings.timestamp_field
            yield Note(
                "time", f"from the message's {field}, {abs(moment - own):,} ms {later} than its event's"
            )


def _json(made: Made) -> Iterator[Note]:
    texts = [str(line.get("line")) for line in made.lines]
    if made.settings.line_format != "standard" or not texts or not texts[0].lstrip().startswith("{"):
        return
    if made.settings.json_messages != "as-is":
        if texts[-1].endswith("} "):
            meta = made.metas[0]
            counts = [
                len(fields)
                for name in (JSON_TEXTS, JSON_NUMBERS)
                if isinstance(fields := meta.get(name), dict)
            ]
            note = f", {sum(counts)} fields of it in meta" if counts else ""
            left_out = meta.get("json_left_out")
            note += f", {left_out} left out" if left_out else ""
            yield Note("json", f"kept as text by a space at its end{note}")
    elif wrong := _indexed_wrongly(texts[0]):
        yield Note("warning", f"Mezmo indexes this JSON with losses: {', '.join(wrong)}; see json_messages")


def _indexed_wrongly(text: str) -> list[str]:
    """Return what of a line Mezmo indexes otherwise than it is."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not text.endswith("}") or not isinstance(fields, dict):
        return []
    dots, count, depth, level = False, 0, 0, [fields]
    while level and depth < _LONGEST_NAME:
        depth += 1
        count += sum(map(len, level))
        dots = dots or any("." in name for one in level for name in one)
        level = [value for one in level for value in one.values() if isinstance(value, dict)]
    wrong = ["dots in its keys"] if dots else []
    wrong += ["more than three levels"] if depth > _DEEPEST else []
    wrong += [f"{count:,} fields"] if count > _MANY_FIELDS else []
    return wrong + [f"{name} removed" for name in ("_account", "_retention") if name in fields]


def _cut_by_mezmo(made: Made) -> Iterator[Note]:
    for line in made.lines:
        size = len(str(line.get("line")).encode("utf-8", "surrogatepass"))
        if size > LONGEST_LINE:
            yield Note("warning", f"{size:,} bytes: Mezmo keeps the first 16,384")
    for meta in made.metas:
        size = len(str(meta).encode("utf-8", "surrogatepass"))
        if size > LARGEST_META:
            yield Note("warning", f"meta is about {size:,} bytes; Mezmo takes 32,768")


_RULES = (
    _filtered,
    _joined,
    _recognized,
    _timed,
    _redacted,
    _json,
    _parts,
    _changed,
    _cut_by_mezmo,
    _named,
)
