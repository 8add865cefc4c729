"""The figures of a run, as a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from local.faults import aws_script, mezmo_script
from local.faults.duplicates import Cause, Duplicates
from local.faults.evidence import Evidence
from local.faults.figures import reports_in
from local.faults.reconciliation import Fate, Reconciliation


@dataclass(frozen=True)
class Figures:
    """What a run amounts to.

    problems: what must not be, in words; a run with none has passed.
    """

    seed: int
    seconds: float
    events: int
    lines: int
    faults: Counter[str]
    counts: dict[str, int]
    reconciliation: Reconciliation
    duplicates: Duplicates
    problems: Sequence[str]

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, nothing came again without a reason, and all figures are true."""
        return not self.problems

    def table(self) -> str:
        """Set everything out, a row each."""
        fates, again = self.reconciliation.fates, self.duplicates
        rows: list[tuple[str, object]] = [
            ("seed", self.seed),
            ("events", self.events),
            *((f"  {fate}", fates.get(fate, 0)) for fate in Fate),
            ("lines at Mezmo, without repetitions", self.lines),
            ("lines there again", f"{again.total} ({self._share(again.total)})"),
            *(
                (f"  {cause}", f"{again.causes[cause]} ({self._share(again.causes[cause])})")
                for cause in Cause
            ),
            ("  unexplained", f"{len(again.unexplained)} ({self._share(len(again.unexplained))})"),
            *self.counts.items(),
            ("faults met", self.faults.total()),
            *((f"  {kind}", count) for kind, count in sorted(self.faults.items())),
            ("time", f"{self.seconds / 60:.1f} minutes"),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows)

    def _share(self, count: int) -> str:
        return f"{100 * count / max(1, self.lines):.3f} %"


def faults_met(evidence: Evidence) -> Counter[str]:
    """Count the faults by kind, as often as a request, a connection or a call met them."""
    kinds = [mezmo_script.kind_of(one.fault) for one in evidence.requests]
    kinds += [mezmo_script.kind_of(one.fault) for one in evidence.connections]
    found = Counter(f"Mezmo: {kind}" for kind in kinds if kind)
    names = {"s3": "S3", "secretsmanager": "Secrets Manager"}
    found.update(
        f"{names[one.call.service]}: {kind}"
        for one in evidence.exchanges
        if (kind := aws_script.kind_of(one.fault))
    )
    refused = sum(one.verdict == 403 for one in evidence.requests)
    return found + Counter({"Mezmo: key not known": refused})


def counts_of(evidence: Evidence) -> dict[str, int]:
    """Count what the functions did."""
    of_forwarder = [one for one in evidence.invocations if one.function == evidence.forwarder]
    of_redrive = [one for one in evidence.invocations if one.function == evidence.redrive]
    reports = [report for one in of_forwarder for report in reports_in(one.log)]
    done = [one.call for one in evidence.exchanges if one.carried_out and one.call.operation == "PutObject"]
    answers = [one.answer for one in of_redrive if one.outcome == "response"]
    return {
        "invocations of the forwarder": len(of_forwarder),
        "  that failed": sum(one.outcome == "error" for one in of_forwarder),
        "  that timed out": sum(one.outcome == "timeout" for one in of_forwarder),
        "  that ended with their process": sum(one.outcome == "exit" for one in of_forwarder),
        "invocations of the re-drive": len(of_redrive),
        "requests to Mezmo": len(evidence.requests),
        "objects stored": sum(call.key.startswith("undelivered/") for call in done),
        "lines stored": sum(report.get("LinesStored", 0) for report in reports),
        "lines sent by the re-drive": sum(answer.get("lines", 0) for answer in answers),
    }
