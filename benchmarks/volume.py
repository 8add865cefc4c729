"""What a volume of logs takes: memory, concurrency and USD. CPU is measured, the rest computed from prices.

python3 tools/dev.py volume 250     # GB a day: measure, and print that row
"""

import argparse
import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import prices
from benchmarks.corpus import MIXED, payload
from benchmarks.lambda_python import SHARE, LambdaPython
from benchmarks.previous import time_of
from benchmarks.report import Findings, table
from benchmarks.sink import running_sink

_VOLUMES = (1, 10, 100, 1_000, 10_000)  # GB of messages a day
_MEMORIES = (128, 256, 512, 1024)
_EVENTS = 500  # a payload
_WAIT = 0.1  # seconds for Mezmo's answer
_PEAK = 3  # times the mean
_DAYS = 30
_DAY = 86_400
_GB = 1e9
_MOST_CONCURRENT = 500  # at the peak, before more memory is recommended: half of an account's usual limit
_OUTAGE_HOURS = 1  # a month
_HEAD = [
    "GB a day",
    "payloads a second",
    "memory, MB",
    "at the peak at once",
    "Lambda",
    "egress",
    "egress without gzip",
    "store",
    "all, a GB",
]


@dataclass(frozen=True)
class Measured:
    """A payload.

    messages, out, packed, stored: bytes of its messages, of the bodies sent, of these packed, of its document
        packed.
    cpu: seconds.
    """

    messages: int
    out: int
    packed: int
    stored: int
    cpu: float


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Measure a payload's CPU and sizes, and compute the rows."""
    measured = weigh(runner, quick=quick)
    values = {
        "volume": table(_HEAD, (row(volume, measured) for volume in _VOLUMES)),
        "events": f"{_EVENTS:,}",
        "payload": f"{measured.messages / 1000:,.0f}",
        "cpu": f"{measured.cpu * 1000:.1f}",
        "out": f"{measured.out / measured.messages:.2f}",
        "packed": f"{measured.packed / measured.messages:.2f}",
        "wait": f"{_WAIT * 1000:.0f}",
        "peak": f"{_PEAK}",
        "most": f"{_MOST_CONCURRENT}",
    }
    return Findings(values)


def weigh(runner: LambdaPython, *, quick: bool) -> Measured:
    """Measure what one payload takes, half text and half JSON, by the default settings."""
    cpu, messages, out, packed, stored = 0.0, 0, 0, 0, 0
    kinds = ("text", "JSON")
    for kind in kinds:
        what = payload(kind, _EVENTS, MIXED)
        file = runner.file(what)
        cpu += time_of(runner, file, 20 if quick else 200) / 1000
        found = runner.probe("sizes", file).result
        # Of the document all but the messages is some 100 bytes an event.
        messages += what.size - 100 * _EVENTS
        out += found["out"]
        packed += found["packed"]
        stored += len(what.data) * 3 // 4
    each = len(kinds)
    return Measured(messages // each, out // each, packed // each, stored // each, cpu / each)


def row(volume: float, measured: Measured) -> list[str]:
    """Return a volume's row; `volume` in GB of messages a day, before compression."""
    payloads = volume * _GB / measured.messages  # a day
    for memory in _MEMORIES:
        seconds = measured.cpu / min(SHARE * memory / 128, 1) + _WAIT
        at_once = payloads / _DAY * _PEAK * seconds
        if at_once <= _MOST_CONCURRENT:
            break
    lambda_usd = prices.of_lambda(payloads * seconds * _DAYS, payloads * _DAYS, memory=memory)
    egress, plain = (
        prices.of_egress(payloads * size * _DAYS / _GB) for size in (measured.packed, measured.out)
    )
    kept = payloads / 24 * _OUTAGE_HOURS
    store = prices.of_s3({"PUT": kept, "GET": kept})
    store += kept * measured.stored / _GB * prices.S3_GB_MONTH / _DAYS  # gone within a day
    each = (lambda_usd + egress + store) / volume / _DAYS
    return [
        f"{volume:,.0f}",
        f"{payloads / _DAY:,.2f}",
        f"{memory:,}",
        f"{math.ceil(at_once):,}",
        *(f"{usd:,.2f}" for usd in (lambda_usd, egress, plain, store)),
        f"{each:.4f}",
    ]


def main() -> int:
    """Print one volume's row."""
    parser = argparse.ArgumentParser(prog="python3 tools/dev.py volume", description=__doc__.splitlines()[0])
    parser.add_argument("gigabytes", type=float, help="of messages a day, before compression")
    gigabytes = parser.parse_args().gigabytes
    if not 0 < gigabytes < math.inf:
        parser.error(f"{gigabytes:g} GB a day cannot be; give more than 0")
    with tempfile.TemporaryDirectory() as directory, running_sink(Path(directory)) as sink:
        runner = LambdaPython(os.environ["MEZMO_DEV_LAMBDA_PYTHON"], Path(directory), sink)
        print(table(_HEAD, [row(gigabytes, weigh(runner, quick=True))]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
