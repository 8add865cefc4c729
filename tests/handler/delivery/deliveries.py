"""What the tests of delivery need: one invocation's, by a script of replies."""

import gzip
import json
from collections.abc import Iterable, Sequence

import msgspec

from handler.client import Reply
from handler.delivery.breaker import Breaker
from handler.delivery.delivery import Delivery
from handler.delivery.keys import Keys
from handler.delivery.leftovers import Leftovers
from handler.delivery.mezmo import Mezmo
from handler.events.documents import Limits, read_payload
from handler.lines.batches import Batch, Piece, Query
from handler.lines.lines import split_line
from handler.lines.names import names_of
from handler.report import Report
from handler.settings import EnvironmentKey
from handler.store.packing import pack_rejected, pack_undelivered
from tests.handler.cloudwatch import GROUP, received
from tests.handler.doubles import KEY, Clock, ScriptedClient, make_settings


def batch_of(lines: Sequence[str]) -> Batch:
    document = received(lines)
    return Batch(
        Query("host"), [Piece(msgspec.json.encode([{"line": line} for line in lines]), len(lines), document)]
    )


def lines_in(headers: object, body: bytes) -> list[str]:
    if "Content-Encoding" in headers:  # type: ignore[operator]
        body = gzip.decompress(body)
    return [line["line"] for line in json.loads(body)["lines"]]


class Run:
    """One invocation's delivery."""

    def __init__(
        self,
        script: Iterable[object] = (),
        *,
        seconds: float = 60,
        chance: float = 1.0,
        variables: dict[str, str] | None = None,
        breaker: Breaker | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock(chance)
        self.client = ScriptedClient(script)  # type: ignore[arg-type]
        self.variables = {"KEY": KEY} if variables is None else variables
        self.report = Report()
        self.left, self.rejected = Leftovers(pack_undelivered), Leftovers(pack_rejected)
        self.keys = Keys(
            EnvironmentKey("KEY"), 3600, environment=self.variables, timing=self.clock.timing, warn=print
        )
        settings = make_settings()
        mezmo = Mezmo(settings, self.client, wall_clock=self.clock.timing.wall)
        self.delivery = Delivery(
            mezmo,
            self.keys,
            breaker=breaker,
            split=lambda piece: split_line(settings, piece, names_of(settings, piece.source.document)),
            deadline=self.clock.now + seconds,
            left=self.left,
            rejected=self.rejected,
            report=self.report,
            timing=self.clock.timing,
        )

    def __call__(self, *batches: Sequence[str]) -> Report:
        self.report.of(GROUP).received = sum(map(len, batches))
        for batch in map(batch_of, batches):
            self.delivery.deliver(batch)
        return self.report

    @property
    def sent(self) -> list[list[str]]:
        return [lines_in(headers, body) for _, headers, body, _ in self.client.sent]


def texts_of(leftovers: Leftovers) -> list[str]:
    """Return the texts of lines that were not delivered, by way of the log events they were made of."""
    packed = leftovers.packed()
    return [
        json.loads(bytes(event.message))
        for received in (read_payload(packed, Limits.of({})) if packed else ())
        for event in received.document.log_events
    ]


def counts(report: Report) -> tuple[int, int, int]:
    total = report.total
    return total.delivered, total.rejected, total.undelivered


def error(status: int, text: str = "", **headers: str) -> Reply:
    return Reply(status, headers, json.dumps({"error": text}).encode())
