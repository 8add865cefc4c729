"""Whether a run has passed: everything that must hold, asked of everything that was seen."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from local.faults.duplicates import Duplicates, explain
from local.faults.events import Event
from local.faults.evidence import Evidence
from local.faults.figures import discrepancies
from local.faults.reconciliation import Reconciliation, Rejected, reconcile
from local.faults.report import Figures, counts_of, faults_met
from local.mezmo import Flag

LARGEST_SHARE = 0.001
"""Of the lines, how many may be there again without a fault that explains it."""


@dataclass(frozen=True)
class Outcome:
    """What is known of a run when it is over.

    events: all that were written.
    rejected: what lies in `rejected/`.
    waiting: the keys of the objects that are still to be sent.
    idle: whether nobody was at work any more.
    flags: what the stand-in objects to in lines that it took.
    lost: what the local AWS says it has lost.
    invoked_with: what a function was invoked with, by request id.
    of_processes: how often each fault of a process was met.
    """

    seed: int
    seconds: float
    events: Sequence[Event]
    evidence: Evidence
    rejected: Sequence[Rejected]
    waiting: Sequence[str]
    idle: bool
    flags: Sequence[Flag]
    lost: Sequence[str]
    invoked_with: Callable[[str], object]
    of_processes: Counter[str]


def judge(outcome: Outcome) -> Figures:
    """Find what must not be, and count everything."""
    evidence = outcome.evidence
    reconciliation = reconcile(outcome.events, evidence.lines, outcome.rejected, evidence.refusals)
    duplicates = explain(evidence.handlings)
    taken = {line for lines in evidence.taken.values() for line in lines}
    return Figures(
        seed=outcome.seed,
        seconds=outcome.seconds,
        events=len(outcome.events),
        lines=len(taken),
        faults=faults_met(evidence) + outcome.of_processes,
        counts=counts_of(evidence),
        reconciliation=reconciliation,
        duplicates=duplicates,
        problems=list(_problems(outcome, reconciliation, duplicates, len(taken))),
    )


def _problems(
    outcome: Outcome, reconciliation: Reconciliation, duplicates: Duplicates, lines: int
) -> Iterator[str]:
    evidence = outcome.evidence
    for finding in reconciliation.findings:
        group, stream, timestamp = finding.identity
        yield f"{finding.problem}: {group} {stream} {timestamp}"
    if duplicates.unexcused > LARGEST_SHARE * lines:
        yield f"{duplicates.unexcused} lines of {lines} are there again without a fault that explains it"
    if outcome.waiting:
        yield f"{len(outcome.waiting)} objects are still in the store, the first {min(outcome.waiting)}"
    if not outcome.idle:
        yield "somebody was still at work"
    if evidence.unattributed:
        yield f"{len(evidence.unattributed)} requests of which nobody knows who sent them"
    for flag in outcome.flags:
        yield f"flagged at Mezmo: {flag.kind} in request {flag.request}, line {flag.line}: {flag.detail}"
    for line in outcome.lost:
        yield f"the local AWS says: {line}"
    yield from discrepancies(evidence, outcome.invoked_with)
