"""Mezmo, in memory: takes lines, or does not, as it is told. `local.mezmo` is the strict one."""

from collections import Counter
from collections.abc import Callable

import msgspec
from isal import isal_zlib
from msgspec import Struct

from handler.client import Reply
from local.simulation.world import Exchange

_TAKEN = Reply(200, {}, b'{"status":"ok","batchID":"simulated"}')


class _Line(Struct):
    line: str
    timestamp: int


class _Body(Struct):
    lines: list[_Line]


class SimulatedMezmo:
    """Counts the texts it has taken.

    key: the one ingestion key it knows.
    latency: seconds from request to answer.
    code: says of each line's text what its status is; 200 if it is taken.
    largest: the largest body it takes, in bytes, unpacked.
    taken: how often each text was taken.
    on_line: told of each text and its time, in milliseconds, when it is taken, and the time of day.
    """

    def __init__(
        self,
        key: str,
        *,
        latency: float = 0.08,
        code: Callable[[str], int] | None = None,
        largest: int = 1_000_000,
        on_line: Callable[[str, int, float], None] | None = None,
    ) -> None:
        self.key = key
        self.latency = latency
        self.code = code
        self.largest = largest
        self.taken: Counter[str] = Counter()
        self.requests = 0
        self._on_line = on_line or self._count

    def carry_out(self, exchange: Exchange, now: float) -> Reply:
        """Answer a request."""
        self.requests += 1
        if exchange.headers.get("apikey") != self.key:
            return Reply(403, {}, b'{"error":"Account not found or inactive"}')
        body = exchange.body
        if exchange.headers.get("Content-Encoding") == "gzip":
            body = isal_zlib.decompress(body, 31)
        if len(body) > self.largest:
            return Reply(400, {}, b'{"error":"Message size too large"}')
        lines = msgspec.json.decode(body, type=_Body).lines
        codes = [self.code(line.line) for line in lines] if self.code else []
        for line, code in zip(lines, codes or [200] * len(lines), strict=True):
            if code == 200:
                self._on_line(line.line, line.timestamp, now)
        if all(code == 200 for code in codes):
            return _TAKEN
        if all(code == 400 for code in codes):
            return Reply(400, {}, b'{"error":"Bad or missing parameters."}')
        return Reply(207, {}, msgspec.json.encode({"status": codes}))

    def _count(self, text: str, timestamp: int, now: float) -> None:
        del timestamp, now
        self.taken[text] += 1
