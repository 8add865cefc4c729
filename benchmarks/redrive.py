"""The re-drive of a full store: memory that stays flat, cost that grows with the number of objects."""

from dataclasses import replace

from benchmarks.bucket import running_bucket
from benchmarks.lambda_python import DEFAULTS, SHARE, LambdaPython
from benchmarks.report import Findings, Verdict, table

_SIZES = (1_000, 3_000, 10_000)
_QUICK_SIZES = (300, 1_000)
_GROWTH = 1.10
_LONGEST_SECONDS = 1200
_UNPACED = {"function": "forwarder", "bytes_per_second": 1 << 40}


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Empty stores of several sizes, each in a new process."""
    sizes = _QUICK_SIZES if quick else _SIZES
    rows = []
    peaks, costs = [], []
    with running_bucket(runner.sink.chain) as bucket:
        function = replace(runner, settings={**DEFAULTS, "redrive": _UNPACED}, s3=bucket.url)
        for size in sizes:
            bucket.fill(size)
            found = function.probe("redrive", seconds=_LONGEST_SECONDS).result
            requests = bucket.fill(0)
            assert (found["objects"], found["left"]) == (size, 0), found
            peaks.append(found["peak"] / (1 << 20))
            costs.append(found["cpu"] / size * 1000)
            rows.append(
                [
                    f"{size:,}",
                    f"{found['lines']:,}",
                    f"{found['runs']}",
                    f"{peaks[-1]:.1f}",
                    f"{found['cpu']:.1f}",
                    f"{costs[-1]:.2f}",
                    f"{found['seconds']:.0f}",
                    *(f"{requests.get(kind, 0) / size:.3f}" for kind in ("GET", "PUT", "DELETE", "LIST")),
                ]
            )
    head = ["objects", "lines", "runs", "peak, MiB", "CPU, s", "CPU an object, ms", "s"]
    values = {
        "redrive": table([*head, *(f"{kind} an object" for kind in ("GET", "PUT", "DELETE", "LIST"))], rows),
        "share": f"{SHARE:.1%}",
        "there": f"{costs[-1] / 1000 / SHARE:.2f}",
    }
    first, last = f"{sizes[0]:,}", f"{sizes[-1]:,}"
    flat, linear = peaks[-1] / peaks[0], costs[-1] / costs[0]
    verdicts = [
        Verdict(
            f"re-drive, peak memory at {last} objects: at most {_GROWTH} times that at {first}",
            f"{flat:.2f}",
            flat <= _GROWTH,
        ),
        Verdict(
            f"re-drive, CPU an object at {last} objects: at most {_GROWTH} times that at {first}",
            f"{linear:.2f}",
            linear <= _GROWTH,
        ),
    ]
    return Findings(values, verdicts)
