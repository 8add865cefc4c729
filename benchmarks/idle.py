"""What the re-drive costs in a month in which the store is empty."""

from dataclasses import replace

from benchmarks import prices
from benchmarks.lambda_python import DEFAULTS, SHARE, LambdaPython
from benchmarks.report import Findings, Verdict, median, table
from benchmarks.sink import AFTER

_RUNS = 8_640  # every 5 minutes, 30 days
_LISTINGS = 2
_LATENCY = 50  # milliseconds
_TARGET = 0.10
_REDRIVE = {"function": "forwarder", "bytes_per_second": 1 << 20}


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Time the re-drive of an empty store, with the share of a core that 128 MB get, and multiply."""
    address = f"{runner.sink.url}{AFTER.format(_LATENCY)}"
    function = replace(runner, settings={**DEFAULTS, "redrive": _REDRIVE}, s3=address)
    cold, warm = [], []
    for _ in range(2 if quick else 7):
        finished = function.probe("idle", share=SHARE)
        cold.append(finished.result["first"] - finished.started)
        warm += finished.result["warm"]
    listings = prices.of_s3({"LIST": _RUNS * _LISTINGS})
    rows, sums = [], []
    for what, times in (("warm", warm), ("a cold start each time", cold)):
        milliseconds = median(times)
        function_usd = prices.of_lambda(_RUNS * milliseconds / 1000, _RUNS)
        sums.append(function_usd + listings)
        rows.append(
            [what, f"{milliseconds:,.0f}", f"{function_usd:.3f}", f"{listings:.3f}", f"**{sums[-1]:.3f}**"]
        )
    values = {
        "idle": table(["", "ms", "USD, Lambda", "USD, listings", "USD"], rows),
        "runs": f"{_RUNS:,}",
        "latency": f"{_LATENCY}",
        "share": f"{SHARE:.1%}",
    }
    target = f"re-drive, a month with an empty store: under {_TARGET:.2f} USD"
    return Findings(values, [Verdict(target, f"{sums[0]:.3f}", sums[0] < _TARGET)])
