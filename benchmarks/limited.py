"""What becomes of a load that Mezmo takes a part of and answers 429 to the rest, simulated."""

import contextlib
import io
import json
import math
import random
from collections import Counter
from dataclasses import dataclass

from benchmarks.corpus import payload
from benchmarks.lambda_python import SHARE, LambdaPython
from benchmarks.report import Findings, Verdict, table
from handler.client import Reply
from local.simulation import Exchange, SimulatedMezmo
from local.simulation.house import KEY, House

_RATE = 4.0  # invocations a second
_LIMITS = [2, 3]  # requests that Mezmo takes in a second
_RETRY_AFTER = [None, 1, 5]
_SECONDS = 1800.0
_EVENTS = 200  # an invocation
_REDRIVE_EVERY = 300.0
_TARGET_SHARE, _TARGET_RATIO = 0.9, 2.5


class _LimitedMezmo(SimulatedMezmo):
    """Takes so many requests in a second; `retry_after` is what it says to the others."""

    def __init__(self, limit: float, retry_after: int | None) -> None:
        super().__init__(KEY, on_line=lambda *_: None)
        self._limit = limit
        self._headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        self._by_second: Counter[int] = Counter()
        self.refused = 0

    def carry_out(self, exchange: Exchange, now: float) -> Reply:
        # By the second, since the simulation's invocations run one after the other.
        if self._by_second[int(now)] >= self._limit:
            self.refused += 1
            return Reply(429, self._headers, b"")
        self._by_second[int(now)] += 1
        return super().carry_out(exchange, now)


@dataclass(frozen=True)
class _Time:
    """What a time with a limit took.

    taken, refused: requests.
    environments: how many the forwarder had in the end.
    forwarder, redrive: billed seconds.
    waiting: objects in the store at its end.
    """

    taken: int
    refused: int
    environments: int
    forwarder: float
    redrive: float
    waiting: int


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Simulate half an hour for each limit and each answer, and one without a limit."""
    del runner
    seconds = _SECONDS / 3 if quick else _SECONDS
    good = _simulate(math.inf, None, seconds)
    rows, verdicts = [["none", "", *_columns(good, good, _RATE, seconds)]], []
    for limit in _LIMITS:
        for after in _RETRY_AFTER:
            bad = _simulate(limit, after, seconds)
            said = "" if after is None else f"{after}"
            rows.append([f"{limit}", said, *_columns(bad, good, limit, seconds)])
            share, ratio = bad.taken / seconds / limit, bad.forwarder / good.forwarder
            target = f"Mezmo takes {limit} of {_RATE:g} requests a second, Retry-After {said or 'not said'}"
            target += f": {_TARGET_SHARE:.0%} of them used, at most {_TARGET_RATIO} times the Lambda time"
            met = share >= _TARGET_SHARE and ratio <= _TARGET_RATIO
            verdicts.append(Verdict(target, f"{share:.0%}, {ratio:.2f}", met))
    head = ["taken a second, at most", "Retry-After, s", "of these used", "refused", "environments"]
    head += ["forwarder, s", "ratio", "re-drive, s", "objects left"]
    return Findings(
        {"limited": table(head, rows), "rate": f"{_RATE:g}", "minutes": f"{seconds / 60:.0f}"}, verdicts
    )


def _simulate(limit: float, retry_after: int | None, seconds: float) -> _Time:
    mezmo = _LimitedMezmo(limit, retry_after)
    house = House(mezmo=mezmo, cpu=1 / SHARE, cold_seconds=1.0, metrics="forwarder")
    house.world.keep_exchanges = False
    event = json.loads(payload("text", _EVENTS, "400 B").event)
    chance, moment = random.Random(_RATE), 0.0
    while moment < seconds:
        moment += chance.expovariate(_RATE)
        house.send(event, moment)
    house.redrive_every(_REDRIVE_EVERY)
    with house.lived_in(), contextlib.redirect_stdout(io.StringIO()):
        house.aws.run(seconds)
    return _Time(
        mezmo.requests,
        mezmo.refused,
        len(house.function.environments),
        house.function.seconds,
        house.redrive.seconds,
        len(house.waiting),
    )


def _columns(time: _Time, good: _Time, limit: float, seconds: float) -> list[str]:
    return [
        f"{time.taken / seconds / limit:.0%}",
        f"{time.refused / (time.taken + time.refused):.0%}",
        f"{time.environments}",
        f"{time.forwarder:,.0f}",
        f"**{time.forwarder / good.forwarder:.2f}**",
        f"{time.redrive:,.0f}",
        f"{time.waiting:,}",
    ]
