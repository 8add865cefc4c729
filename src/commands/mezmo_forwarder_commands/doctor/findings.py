"""What a check says: whether a link of the chain holds, and what to do if it does not."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"
    UNKNOWN = "could not tell"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a check.

    Args:
        verdict: how it went.
        text: what was seen.
        remedy: what to do; empty if nothing.
    """

    verdict: Verdict
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer, by area and check."""

    area: str
    check: str
    answer: Answer


def ok(text: str) -> Answer:
    """Return that the link holds."""
    return Answer(Verdict.OK, text)


def warning(text: str, remedy: str = "") -> Answer:
    """Return that lines arrive, but not as they should, or not for long."""
    return Answer(Verdict.WARNING, text, remedy)


def broken(text: str, remedy: str) -> Answer:
    """Return that lines are late, lost or refused here."""
    return Answer(Verdict.BROKEN, text, remedy)


def unknown(text: str, remedy: str = "") -> Answer:
    """Return that it could not be told."""
    return Answer(Verdict.UNKNOWN, text, remedy)


def counted(number: int, noun: str) -> str:
    """Return a number of things, in words."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def worst(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict over all: the worst that is known, or else that something is not."""
    found = {finding.answer.verdict for finding in findings}
    order = (Verdict.BROKEN, Verdict.WARNING, Verdict.UNKNOWN)
    return next((verdict for verdict in order if verdict in found), Verdict.OK)
