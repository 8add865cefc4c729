"""Combinations of options in which each two values that go together meet at least once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product

Row = dict[str, str]
Pair = frozenset[tuple[str, str]]


def pairwise(options: Mapping[str, Sequence[str]], allowed: Callable[[Row], bool]) -> list[Row]:
    """Return few rows, one value an option, that hold every allowed pair.

    Greedy: of all rows the one with most pairs that no row before it has; the first such, so that the rows
    are always the same.

    Args:
        options: each with its values.
        allowed: whether the values of a row, which may lack options, go together.
    """
    rows = [(row, pairs(row)) for row in everything(options) if allowed(row)]
    missing = {pair for _, held in rows for pair in held}
    chosen = []
    while missing:
        best, held = max(rows, key=lambda candidate: len(missing & candidate[1]))
        chosen.append(best)
        missing -= held
    return chosen


def everything(options: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    """Yield every combination."""
    for values in product(*options.values()):
        yield dict(zip(options, values, strict=True))


def pairs(row: Row) -> set[Pair]:
    """Return the pairs of values that a row holds."""
    return {frozenset(pair) for pair in combinations(row.items(), 2)}
