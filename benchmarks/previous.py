"""CPU time of an invocation, as a ratio to that of the release before."""

import io
import shutil
import statistics
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

from benchmarks.corpus import KINDS, MIXED, payload
from benchmarks.lambda_python import BARE, ISOLATED, LambdaPython, run
from benchmarks.report import Findings, Verdict, median, table

# The last commit before the undelivered store; its release had neither store nor metrics.
_REVISION = "637c75e"
_SOURCE = "src/mezmo_forwarder"
_ROOT = Path(__file__).resolve().parents[1]
_TARGET = 1.03
_CASES = [(10, MIXED), (500, MIXED), (5000, MIXED), (500, "40 B"), (500, "4 KB")]
_TIMES = """
import json, sys, time
sys.path[:0] = sys.argv[1].split(":")
import handler.app
class Context:
    invoked_function_arn = "arn:aws:lambda:eu-west-3:123456789012:function:forwarder"
    def get_remaining_time_in_millis(self):
        return 60_000
with open(sys.argv[2]) as file:
    event = {"awslogs": {"data": file.read()}}
times = []
for _ in range(5 + int(sys.argv[3])):
    start = time.process_time()
    handler.app.handle(event, Context())
    times.append(time.process_time() - start)
print(json.dumps(times[5:]))
"""


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Compare the new handler, with store and metrics, to the previous one, and that to itself."""
    runner = replace(runner, settings=BARE)
    previous = _previous(runner)
    if previous is None:
        missing = (
            f"Revision {_REVISION} is not in this clone (a shallow one?): `git fetch --unshallow` brings it."
        )
        return Findings({"previous": missing, "revision": _REVISION, "turns": "0", "more": "-"})
    turns = 3 if quick else 15
    rows: list[list[str]] = []
    verdicts = []
    more: list[float] = []  # milliseconds, by case
    for count, size, kind in ((count, size, kind) for count, size in _CASES for kind in KINDS):
        what = payload(kind, count, size)
        file, rounds = runner.file(what), max(40_000 // (count + 100), 10)
        # The new one between two runs of the old one, so that a drift of the machine cancels out.
        times = [[time_of(one, file, rounds) for one in (previous, runner, previous)] for _ in range(turns)]
        ratio = statistics.median(2 * new / (before + after) for before, new, after in times)
        noise = statistics.median(after / before for before, _, after in times)
        old = statistics.median(before + after for before, _, after in times) / 2
        if size == MIXED and count >= 500:
            target = f"CPU for {what.name}: at most {_TARGET} times the previous release"
            verdicts.append(Verdict(target, f"{ratio:.3f}", ratio <= _TARGET))
        new = statistics.median(turn[1] for turn in times)
        more.append(new - old)
        rows.append(
            [f"{count:,} {kind}", size, f"{old:.2f}", f"{new:.2f}", f"**{ratio:.3f}**", f"{noise:.3f}"]
        )
    head = ["events", "message", "previous, ms", "new, ms", "ratio", "previous to itself"]
    values = {"revision": _REVISION, "turns": f"{turns}", "more": f"{more[0]:.2f}"}
    return Findings({"previous": table(head, rows), **values}, verdicts)


def time_of(runner: LambdaPython, file: str, rounds: int) -> float:
    """Return the median CPU time of an invocation, in milliseconds, of a warm process of its own."""
    command = [runner.python, *ISOLATED, "-c", _TIMES, runner.path, file, str(rounds)]
    return median(run(command, runner.environment()).result)


def _previous(runner: LambdaPython) -> LambdaPython | None:
    """Return a runner of the previous release, with the same wheels; None if git does not have it."""
    command = ["git", "-C", str(_ROOT), "archive", f"{_REVISION}:{_SOURCE}", "handler"]
    archive = subprocess.run(command, capture_output=True, check=False, timeout=60)
    if archive.returncode:
        return None
    asset = runner.directory / "previous"
    shutil.copytree(runner.asset, asset)
    shutil.rmtree(asset / "handler")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(asset, filter="data")
    return replace(runner, asset=asset, settings={})
