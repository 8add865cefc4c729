"""Lines that Mezmo has more than once, and why: at least once, but never again without a reason.

A line comes again only if somebody was left with a copy of it: the handler, when it did not learn that Mezmo
had taken the line; Lambda or the store, when whoever sent the line did not live to say so, or was not heard.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from local.faults.events import Identity
from local.faults.reconciliation import LineKey


class Cause(StrEnum):
    """Why lines were sent again that had been taken."""

    REPLY_LOST = "reply lost"
    """Mezmo took them, and its answer did not come through, or said something else."""
    KILLED = "function killed"
    TIMED_OUT = "function timed out"
    STORE_FAILED = "S3 failed"
    """What was left could not be stored, or what was sent not be deleted."""
    FAILED = "function failed"
    """For another reason, which its log line says."""
    OTHER_PART = "another part of the event was left"
    """The store keeps log events and not lines, so that all parts of one are sent again."""


EXPLAINED = (Cause.REPLY_LOST, Cause.KILLED, Cause.TIMED_OUT, Cause.STORE_FAILED)
"""What faults are to blame for; the others and what nothing explains have to be rare."""


@dataclass(frozen=True)
class Sending:
    """A request: the lines that Mezmo took of it, and whether the function could not know."""

    taken: frozenset[LineKey]
    lost: bool = False


@dataclass(frozen=True)
class Handling:
    """What was done with some log events: by one invocation, or by a re-drive with one object.

    sendings: the requests.
    stored: the log events of objects that were written to be sent later.
    again: why whoever gave it the events gave them a second time; None if that forgot them.
    """

    sendings: Sequence[Sending]
    stored: frozenset[Identity] = frozenset()
    again: Cause | None = None


@dataclass(frozen=True)
class Duplicates:
    """How many lines came again, each counted as often as it did.

    unexplained: those for which nothing was found.
    inexcusable: those of a cause that is no fault, as often as it was found.
    """

    causes: Counter[Cause]
    unexplained: Sequence[LineKey]
    inexcusable: Sequence[LineKey] = ()

    @property
    def total(self) -> int:
        """All of them."""
        return self.causes.total() + len(self.unexplained)

    @property
    def unexcused(self) -> int:
        """Those that no fault explains."""
        return len(self.unexplained) + len(self.inexcusable)


def explain(handlings: Sequence[Handling]) -> Duplicates:
    """Find for each line that was taken more than once as many causes."""
    taken = Counter(line for one in handlings for sending in one.sendings for line in sending.taken)
    again = {line: times - 1 for line, times in taken.items() if times > 1}
    by_line: defaultdict[LineKey, list[Cause]] = defaultdict(list)
    by_event: defaultdict[Identity, list[tuple[Cause, frozenset[LineKey]]]] = defaultdict(list)
    for handling in handlings:
        known = frozenset(line for one in handling.sendings if not one.lost for line in one.taken)
        for line, cause in _causes_of(handling, known):
            by_line[line].append(cause)
        # A copy that was passed on to the store, by somebody who was not heard, is another one to be sent.
        if handling.again:
            for identity in handling.stored:
                by_event[identity].append((handling.again, known))
    causes: Counter[Cause] = Counter()
    unexplained: list[LineKey] = []
    inexcusable: list[LineKey] = []
    for line, times in again.items():
        stored = [cause for cause, known in by_event[line[0]] if line not in known]
        found = [*by_line[line], *stored][:times]
        causes.update(found)
        unexplained += [line] * (times - len(found))
        inexcusable += [line for cause in found if cause not in EXPLAINED]
    return Duplicates(causes, unexplained, inexcusable)


def _causes_of(handling: Handling, known: frozenset[LineKey]) -> Iterator[tuple[LineKey, Cause]]:
    """Yield what a handling was the cause of, by line; it knew of the `known` ones that they were taken."""
    for sending in handling.sendings:
        for line in sending.taken if sending.lost else ():
            yield line, Cause.REPLY_LOST
    for line in known:
        if handling.again:
            yield line, handling.again
        elif line[0] in handling.stored:
            yield line, Cause.OTHER_PART
