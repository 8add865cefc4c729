"""A day without Mezmo at 200 log events a second, and what follows until all is well again, simulated."""

import base64
import contextlib
import gzip
import io
import json
from collections import Counter
from dataclasses import dataclass
from functools import partial

from isal import isal_zlib

from benchmarks import prices
from benchmarks.corpus import document, payload
from benchmarks.lambda_python import SHARE, LambdaPython
from benchmarks.report import Findings, Verdict, table
from local.simulation import Exchange, Fault, SimulatedMezmo
from local.simulation.house import KEY, House
from local.simulation.world import EPOCH

_EVENTS = 200  # an invocation, of which there is one a second
_MESSAGE = "130 B"
_WELL = 3750  # seconds, before; not a time at which the re-drive is invoked
_OUTAGE = 86_400
_QUICK_OUTAGE = 3600
_LONGEST_RECOVERY = 86_400
_SETTLED = 700  # seconds after which every breaker has asked again
_REDRIVE_EVERY = 300
_COLD_SECONDS = 1.0
_LATE = 60  # seconds after which a line was surely re-driven: the longest time of an invocation
_NUMBER, _TIME = "#########", "9999999999999"  # what stands in their places at first
_GZIP = 31  # zlib's number for a gzip container
_TWICE = 0.001
_KINDS = ("PUT", "GET", "DELETE", "LIST")


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Live through it."""
    del runner
    day = _Day(_QUICK_OUTAGE if quick else _OUTAGE)
    day.pass_by()
    arrivals, sent = day.arrivals, day.seconds * _EVENTS
    counts = Counter(arrivals.taken[:sent])
    missing, twice = counts[0], sent - counts[0] - counts[1]
    left = len(day.house.waiting) + len(day.house.rejected)
    hours = f"{day.outage // 3600} h without Mezmo, {_EVENTS} log events a second"
    verdicts = [
        Verdict(f"{hours}: every one arrives", f"{missing} of {sent:,} missing", missing == 0),
        Verdict(f"{hours}: at most {_TWICE:.1%} arrive twice", f"{twice / sent:.3%}", twice <= sent * _TWICE),
        Verdict(
            f"{hours}: the oldest first, but for what an invocation held",
            f"{arrivals.behind:.0f} s behind",
            arrivals.behind <= _LATE,
        ),
        Verdict(f"{hours}: without a person", f"{left} objects left", not left),
    ]
    story = [
        ["log events", f"{sent:,}"],
        ["... of which missing", f"{missing:,}"],
        ["... of which twice", f"{twice:,}"],
        ["re-driven lines", f"{arrivals.redriven:,}"],
        ["... of which after one of a younger log event", f"{arrivals.overtaken:,}"],
        ["... by how many seconds, at most", f"{arrivals.behind:.1f}"],
        ["objects in the store when Mezmo came back", f"{day.most_objects:,}"],
        ["... MB", f"{day.most_bytes / 1e6:,.0f}"],
        ["until the store was empty, h", f"{day.recovery / 3600:.1f}"],
        ["delay of re-driven lines, median, h", f"{arrivals.delay(0.5) / 3600:.1f}"],
        ["... of 90 %, at most", f"{arrivals.delay(0.9) / 3600:.1f}"],
        ["... of 99 %, at most", f"{arrivals.delay(0.99) / 3600:.1f}"],
        ["... of all, at most", f"{arrivals.delay(1) / 3600:.1f}"],
    ]
    return Findings(
        {
            "outage_day": table(["", ""], story),
            "costs": day.costs(),
            "hours": f"{day.outage // 3600}",
            "events": f"{_EVENTS}",
            "message": _MESSAGE,
            "share": f"{SHARE:.1%}",
            "every": f"{_REDRIVE_EVERY // 60}",
        },
        verdicts,
    )


class _Arrivals:
    """What Mezmo has taken.

    taken: how often each log event was, by its number.
    redriven: how many lines came so late that they must have been re-driven.
    overtaken: how many of these came after one of a younger log event.
    behind: by how many seconds that was younger, at the most.
    """

    def __init__(self, events: int) -> None:
        self.taken = bytearray(events)
        self.redriven = self.overtaken = self._youngest = 0
        self.behind = 0.0
        self._delays = Counter[int]()  # lines by seconds

    def take(self, text: str, timestamp: int, now: float) -> None:
        """Note a line, its time in milliseconds, and the time of day."""
        self.taken[int(text[: len(_NUMBER)])] += 1
        delay = int(now - timestamp / 1000)
        if delay > _LATE:
            self.redriven += 1
            self._delays[delay] += 1
            if timestamp < self._youngest:
                self.overtaken += 1
                self.behind = max(self.behind, (self._youngest - timestamp) / 1000)
            else:
                self._youngest = timestamp

    def delay(self, share: float) -> int:
        """Return the seconds within which that share of the re-driven lines came."""
        left = share * self.redriven
        for delay, lines in sorted(self._delays.items()):
            left -= lines
            if left <= 0:
                return delay
        return 0


@dataclass(frozen=True)
class _Bill:
    """What was used until a moment, or between two; times in seconds, log in bytes."""

    moment: float
    invocations: float
    forwarder: float
    redrives: float
    redrive: float
    log: float
    requests: dict[str, float]

    def since(self, other: "_Bill", factor: float = 1.0) -> "_Bill":
        """Return what was used since another moment, times a factor."""
        return _Bill(
            (self.moment - other.moment) * factor,
            (self.invocations - other.invocations) * factor,
            (self.forwarder - other.forwarder) * factor,
            (self.redrives - other.redrives) * factor,
            (self.redrive - other.redrive) * factor,
            (self.log - other.log) * factor,
            {kind: (self.requests[kind] - other.requests[kind]) * factor for kind in _KINDS},
        )

    def rows(self, most_bytes: float) -> dict[str, str]:
        """Return the column of a table; the store's storage as if it held its most all the time."""
        usd = {
            "forwarder": prices.of_lambda(self.forwarder, self.invocations),
            "re-drive": prices.of_lambda(self.redrive, self.redrives),
            "S3's requests": prices.of_s3(self.requests),
            "S3's storage": most_bytes / 1e9 * prices.S3_GB_MONTH * self.moment / 3600 / prices.MONTH_HOURS,
            "own log": self.log / 1e9 * prices.LOG_GB,
        }
        return {
            "hours": f"{self.moment / 3600:.1f}",
            "forwarder, invocations": f"{self.invocations:,.0f}",
            "forwarder, s of Lambda": f"{self.forwarder:,.0f}",
            "re-drive, invocations": f"{self.redrives:,.0f}",
            "re-drive, s of Lambda": f"{self.redrive:,.0f}",
            **{f"S3, {kind}": f"{self.requests[kind]:,.0f}" for kind in _KINDS},
            "own log, MB": f"{self.log / 1e6:,.1f}",
            **{f"USD, {what}": f"{cost:.3f}" for what, cost in usd.items()},
            "**USD**": f"**{sum(usd.values()):.2f}**",
        }


class _Day:
    """An hour when all is well, the outage, and what follows until the store is empty, all with traffic.

    seconds: how long there was traffic.
    recovery: seconds from the outage's end until the store was empty.
    most_objects, most_bytes: what the store held at the outage's end.
    """

    def __init__(self, outage: int) -> None:
        self.outage = outage
        self._end = _WELL + outage
        self.arrivals = _Arrivals((self._end + _LONGEST_RECOVERY) * _EVENTS)
        self.house = House(
            mezmo=SimulatedMezmo(KEY, on_line=self.arrivals.take),
            plan=self._plan,
            cpu=1 / SHARE,
            cold_seconds=_COLD_SECONDS,
            metrics="forwarder",
        )
        self.house.world.keep_exchanges = False
        self.seconds = self.most_objects = self.most_bytes = 0
        self.recovery = 0.0
        self._template = _template()
        self._log = _Measure()
        self._bills = [self._bill(0)]

    def pass_by(self) -> None:
        """Live through it."""
        self.house.redrive_every(_REDRIVE_EVERY)
        self._tick(0)
        with self.house.lived_in(), contextlib.redirect_stdout(self._log):
            self.house.aws.run(done=lambda: self.recovery > 0 and not self.house.aws.pending)

    def costs(self) -> str:
        """Return the table of what it took."""
        start, begin, end, empty = self._bills
        outage, recovery = end.since(begin), empty.since(end)
        longer = (outage.moment + recovery.moment) / _WELL
        columns = {
            "outage": outage.rows(self.most_bytes),
            "until the store was empty": recovery.rows(self.most_bytes),
            "the same time, all well": begin.since(start, longer).rows(0),
        }
        rows = [[row, *(column[row] for column in columns.values())] for row in columns["outage"]]
        return table(["", *columns], rows)

    def _plan(self, exchange: Exchange) -> Fault | None:
        down = _WELL <= self.house.world.now < self._end and exchange.service.startswith("mezmo")
        return Fault.STATUS_503 if down else None

    def _tick(self, second: int) -> None:
        """Send a second's log events, and see to it that the next second's are sent."""
        if second in {_WELL, self._end}:
            self._bills.append(self._bill(second))
        if second == self._end:
            waiting = self.house.waiting
            self.most_objects, self.most_bytes = len(waiting), sum(map(len, map(self.house.s3.body, waiting)))
        if second >= self._end + _SETTLED and second % 60 == 0 and not self.house.waiting:
            self.seconds, self.recovery = second, second - self._end
            self._bills.append(self._bill(second))
            return
        self.house.send(self._event(second), second)
        self.house.aws.at(second + 1, partial(self._tick, second + 1))

    def _event(self, second: int) -> object:
        values: list[int] = []
        first, now = second * _EVENTS, int((EPOCH + second) * 1000)
        for place in range(_EVENTS):
            values += (first + place, now + place * 1000 // _EVENTS, first + place)
        packed = isal_zlib.compress(self._template % (*values,), 1, _GZIP)
        return {"awslogs": {"data": base64.b64encode(packed).decode()}}

    def _bill(self, second: int) -> _Bill:
        forwarder, redrive = self.house.function, self.house.redrive
        return _Bill(
            second,
            forwarder.invocations,
            forwarder.seconds,
            redrive.invocations,
            redrive.seconds,
            self._log.size,
            {kind: self.house.s3.requests.get(kind, 0) for kind in _KINDS},
        )


class _Measure(io.TextIOBase):
    """Counts the characters that are written to it."""

    size = 0

    def write(self, text: str) -> int:
        self.size += len(text)
        return len(text)


def _template() -> bytes:
    """Return a document with gaps for number, time and, again, number of each log event."""
    sample = json.loads(gzip.decompress(base64.b64decode(payload("text", _EVENTS, _MESSAGE).data)))
    events = [
        f'{{"id":"{one["id"][: -len(_NUMBER)]}{_NUMBER}","timestamp":{_TIME},'
        f'"message":"{_NUMBER} {json.dumps(one["message"], ensure_ascii=False)[1:]}}}'
        for one in sample["logEvents"]
    ]
    text = document(events).encode().replace(b"%", b"%%")
    return text.replace(_NUMBER.encode(), b"%09d").replace(_TIME.encode(), b"%d")
