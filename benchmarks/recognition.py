"""CPU time of an invocation with what is on by default, and with everything, as ratios to bare forwarding."""

from dataclasses import replace

from benchmarks.corpus import KINDS, MIXED, payload
from benchmarks.lambda_python import BARE, DEFAULTS, LambdaPython
from benchmarks.ratios import compare
from benchmarks.report import Findings, Verdict, table
from handler.redaction.rules import RULES
from handler.settings import META_FIELDS

_TARGET = 1.15
_RECOGNITION = {**DEFAULTS, "recognize": True, "meta_fields": META_FIELDS}
_EVERYTHING = {
    **_RECOGNITION,
    "multiline": {"kind": "stack-traces"},
    "exclude": [{"by": "lambda-platform"}, {"by": "health-checks"}],
    "redact": {"rules": [{"rule": name} for name in RULES]},
}


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Compare invocations with recognition, and with everything, to those with neither."""
    turns = 3 if quick else 15
    bare = replace(runner, settings=BARE)
    rows, verdicts = [], []
    for count, kind in ((count, kind) for count in (500, 5000) for kind in KINDS):
        what = payload(kind, count, MIXED)
        found = compare(bare, _RECOGNITION, what, turns)
        rows.append([what.name, "recognition, the default", *found.columns])
        target = f"recognition for {what.name}: at most {_TARGET} times bare forwarding"
        verdicts.append(Verdict(target, f"{found.ratio:.2f}", found.ratio <= _TARGET))
        together = "with joining, two excludes and all rules of redaction"
        rows.append([what.name, together, *compare(bare, _EVERYTHING, what, turns).columns])
    head = ["payload", "", "without, ms", "with, ms", "ratio", "noise"]
    return Findings({"recognition": table(head, rows)}, verdicts)
