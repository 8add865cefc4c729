"""How long an invocation takes to write what is left of it to the store, once it has given up on Mezmo."""

import statistics
from dataclasses import replace

from benchmarks.corpus import MIXED, largest_payload, stream_batch
from benchmarks.lambda_python import SHARE, LambdaPython
from benchmarks.report import Findings, Verdict, table
from benchmarks.sink import AFTER, DOWN, ONCE
from handler.store.store import FIRST_RESERVE_SECONDS

_LATENCIES = (50, 500)  # milliseconds
_FACTOR = 2


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Have the first object of a process written, with the share of a core that 128 MB get."""
    payload, batch, dense = largest_payload("JSON", MIXED), stream_batch(), stream_batch(20)
    as_it_came, first_taken = ("as it came", DOWN), ("but for its first request", ONCE)
    cases = [(what, *how) for what in (payload, batch) for how in (as_it_came, first_taken)]
    rows: list[list[str]] = []
    slowest: list[float] = []
    for what, how, mezmo in [*cases, (dense, *as_it_came)]:
        row = [f"{what.name}, {how}"]
        for latency in _LATENCIES:
            slow = replace(runner, mezmo=mezmo, s3=f"{runner.sink.url}{AFTER.format(latency)}")
            file = slow.event_file(what)
            times = [slow.probe("reserve", file, share=SHARE).result for _ in range(1 if quick else 5)]
            writing, whole = (statistics.median(one[name] for one in times) for name in ("write", "all"))
            row += [f"{writing:.2f}", f"{whole:.2f}"]
            slowest += [whole] if latency == _LATENCIES[0] else []
        rows.append(row)
    head = ["stored", *(f"{part}, S3 {latency} ms" for latency in _LATENCIES for part in ("object", "all"))]
    *usual, densest = slowest
    values = {
        "reserve": table(head, rows),
        "first": f"{FIRST_RESERVE_SECONDS:.0f}",
        "share": f"{SHARE:.1%}",
        "times": f"{FIRST_RESERVE_SECONDS / max(usual):.1f}",
    }
    target = (
        f"the {FIRST_RESERVE_SECONDS:.0f} s kept free for the store: at least {_FACTOR} times what it takes"
    )
    verdicts = [
        Verdict(f"{target}{when}", f"{seconds:.2f} s", seconds * _FACTOR <= FIRST_RESERVE_SECONDS)
        for when, seconds in (("", max(usual)), (", payloads of 20 to 1", densest))
    ]
    return Findings(values, verdicts)
