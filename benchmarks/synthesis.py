"""What subscriptions cost to synthesize, by how many there are: CPU time, resources and bytes of template."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.lambda_python import LambdaPython
from benchmarks.report import Findings, Verdict, table

_ROOT = Path(__file__).resolve().parents[1]
_COUNTS = few, some, many = 10, 100, 400
_WAYS = {
    "subscribe": "`subscribe`, in a loop",
    "subscribe_all": "`subscribe_all`",
    "plain": "CDK's `SubscriptionFilter` and `LambdaDestination`",
}
_NONE = "none"
_LINEAR = 1.25


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Synthesize applications with more and more log groups, each in a process of its own."""
    del runner
    rounds = 1 if quick else 7
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for _ in range(rounds):
        for count in _COUNTS:
            for way in (_NONE, *_WAYS):
                found.setdefault((way, count), []).append(_synthesize(count, way))
    cost = {
        (way, count): statistics.median(one["seconds"] for one in found[way, count])
        - statistics.median(one["seconds"] for one in found[_NONE, count])
        for way in _WAYS
        for count in _COUNTS
    }
    size = {
        (way, unit): (found[way, many][0][unit] - found[_NONE, many][0][unit]) / many
        for way in _WAYS
        for unit in ("resources", "bytes")
    }
    each = {way: [cost[way, count] / count * 1000 for count in _COUNTS] for way in _WAYS}
    rows = [
        [
            name,
            *(f"{milliseconds:.2f}" for milliseconds in each[way]),
            f"{each[way][2] / each[way][1]:.2f}",
            f"{size[way, 'resources']:.2f}",
            f"{size[way, 'bytes']:.0f}",
        ]
        for way, name in _WAYS.items()
    ]
    head = ["", *(f"ms each of {count}" for count in _COUNTS), f"{many} to {some}", "resources", "bytes"]
    ours = ("subscribe", "subscribe_all")
    slope = max(each[way][2] / each[way][1] for way in ours)
    resources = max(size[way, "resources"] for way in ours)
    plain = max(each[way][2] for way in ours) / each["plain"][2]
    verdicts = [
        Verdict(
            f"synthesis: a subscription of {many} costs at most {_LINEAR} times one of {some}",
            f"{slope:.2f}",
            slope <= _LINEAR,
        ),
        Verdict("synthesis: one resource a subscription", f"{resources:.2f}", resources == 1),
        Verdict(
            "synthesis: a subscription costs no more than CDK's own",
            f"{plain:.2f} times as much",
            plain <= 1,
        ),
    ]
    return Findings({"synthesis": table(head, rows), "synthesis_rounds": f"{rounds}"}, verdicts)


def _synthesize(count: int, way: str) -> dict[str, Any]:
    path = os.pathsep.join([str(_ROOT), str(_ROOT / "build/bindings/python/src")])
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.synthesis_app", f"{count}", way],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        timeout=300,
    )
    found: dict[str, Any] = json.loads(finished.stdout)
    return found
