"""CPU time of an invocation that does more with JSON, as a ratio to one that does not, and memory."""

import json
from dataclasses import replace

from benchmarks.corpus import KINDS, MIXED, Payload, hostile_json, json_with_times, payload, printed_json
from benchmarks.lambda_python import DEFAULTS, LambdaPython
from benchmarks.ratios import compare
from benchmarks.report import Findings, Verdict, table
from handler.redaction.rules import RULES

_JOINING = 1.2
_LIMIT = 128  # MiB
_TIME: dict[str, object] = {"timestamp_field": "time"}
_JOINED: dict[str, object] = {"multiline": {"kind": "json"}}
_FLATTENED: dict[str, object] = {"json_messages": "flattened"}
_EVERYTHING = {
    **DEFAULTS,
    "multiline": {"kind": "stack-traces", "json": True},
    "exclude": [{"by": "field", "name": "zebra"}],
    "redact": {"rules": [{"rule": name} for name in RULES]},
    "timestamp_field": "a.time",
    "json_messages": "flattened",
}


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Compare an invocation with each option to one without, and handle what is to cost memory."""
    turns = 3 if quick else 15
    text, plain = (payload(kind, 5000, MIXED) for kind in KINDS)
    some, printed, timed = printed_json(5000, 24), printed_json(5000, 0), json_with_times(5000)
    cases: list[tuple[Payload, str, dict[str, object]]] = [
        (text, "`Multiline.json()`", _JOINED),
        (plain, "`Multiline.json()`", _JOINED),
        (some, "`Multiline.json()`", _JOINED),
        (some, "stack traces and JSON", {"multiline": {"kind": "stack-traces", "json": True}}),
        (printed, "`Multiline.json()`", _JOINED),
        (text, "`timestamp_field`", _TIME),
        (timed, "`timestamp_field`", _TIME),
        (text, "`TEXT`", {"json_messages": "text"}),
        (plain, "`TEXT`", {"json_messages": "text"}),
        (plain, "`FLATTENED`", _FLATTENED),
        (timed, "all three", {**_JOINED, **_TIME, **_FLATTENED}),
    ]
    rows, verdicts = [], []
    for what, name, settings in cases:
        found = compare(runner, settings, what, turns)
        rows.append([what.name, name, *found.columns])
        if settings is _JOINED and what is not printed:
            target = f"{name} for {what.name}: at most {_JOINING} times without"
            verdicts.append(Verdict(target, f"{found.ratio:.2f}", found.ratio <= _JOINING))
    hostile, most = [], 0.0
    for what in hostile_json():
        finished = replace(runner, settings=_EVERYTHING).probe("memory", runner.event_file(what))
        peak = float(finished.result["peak"]) / (1 << 20)
        most = max(most, peak)
        hostile.append([what.name, f"{what.size / 1e6:,.1f}", f"{peak:.1f}", _outcome(finished.lines)])
    verdicts.append(
        Verdict(f"memory after hostile JSON, everything on: under {_LIMIT} MiB", f"{most:.1f}", most < _LIMIT)
    )
    head = ["payload", "", "without, ms", "with, ms", "ratio", "noise"]
    return Findings(
        {
            "json_lines": table(head, rows),
            "hostile": table(["payload", "MB unpacked", "peak", "lines"], hostile),
        },
        verdicts,
    )


def _outcome(log: list[str]) -> str:
    for line in log:
        counts = json.loads(line)
        if "LinesReceived" in counts:
            return f"{counts['LinesDelivered']:,} of {counts['LinesReceived']:,} delivered"
    return "none"
