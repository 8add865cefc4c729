"""CPU time of an invocation that leaves out lines, as a ratio to one that sends all."""

from benchmarks.corpus import KINDS, MIXED, payload
from benchmarks.lambda_python import LambdaPython
from benchmarks.ratios import compare
from benchmarks.report import Findings, table

_FILTERS: dict[str, dict[str, object]] = {
    "plain pattern": {"by": "pattern", "pattern": "zebra"},
    "pattern": {"by": "pattern", "pattern": r"zebra\d+|^zebu"},
    "level": {"by": "level", "levels": ["trace"]},
    "field": {"by": "field", "name": "zebra"},
    "Lambda's own lines": {"by": "lambda-platform"},
    "health checks": {"by": "health-checks"},
}
_SHARES = [1, 0.1]


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Compare an invocation with each filter to one without."""
    turns = 3 if quick else 15
    cases: dict[str, dict[str, object]] = {
        f"exclude by {name}": {"exclude": [one]} for name, one in _FILTERS.items()
    }
    cases |= {f"a share of {share} of all": {"sampling": [{"share": share}]} for share in _SHARES}
    rows = []
    for kind in KINDS:
        what = payload(kind, 5000, MIXED)
        for name, settings in cases.items():
            rows.append([what.name, name, *compare(runner, settings, what, turns).columns])
    head = ["payload", "filter", "without, ms", "with, ms", "ratio", "noise"]
    return Findings({"selection": table(head, rows)})
