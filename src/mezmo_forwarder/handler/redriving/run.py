"""What one run of the re-drive may do, and what it did."""

from msgspec import Struct, field

from handler.report import Lines, Report, embedded_metrics, log
from handler.timing import Timing

from .command import Command


class Run(Struct):
    """One invocation: until when it may do what, and what it did.

    Args:
        command: what to do.
        account: the function's own.
        started: when it began.
        deadline: when no request to Mezmo may be under way any more.
        end: when all must be over.
        sent: what became of lines, in the counts of a report.
        key_refused: see there.
        tag_lookups_failed: see there.
        unexpected_replies: see there.
        objects: how many were sent, whole or in part.
        set_aside: how many payloads were put to what Mezmo rejects, because they cannot be sent.
        failed: the objects that were not sent, or not wholly, and may themselves be why.
        in_a_row: how many of them since the last that was sent.
        stopped: why it ended before all was sent; empty if it did not.
    """

    command: Command
    account: str
    started: float
    deadline: float
    end: float
    sent: Lines = field(default_factory=Lines)
    key_refused: int = 0
    tag_lookups_failed: int = 0
    unexpected_replies: int = 0
    objects: int = 0
    set_aside: int = 0
    failed: list[str] = []
    in_a_row: int = 0
    stopped: str = ""

    def count(self, report: Report) -> None:
        """Add what became of an object's lines."""
        total = report.total
        self.sent.delivered += total.delivered
        self.sent.bytes_delivered += total.bytes_delivered
        self.sent.rejected += total.rejected
        self.key_refused |= report.key_refused
        self.tag_lookups_failed += report.tag_lookups_failed
        self.unexpected_replies += report.unexpected_replies


def log_run(
    run: Run, depth: dict[str, int], *, function: str, metrics: bool, timing: Timing
) -> dict[str, object]:
    """Say what was done and how much is left, in a line of log, and return it.

    Args:
        run: what was done.
        depth: what is left in the store, as metrics; nothing where that is not known.
        function: the forwarder's, whose metrics they are.
        metrics: whether they are wanted.
        timing: the clocks.
    """
    values = {
        "LinesRedriven": run.sent.delivered,
        "BytesRedriven": run.sent.bytes_delivered,
        "RedrivenLinesRejected": run.sent.rejected,
        "PayloadsSetAside": run.set_aside,
        "KeyRefused": run.key_refused,
        "UnexpectedReplies": run.unexpected_replies,
        "TagLookupsFailed": run.tag_lookups_failed,
    }
    values = {name: value for name, value in values.items() if value} | depth
    left = values.get("StoreDepth", "it is not known how many")
    log(
        "WARN" if run.stopped or run.set_aside or run.sent.rejected else "INFO",
        f"{run.objects} objects sent again, {left} left" + (f": {run.stopped}" if run.stopped else ""),
        objects=run.objects,
        **values,
        milliseconds=round((timing.monotonic() - run.started) * 1000),
        **(embedded_metrics(values, function, [["FunctionName"]], timing.wall()) if metrics else {}),
    )
    return {
        "objects": run.objects,
        "lines": run.sent.delivered,
        "rejected": run.sent.rejected,
        "set_aside": run.set_aside,
        "left": left,
        **({"stopped": run.stopped} if run.stopped else {}),
    }
