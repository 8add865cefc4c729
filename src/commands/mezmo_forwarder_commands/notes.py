"""Why lines are as they are, read off what the handler made; the one place where a feature says what it did.

A rule is a function of `Made`, and yields notes. Add it to `_RULES`; text, JSON and page show what it says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from handler.oversize import LONGEST_LINE
from handler.settings import Settings

Kind = Literal["filtered", "split", "truncated", "changed", "recognized", "joined", "redacted", "warning"]

_LARGEST_META = 32_768  # bytes, as Mezmo has it


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
    """

    settings: Settings
    messages: Sequence[str]
    lines: Sequence[Mapping[str, object]]
    reason: str

    @property
    def metas(self) -> list[Mapping[str, object]]:
        """The `meta` of each line."""
        found = [line.get("meta") for line in self.lines]
        return [meta if isinstance(meta, dict) else {} for meta in found]


def notes_on(
    settings: Settings, messages: Sequence[str], lines: Sequence[Mapping[str, object]], reason: str
) -> list[Note]:
    """Say what was done; arguments as in `Made`."""
    made = Made(settings, messages, lines, reason)
    return [note for rule in _RULES for note in rule(made)]


def _filtered(made: Made) -> Iterator[Note]:
    if not made.lines:
        yield Note("filtered", made.reason or "became no line of its own")


def _joined(made: Made) -> Iterator[Note]:
    if len(made.messages) > 1 and made.lines:
        yield Note("joined", f"{len(made.messages)} events")


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


def _cut_by_mezmo(made: Made) -> Iterator[Note]:
    for line in made.lines:
        size = len(str(line.get("line")).encode("utf-8", "surrogatepass"))
        if size > LONGEST_LINE:
            yield Note("warning", f"{size:,} bytes: Mezmo keeps the first 16,384")
    for meta in made.metas:
        size = len(str(meta).encode("utf-8", "surrogatepass"))
        if size > _LARGEST_META:
            yield Note("warning", f"meta is about {size:,} bytes; Mezmo takes 32,768")


_RULES = (_filtered, _joined, _recognized, _redacted, _parts, _changed, _cut_by_mezmo)
