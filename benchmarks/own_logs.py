"""What the forwarder itself writes to CloudWatch: bytes of log, and metrics."""

import json
from dataclasses import replace

from benchmarks import prices
from benchmarks.corpus import MIXED, payload
from benchmarks.lambda_python import DEFAULTS, LambdaPython
from benchmarks.report import Findings, Verdict, table
from handler.report import Lines, Report

_VOLUME = 1_000_000  # bytes of messages a minute
_MEAN_MESSAGE = 530
_RATES = (12, 30, 60)  # invocations a minute
_TARGET = 0.01
# What the re-drive publishes beside metrics that the forwarder publishes too.
_OF_REDRIVE = ["LinesRedriven", "BytesRedriven", "RedrivenLinesRejected", "StoreDepth", "OldestStoredAge"]


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Have an invocation log what it did, with its part of a minute's messages."""
    del quick
    without = replace(runner, settings={**DEFAULTS, "metrics": None})
    sizes = {rate: (_line(runner, rate), _line(without, rate)) for rate in _RATES}
    rows = []
    for rate, lines in sizes.items():
        row = [f"{rate}", f"{_VOLUME / rate / 1000:,.0f}"]
        for line in lines:
            written = rate * (len(line) + 1)
            month = written * prices.MONTH_HOURS * 60 / 1e9 * prices.LOG_GB
            row += [f"{len(line) + 1}", f"{written / _VOLUME:.2%}", f"{month:.2f}"]
        rows.append(row)
    usual = sizes[_RATES[0]][0]
    published = [metric["Name"] for metric in json.loads(usual)["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    most = [*_all_metrics(), *_OF_REDRIVE]
    share = _RATES[0] * (len(usual) + 1) / _VOLUME
    most_bytes = _TARGET * _VOLUME
    values = {
        "own_logs": table(
            [
                "invocations a minute",
                "KB each",
                *(
                    f"{what}{end}"
                    for end in (", metrics", ", none")
                    for what in ("B a line", "share", "USD a month")
                ),
            ],
            rows,
        ),
        "passed": f"{most_bytes / (len(usual) + 1):.0f}",
        "passed_without": f"{most_bytes / (len(sizes[_RATES[0]][1]) + 1):.0f}",
        "line": usual,
        "published": ", ".join(f"`{name}`" for name in published),
        "published_count": f"{len(published)}",
        "published_usd": f"{len(published) * prices.METRIC_MONTH:.2f}",
        "most": ", ".join(f"`{name}`" for name in most if name not in published),
        "most_count": f"{len(most)}",
        "most_usd": f"{len(most) * prices.METRIC_MONTH:.2f}",
    }
    target = f"own log at 1 MB a minute in {_RATES[0]} invocations: under {_TARGET:.0%} of it"
    return Findings(values, [Verdict(target, f"{share:.2%}", share < _TARGET)])


def _line(runner: LambdaPython, rate: int) -> str:
    """Return what an invocation prints."""
    what = payload("text", round(_VOLUME / rate / _MEAN_MESSAGE), MIXED)
    (line,) = runner.probe("memory", runner.event_file(what)).lines[:-1]
    return line


def _all_metrics() -> list[str]:
    """Return the names of what the forwarder publishes when everything happens at once."""
    numbers = [name for name in Report.__struct_fields__ if name not in {"groups", "reasons", "filters"}]
    lines = Lines(*[1] * len(Lines.__struct_fields__))
    return [*Report(groups={"": lines}, **dict.fromkeys(numbers, 1)).metrics()]  # type: ignore[arg-type]  # all of them are numbers
