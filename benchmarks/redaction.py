"""The price of redaction: CPU time of an invocation, as a ratio to bare forwarding in the same run."""

import statistics
from dataclasses import replace

from benchmarks.corpus import KINDS, MIXED, payload, payload_with_secrets
from benchmarks.lambda_python import DEFAULTS, LambdaPython
from benchmarks.previous import time_of
from benchmarks.report import Findings, Verdict, table
from handler.redaction.rules import RULES

_TARGET = 2.0
_COUNT = 5000
_EVERY = 10
_ALL = f"all {len(RULES)}"
_PATTERNS = {
    "a pattern, `ORD-\\d{8}`": r"ORD-\d{8}",
    "a pattern without literal text, `\\d+\\.\\d+%`": r"\d+\.\d+%",
}


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Measure each rule, all of them and patterns, on messages with nothing to redact and with something."""
    plain = [payload(kind, _COUNT, MIXED) for kind in KINDS]
    secret = [payload_with_secrets(kind, _COUNT, MIXED, _EVERY) for kind in KINDS]
    settings: dict[str, object] = {
        **{name: {"rules": [{"rule": name}]} for name in RULES},
        _ALL: {"rules": [{"rule": name} for name in RULES]},
        **{name: {"rules": [{"rule": "own", "pattern": pattern}]} for name, pattern in _PATTERNS.items()},
    }
    turns, rounds = (1, 10) if quick else (7, 20)
    ratios: dict[str, list[str]] = {name: [] for name in settings}
    verdicts = []
    for what in [*plain, *secret]:
        file = runner.file(what)
        times: dict[str, list[float]] = {name: [] for name in settings}
        for _ in range(turns):
            for name, redact in settings.items():
                redacting = replace(runner, settings={**DEFAULTS, "redact": redact})
                before = time_of(runner, file, rounds)
                ours = time_of(redacting, file, rounds)
                after = time_of(runner, file, rounds)
                times[name].append(2 * ours / (before + after))
        for name in settings:
            ratio = statistics.median(times[name])
            ratios[name].append(f"**{ratio:.2f}**" if name == _ALL else f"{ratio:.2f}")
        ratio = statistics.median(times[_ALL])
        target = f"CPU for {what.name}, {_ALL} rules of redaction: at most {_TARGET:g} times bare forwarding"
        verdicts.append(Verdict(target, f"{ratio:.2f}", ratio <= _TARGET))
    head = ["", *KINDS, *(f"{kind}, 1 in {_EVERY} with a secret" for kind in KINDS)]
    return Findings({"redaction": table(head, [[name, *row] for name, row in ratios.items()])}, verdicts)
