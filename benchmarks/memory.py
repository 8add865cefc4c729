"""Peak memory of a process that has handled one invocation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.corpus import (
    KINDS,
    MIXED,
    Payload,
    StreamBatch,
    bomb,
    bomb_of_events,
    largest_payload,
    long_messages,
    payload,
    stream_batch,
    tiny_events,
)
from benchmarks.lambda_python import SHARE, Finished, LambdaPython
from benchmarks.report import Findings, Verdict, table
from benchmarks.sink import BY_LINE, DOWN

_MODES = ("", DOWN, BY_LINE)
_ALWAYS = 128  # what the function has
_LIMITS = {
    60: "5,000 ordinary events",
    96: "the largest ordinary payload, or a bomb of one message",
    _ALWAYS: "any payload",
}


@dataclass(frozen=True)
class _Case:
    """What to handle, the limit in MiB, and whether it takes long: then with Lambda's share of a core."""

    limit: int
    what: Payload | StreamBatch
    slow: bool = False


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Handle each payload in a fresh process that believes it has 128 MB."""
    rows: list[list[str]] = []
    slow_rows: list[list[str]] = []
    peaks: dict[tuple[int, str], float] = {}
    log: list[str] = []
    for case in _cases(quick=quick):
        file, share = runner.event_file(case.what), SHARE if case.slow and not quick else None
        found = {mode: replace(runner, mezmo=mode).probe("memory", file, share=share) for mode in _MODES}
        for mode, finished in found.items():
            for limit in {case.limit, _ALWAYS} if mode == "" else {_ALWAYS}:
                peaks[limit, mode] = max(peaks.get((limit, mode), 0), _peak(finished))
        (slow_rows if case.slow else rows).append(_row(case, found))
        if case.what.name.startswith("bomb of one"):
            log = found[""].lines[:-1]
    one = len(log) == 1 and "event too large" in log[0]
    verdicts = [
        _verdict(*found) for found in sorted(peaks.items(), key=lambda item: _MODES.index(item[0][1]))
    ]
    verdicts.append(
        Verdict("the bomb of one message is refused in one line of log", f"lines: {len(log)}", one)
    )
    head = ["payload", "KB of JSON", "MB unpacked", "limit", "taken", "Mezmo down", "half refused"]
    values = {
        "memory": table(head, rows),
        "bombs": table([*head, "s", "outcome"], slow_rows),
        "share": f"{SHARE:.1%}",
        "log": "\n".join(log),
    }
    return Findings(values, verdicts)


def _cases(*, quick: bool) -> Iterator[_Case]:
    for kind in KINDS:
        yield _Case(60, payload(kind, 5000, MIXED))
    for size in (MIXED, "40 B")[: 1 if quick else 2]:
        for kind in KINDS:
            yield _Case(96, largest_payload(kind, size))
    yield _Case(96, bomb())
    for what in (tiny_events, long_messages, stream_batch, lambda: stream_batch(20)):
        yield _Case(_ALWAYS, what())
    for length in (100, 16_000):
        yield _Case(_ALWAYS, bomb_of_events(length), slow=True)


def _peak(finished: Finished) -> float:
    """Return MiB."""
    return float(finished.result["peak"]) / (1 << 20)


def _row(case: _Case, found: dict[str, Finished]) -> list[str]:
    what = case.what
    row = [what.name, f"{len(what.event) / 1e3:,.0f}", f"{what.size / 1e6:,.1f}", f"{case.limit}"]
    row += [f"{_peak(finished):.1f}" for finished in found.values()]
    if case.slow:
        row.append(" ".join(f"{finished.result['seconds']:.0f}" for finished in found.values()))
        row.append(", ".join(dict.fromkeys(finished.result["outcome"] for finished in found.values())))
    return row


def _verdict(case: tuple[int, str], peak: float) -> Verdict:
    limit, mode = case
    when = {"": "", DOWN: ", Mezmo down", BY_LINE: ", every other line refused"}[mode]
    return Verdict(f"memory after {_LIMITS[limit]}{when}: under {limit} MiB", f"{peak:.1f}", peak < limit)
