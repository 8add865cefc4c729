"""Batches of stream records: which part of one failed, and what Lambda tries instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .seams import Record


@dataclass
class Batch:
    """Records as they stand in an event, in their order, and how often a function has run on just these."""

    records: Sequence[Record]
    invocations: int = 0


@dataclass(frozen=True)
class Failure:
    """From which record on a batch is tried again, by its index.

    complete: the batch failed as a whole, rather than with its first record.
    """

    first: int = 0
    complete: bool = True


def failure_in(response: object, sequence_numbers: Sequence[str]) -> Failure | None:
    """Read the answer of a function that reports batch item failures; None when nothing failed.

    The lowest of the reported sequence numbers counts. An item without one, or with one that is not in the
    batch, makes the whole batch fail. So does an answer of another shape, for which AWS's documentation of
    streams has no rule.
    """
    items = response.get("batchItemFailures") if isinstance(response, dict) else response
    if not items:
        return None
    if not isinstance(items, list):
        return Failure()
    failed = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in items]
    if any(identifier not in sequence_numbers for identifier in failed):
        return Failure()
    return Failure(min(map(sequence_numbers.index, failed)), complete=False)


def following(batch: Batch, failure: Failure, *, bisect: bool) -> list[Batch]:
    """Return what is tried in the place of a batch that failed, in order: itself, its rest, or its halves."""
    if failure.first > 0:
        return [Batch(batch.records[failure.first :])]
    if bisect and failure.complete and len(batch.records) > 1:
        middle = len(batch.records) // 2
        return [Batch(batch.records[:middle]), Batch(batch.records[middle:])]
    return [batch]
