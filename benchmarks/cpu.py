"""CPU time of an invocation, as a ratio to the codec floor in the same run."""

from dataclasses import replace

from benchmarks.corpus import KINDS, MIXED, payload
from benchmarks.floor import LINES, SEND, STAGES
from benchmarks.lambda_python import BARE, LambdaPython
from benchmarks.report import Findings, Verdict, median, table

_TARGET, _WISH = 1.5, 1.2
_CASES = [
    (10, MIXED),
    (500, MIXED),
    (5000, MIXED),
    (500, "40 B"),
    (500, "400 B"),
    (500, "4 KB"),
    (5000, "40 B"),
]


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Compare handler and floor for each corpus, and stage by stage for one."""
    runner = replace(runner, settings=BARE)
    rows, verdicts = [], []
    for count, size, kind in ((count, size, kind) for count, size in _CASES for kind in KINDS):
        what = payload(kind, count, size)
        rounds = max(60_000 // (count + 100) // (8 if quick else 1), 5)
        times = runner.probe("cpu", runner.file(what), str(rounds)).result
        floor, ours = times["floor"], times["handler"]
        ratio = median(ours) / median(floor)
        if size == MIXED and count >= 500:
            target = f"CPU for {what.name}: at most {_TARGET} times the codec floor"
            verdicts.append(Verdict(target, f"{ratio:.2f}", ratio <= _TARGET))
        rows.append(
            [
                f"{count:,} {kind}",
                size,
                f"{what.size / 1e3:,.0f}",
                f"{times['out'] / 1e3:,.0f}",
                f"{median(floor):.2f}",
                f"{median(ours):.2f}",
                f"**{ratio:.2f}**",
                f"{min(ours) / min(floor):.2f}",
                f"{median(ours) / median(times['raw floor']):.2f}",
            ]
        )
    head = [
        "events",
        "message",
        "KB in",
        "KB out",
        "floor, ms",
        "handler, ms",
        "ratio",
        "of minima",
        "to raw",
    ]
    return Findings({"cpu": table(head, rows), **_stages(runner, quick=quick)}, verdicts)


def _stages(runner: LambdaPython, *, quick: bool) -> dict[str, str]:
    count = 5000
    what = payload("text", count, MIXED)
    turns = runner.probe("stages", runner.file(what), "5" if quick else "40").result
    floor = {stage: median([turn["floor"].get(stage, 0) for turn in turns]) for stage in STAGES}
    ours = {stage: median([turn["handler"][stage] for turn in turns]) for stage in STAGES}
    beyond = {stage: ours[stage] - floor[stage] for stage in STAGES}
    total = sum(floor.values())
    rows = [[s, f"{floor[s]:.2f}", f"{ours[s]:.2f}", f"{beyond[s]:.2f}"] for s in STAGES]
    rows.append(["all", f"{total:.2f}", f"{sum(ours.values()):.2f}", f"{sum(beyond.values()):.2f}"])
    return {
        "stages": table(["stage", "floor, ms", "handler, ms", "beyond, ms"], rows),
        "payload": what.name,
        "wish": str(_WISH),
        "beyond": f"{sum(beyond.values()):.1f}",
        "budget": f"{total * (_WISH - 1):.1f}",
        "send": f"{ours[SEND]:.1f}",
        "loop": f"{beyond[LINES]:.1f}",
        "loop_each": f"{beyond[LINES] / count * 1000:.1f}",
    }
