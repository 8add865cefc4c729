"""Run the benchmarks: all of them, written to `README.md`, or those named, only printed."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    cold_start,
    cpu,
    idle,
    joining,
    json_lines,
    limited,
    line_size,
    memory,
    outage_day,
    outage_hour,
    own_logs,
    previous,
    recognition,
    redaction,
    redrive,
    reserve,
    selection,
    synthesis,
    volume,
    wall,
)
from benchmarks.lambda_python import LambdaPython
from benchmarks.report import Findings, document
from benchmarks.sink import running_sink

_MEASURES: dict[str, Callable[..., Findings]] = {
    "cpu": cpu.measure,
    "previous": previous.measure,
    "recognition": recognition.measure,
    "joining": joining.measure,
    "json_lines": json_lines.measure,
    "selection": selection.measure,
    "redaction": redaction.measure,
    "memory": memory.measure,
    "wall": wall.measure,
    "reserve": reserve.measure,
    "outage_hour": outage_hour.measure,
    "outage_day": outage_day.measure,
    "limited": limited.measure,
    "redrive": redrive.measure,
    "idle": idle.measure,
    "cold_start": cold_start.measure,
    "line_size": line_size.measure,
    "volume": volume.measure,
    "own_logs": own_logs.measure,
    "synthesis": synthesis.measure,
}


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_MEASURES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; nothing is written")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(_MEASURES)):
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    python = os.environ.get("MEZMO_DEV_LAMBDA_PYTHON")
    if python is None:
        parser.error("run it as `python3 tools/dev.py bench`, which knows where Lambda's Python is")
    findings = {}
    with tempfile.TemporaryDirectory() as directory, running_sink(Path(directory)) as sink:
        runner = LambdaPython(python, Path(directory), sink)
        for name in arguments.names or _MEASURES:
            print(f"[bench] {name}", file=sys.stderr, flush=True)
            findings[name] = _MEASURES[name](runner, quick=arguments.quick)
    text = document(findings, python, _MEASURES)
    if not arguments.names and not arguments.quick:
        Path(__file__).with_name("README.md").write_text(text)
    print(text)
    return 0 if all(verdict.met for found in findings.values() for verdict in found.verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
