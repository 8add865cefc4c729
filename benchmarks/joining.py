"""CPU time of an invocation that joins lines, as a ratio to one that does not."""

from benchmarks.corpus import KINDS, MIXED, Payload, payload, traces
from benchmarks.lambda_python import LambdaPython
from benchmarks.ratios import compare
from benchmarks.report import Findings, Verdict, table

_TARGET = 1.2
_TRACES = ["java", "stack-traces"]
_FIRST_LINES = ["timestamp", "starts-with"]
_PATTERNS = {"starts-with": r"^\d{4}-\d\d-"}


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Compare an invocation with each way of joining to one without."""
    turns = 3 if quick else 15
    cases: list[tuple[Payload, list[str]]] = [
        *((payload(kind, count, MIXED), _TRACES) for count in (500, 5000) for kind in KINDS),
        *((traces(count), [*_TRACES, *_FIRST_LINES]) for count in (500, 5000)),
    ]
    rows, verdicts = [], []
    for what, kinds in cases:
        for kind in kinds:
            pattern = {"pattern": _PATTERNS[kind]} if kind in _PATTERNS else {}
            found = compare(runner, {"multiline": {"kind": kind, **pattern}}, what, turns)
            rows.append([what.name, f"`{kind}`", *found.columns])
            if not pattern:
                target = f"`{kind}` for {what.name}: at most {_TARGET} times without"
                verdicts.append(Verdict(target, f"{found.ratio:.2f}", found.ratio <= _TARGET))
    head = ["payload", "joined", "without, ms", "with, ms", "ratio", "noise"]
    return Findings({"joining": table(head, rows), "turns": str(turns)}, verdicts)
