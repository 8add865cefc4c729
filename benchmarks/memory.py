"""Peak memory of a process that has handled one payload."""

from benchmarks.corpus import KINDS, MIXED, bomb, largest_payload, most_events, payload
from benchmarks.lambda_python import LambdaPython
from benchmarks.report import Findings, Verdict, table

_LIMITS = {
    60: "5,000 ordinary events",
    96: "the largest payload, or a bomb",
    128: "the most that is not refused",
}


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Handle each payload in a fresh process that believes it has 128 MB."""
    cases = [(60, payload(kind, 5000, MIXED)) for kind in KINDS]
    cases += [
        (96, largest_payload(kind, size)) for size in (MIXED, "40 B")[: 1 if quick else 2] for kind in KINDS
    ]
    cases += [(96, bomb()), (128, most_events())]
    rows = []
    peaks = dict.fromkeys(_LIMITS, 0.0)
    log: list[str] = []
    for limit, what in cases:
        finished = runner.probe("memory", runner.file(what))
        peak = finished.result["peak"] / (1 << 20)
        peaks[limit] = max(peaks[limit], peak)
        sizes = [f"{len(what.data) / 1e3:,.0f}", f"{what.size / 1e6:,.1f}"]
        rows.append([what.name, *sizes, f"{peak:.1f}", f"< {limit}", finished.result["outcome"]])
        if what.name == "bomb":
            log = finished.lines[:-1]
    verdicts = [
        Verdict(f"memory after {what}: under {limit} MiB", f"{peaks[limit]:.1f}", peaks[limit] < limit)
        for limit, what in _LIMITS.items()
    ]
    one = len(log) == 1 and "event too large" in log[0]
    verdicts.append(Verdict("the bomb is refused with one clear log line", f"lines: {len(log)}", one))
    head = ["payload", "KB of base64", "MB unpacked", "peak, MiB", "target", "outcome"]
    return Findings({"memory": table(head, rows), "log": "\n".join(log)}, verdicts)
