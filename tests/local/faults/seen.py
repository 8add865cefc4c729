"""What a run of the fault suite has seen, put down by hand: requests, calls to S3, invocations."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from local.aws import Invocation
from local.faults.evidence import Evidence
from local.faults.proxy import Call, Exchange, Forward
from local.faults.reconciliation import LineKey, line_key
from local.mezmo import (
    Accept,
    Answer,
    CommittedLine,
    Fault,
    Hang,
    PartialMix,
    Pass,
    ReceivedLine,
    RecordedConnection,
    RecordedRequest,
)
from tests.local.faults.lines import document_of, lines_of, some_events

EVENTS = [event for event in some_events() if event.text][:6]
SENT = [lines_of([event]) for event in EVENTS]
FORWARDER, REDRIVE = "forwarder", "redrive"


def keys(*numbers: int) -> frozenset[LineKey]:
    return frozenset(line_key(line.fields) for number in numbers for line in SENT[number])


def invocation(
    name: str, began: float, pid: int, *, outcome: str = "response", function: str = FORWARDER, **more: Any
) -> Invocation:
    return Invocation(name, function, began, began + 5, pid, outcome, **more)


class Seen:
    """Collects what was seen; each process has a connection of its own, by its number."""

    def __init__(self) -> None:
        self.lines: list[CommittedLine] = []
        self.requests: list[RecordedRequest] = []
        self.exchanges: list[Exchange] = []
        self.left: set[int] = set()

    def request(
        self, time: float, pid: int, *numbers: int, fault: Fault | None = None, taken: bool = True
    ) -> None:
        number = len(self.requests) + 1
        fault = fault or Pass()
        sent = [line for event in numbers for line in SENT[event]]
        status: int | None = 200
        match fault:
            case Answer(status=status):
                pass
            case Hang():
                status = None
            case PartialMix():
                status = 207
        self.lines += [dataclasses.replace(line, request=number) for line in sent if taken]
        self.requests.append(
            RecordedRequest(
                number=number,
                time=time,
                connection=pid,
                method="POST",
                path="/logs/ingest",
                query="",
                headers=(),
                body=b"",
                wire_bytes=0,
                hostname="host",
                tags=(),
                lines=tuple(ReceivedLine(line.fields, None, taken) for line in sent),
                flags=(),
                fault=fault,
                verdict=200,
                problem=None,
                status=status,
            )
        )

    def s3(self, time: float, pid: int, operation: str, key: str, *numbers: int, **more: Any) -> None:
        content = b"".join(document_of([EVENTS[number]]) for number in numbers)
        usual: dict[str, Any] = {"fault": Forward(), "status": 200, "carried_out": True, "answered": True}
        exchange = Exchange(
            number=len(self.exchanges) + 1,
            time=time,
            port=pid,
            call=Call("s3", operation, key),
            content=content,
            **(usual | more),
        )
        self.exchanges.append(exchange)

    def evidence(self, *invocations: Invocation, killed: Sequence[int] = ()) -> Evidence:
        pids = {one.pid for one in invocations}
        return Evidence(
            forwarder=FORWARDER,
            redrive=REDRIVE,
            lines=self.lines,
            requests=self.requests,
            connections=[RecordedConnection(pid, 0.0, pid, Accept()) for pid in pids if pid],
            left=frozenset(self.left),
            exchanges=self.exchanges,
            invocations=invocations,
            owner=lambda port, _: port,
            killed=frozenset(killed),
        )


def report(received: int, **counts: int) -> str:
    return json.dumps({"level": "INFO", "message": "lines delivered", "LinesReceived": received, **counts})
