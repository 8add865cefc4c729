"""CPU time of an invocation with some settings, as a ratio to that without."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmarks.corpus import Payload
from benchmarks.lambda_python import LambdaPython
from benchmarks.previous import time_of


@dataclass(frozen=True)
class Comparison:
    """Milliseconds of an invocation, medians, their ratio, and the ratio of what should be equal."""

    without: float
    with_settings: float
    ratio: float
    noise: float

    @property
    def columns(self) -> list[str]:
        """What a table shows."""
        return [
            f"{self.without:.2f}",
            f"{self.with_settings:.2f}",
            f"**{self.ratio:.2f}**",
            f"{self.noise:.2f}",
        ]


def compare(runner: LambdaPython, settings: Mapping[str, object], what: Payload, turns: int) -> Comparison:
    """Run it with the settings between two runs without, so that a drift of the machine cancels out."""
    file = runner.file(what)
    rounds = max(40_000 * 500 // what.size, 10)
    more = replace(runner, settings={**runner.settings, **settings})
    times = [[time_of(one, file, rounds) for one in (runner, more, runner)] for _ in range(turns)]
    return Comparison(
        statistics.median(before + after for before, _, after in times) / 2,
        statistics.median(middle for _, middle, _ in times),
        statistics.median(2 * middle / (before + after) for before, middle, after in times),
        statistics.median(after / before for before, _, after in times),
    )
