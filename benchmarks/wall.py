"""Wall time and cost at the share of a core that Lambda gives, for 128 MB beside 256 MB."""

import math

from benchmarks import prices
from benchmarks.cold_start import start
from benchmarks.corpus import MIXED, Payload, largest_payload, payload
from benchmarks.lambda_python import SHARE, LambdaPython, quota_method
from benchmarks.report import Findings, Verdict, median, table

_MEMORIES = (128, 256)
_WAIT = 0.1  # seconds; what a request to Mezmo may take beside our own work
_TIME_OUT = 60.0  # the default
_NOISE = 0.05


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Time warm invocations and cold starts under both quotas."""
    payloads = [payload("text", count, MIXED) for count in (10, 500, 5000)]
    payloads.append(largest_payload("JSON", MIXED))
    walls = _walls(runner, payloads, quick=quick)
    names = [
        *(what.name for what in payloads),
        "cold start, to 10 lines delivered",
        "100 ms of waiting alone",
    ]
    pairs = [*zip(walls[128], walls[256], strict=True), (_WAIT, _WAIT)]
    *dearer, cold, _ = [_cost(small + _WAIT, 128) / _cost(large + _WAIT, 256) for small, large in pairs]
    longest = max(walls[128])
    defended = longest < _TIME_OUT / 10 and max(dearer) <= 1 + _NOISE
    head = ["", *(f"{memory} MB, ms" for memory in _MEMORIES)]
    head += [f"{memory} MB, {architecture}" for architecture in prices.GB_SECOND for memory in _MEMORIES]
    values = {
        "wall": table(head, ([name, *_row(*pair)] for name, pair in zip(names, pairs, strict=True))),
        "share": f"{SHARE:.1%}",
        "twice": f"{2 * SHARE:.1%}",
        "method": quota_method(),
        "prices": ", ".join(f"{price:.10f} a GB-s for {name}" for name, price in prices.GB_SECOND.items()),
        "range": f"{min(dearer):.2f} to {max(dearer):.2f}",
        "cold": f"{cold:.2f}",
        "longest": f"{longest:.1f}",
        "time_out": f"{_TIME_OUT:.0f}",
        "verdict": "128 MB stays the default" if defended else "this does not defend 128 MB as the default",
    }
    target = "128 MB: warm no dearer than 256 MB (within 5 %), nothing over a tenth of the time-out"
    measured = f"{max(dearer):.2f} times the cost, {longest:.1f} s"
    return Findings(values, [Verdict(target, measured, defended)])


def _walls(runner: LambdaPython, payloads: list[Payload], *, quick: bool) -> dict[int, list[float]]:
    """Return for each memory the medians, in seconds, of each payload and of a cold start."""
    files = [runner.file(what) for what in payloads]
    walls: dict[int, list[list[float]]] = {memory: [[] for _ in [*files, start]] for memory in _MEMORIES}
    for _ in range(2 if quick else 9):
        for memory in _MEMORIES:
            share = SHARE * memory / 128
            cold = start(runner, memory=memory, share=share)
            warm = runner.probe("wall", "2", *files, memory=memory, share=share).result
            for times, more in zip(walls[memory], [*warm, [cold.result[1] - cold.started]], strict=True):
                times.extend(more)
    return {memory: [median(times) / 1000 for times in walls[memory]] for memory in _MEMORIES}


def _cost(seconds: float, memory: int, architecture: str = "arm64") -> float:
    """Return USD."""
    billed = math.ceil(seconds * 1000) / 1000
    return prices.of_lambda(billed, 1, memory=memory, architecture=architecture)


def _row(small: float, large: float) -> list[str]:
    sides = ((small, 128), (large, 256))
    costs = [_cost(seconds, memory, name) * 1e6 for name in prices.GB_SECOND for seconds, memory in sides]
    return [f"{seconds * 1000:,.0f}" for seconds, _ in sides] + [f"{cost:.2f}" for cost in costs]
