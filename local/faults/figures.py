"""Whether the figures that the forwarder writes about each invocation add up, and are true."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from local.aws import Invocation
from local.faults.evidence import Evidence
from local.faults.stored import events_of
from local.mezmo import RecordedRequest

_OUTCOMES = ("LinesDelivered", "LinesFiltered", "LinesStored", "LinesRejected", "LinesUndelivered")


def reports_in(log: str) -> list[dict[str, Any]]:
    """Return the lines of a function's log that are reports of invocations with log events."""
    found = []
    for line in log.splitlines():
        if line.startswith("{") and '"LinesReceived"' in line:
            # Who is killed between a line and its end leaves them without.
            with suppress(ValueError):
                found.append(json.JSONDecoder().raw_decode(line)[0])
    return found


def discrepancies(evidence: Evidence, event: Callable[[str], object]) -> Iterator[str]:
    """Yield what is wrong with the reports of the forwarder's invocations that came to an end.

    event: what a function was invoked with, by request id.
    """
    for invocation, asked in evidence.by_invocation:
        if invocation.function != evidence.forwarder or invocation.outcome not in {"response", "error"}:
            continue
        requests = [one for one in asked if isinstance(one, RecordedRequest)]
        events = len(events_of(event(invocation.request_id)))
        for problem in _problems(invocation, events, requests, evidence):
            yield f"request {invocation.request_id} at {invocation.began:.3f}: {problem}"


def _problems(
    invocation: Invocation, events: int, requests: list[RecordedRequest], evidence: Evidence
) -> Iterator[str]:
    reports = reports_in(invocation.log)
    if len(reports) != bool(events):
        yield f"{len(reports)} reports about {events} log events: {invocation.answer}"
        return
    for report in reports:
        received, outcomes = report["LinesReceived"], [report.get(name, 0) for name in _OUTCOMES]
        if received != sum(outcomes):
            yield f"LinesReceived {received} is not the sum of {dict(zip(_OUTCOMES, outcomes, strict=True))}"
        if received < events:
            yield f"LinesReceived {received}, of {events} log events"
        taken = {one.number: len(evidence.taken.get(one.number, ())) for one in requests}
        known = sum(taken[one.number] for one in requests if not evidence.is_lost(one))
        doubtful = sum(taken[one.number] for one in requests if one.number in evidence.left)
        if not known <= report.get("LinesDelivered", 0) <= known + doubtful:
            yield f"LinesDelivered {report.get('LinesDelivered', 0)}, and Mezmo has taken {known}"
