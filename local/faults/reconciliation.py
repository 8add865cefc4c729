"""What became of every log event: at Mezmo, whole; or refused there, kept, for a reason; or blank."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local.faults.events import Event, Identity
from local.mezmo import CommittedLine

LineKey = tuple[Identity, int]
"""A line: its log event and which part of it, from 1; 0 where it is all of it."""


class Fate(StrEnum):
    """What became of a log event."""

    DELIVERED = "delivered"
    REJECTED = "rejected"
    FILTERED = "filtered"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A log event in an object below `rejected/`, and why it is there; empty if nothing says so."""

    identity: Identity
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be; `identity` names the log event."""

    identity: Identity
    problem: str


@dataclass(frozen=True)
class Reconciliation:
    """What became of all log events, and what must not be."""

    fates: Mapping[Fate, int]
    findings: Sequence[Finding]


def line_key(fields: Mapping[str, Any]) -> LineKey:
    """Return which line of which log event this is, by a line's fields as they were sent."""
    meta = fields.get("meta") or {}
    part = meta.get("part", 0)
    # The parts of an event are a millisecond apart.
    timestamp = fields["timestamp"] - max(0, part - 1)
    return (str(meta.get("group")), str(meta.get("stream")), timestamp), part


def reconcile(
    events: Iterable[Event],
    lines: Iterable[CommittedLine],
    rejected: Iterable[Rejected],
    refusals: Mapping[Identity, AbstractSet[int]],
) -> Reconciliation:
    """Find out what became of each log event.

    events: all that were written.
    lines: all that Mezmo has taken.
    rejected: what lies in `rejected/`.
    refusals: by log event, the statuses with which the script refused a request or a line that held it.
    """
    arrived: defaultdict[Identity, list[CommittedLine]] = defaultdict(list)
    for line in lines:
        arrived[line_key(line.fields)[0]].append(line)
    reasons: defaultdict[Identity, set[str]] = defaultdict(set)
    for one in rejected:
        reasons[one.identity].add(one.reason)
    fates: Counter[Fate] = Counter()
    findings: list[Finding] = []
    for event in events:
        identity = event.identity
        found, why = arrived.pop(identity, []), reasons.pop(identity, set())
        problems = list(_problems_of(event, found)) if found else []
        problems += [
            f"in rejected/ for a reason that no script gave: {reason or 'none'}"
            for reason in sorted(why)
            if not _is_scripted(reason, refusals.get(identity, set()))
        ]
        fate = _fate_of(event, found, why)
        if fate is Fate.LOST:
            problems.append(f"lost: {len(found)} lines of it at Mezmo" if found else "lost")
        fates[fate] += 1
        findings += [Finding(identity, problem) for problem in problems]
    findings += [Finding(identity, "at Mezmo, and was never written") for identity in arrived]
    findings += [Finding(identity, "in rejected/, and was never written") for identity in reasons]
    return Reconciliation(fates, findings)


def _fate_of(event: Event, lines: Sequence[CommittedLine], reasons: AbstractSet[str]) -> Fate:
    if lines and _joined(lines) is not None:
        return Fate.DELIVERED
    if reasons:
        return Fate.REJECTED
    return Fate.LOST if event.text or lines else Fate.FILTERED


def _problems_of(event: Event, lines: Sequence[CommittedLine]) -> Iterable[str]:
    if not event.text:
        yield "at Mezmo, although it is blank"
    if len({str((line.meta or {}).get("event_id")) for line in lines}) != 1:
        yield "at Mezmo under several event ids"
    if {line.hostname for line in lines} != {event.log_group.strip("/").replace(".", "_")}:
        yield "at Mezmo under another hostname"
    text = _joined(lines)
    if text is not None and text != event.text:
        yield "at Mezmo with another text"
    if len({(line_key(one.fields), one.line) for one in lines}) != len(
        {line_key(one.fields) for one in lines}
    ):
        yield "at Mezmo with several texts for one line"


def _joined(lines: Sequence[CommittedLine]) -> str | None:
    """Put the parts together, as `handler.lines.oversize` says; None if one is missing."""
    by_part = {line_key(line.fields)[1]: line for line in lines}
    if 0 in by_part:
        return by_part[0].line
    first = next(iter(by_part.values()))
    meta: Mapping[str, Any] = first.meta or {}
    parts, head, tail = (meta[name] for name in ("parts", "part_head", "part_tail"))
    if set(by_part) != set(range(1, parts + 1)):
        return None
    texts = [by_part[part].line for part in range(1, parts + 1)]
    text = texts[0]
    between = "".join(one[head : len(one) - tail] for one in texts)
    return text[:head] + between + text[len(text) - tail :]


def _is_scripted(reason: str, statuses: AbstractSet[int]) -> bool:
    """Tell whether a reason begins with one of the statuses, as those that Mezmo gives do."""
    status = reason[:3]
    return status.isdecimal() and int(status) in statuses
