"""What an hour without Mezmo costs beside the same hour with it, simulated."""

import contextlib
import io
import json
import random
from dataclasses import dataclass

from benchmarks import prices
from benchmarks.corpus import payload
from benchmarks.lambda_python import SHARE, LambdaPython
from benchmarks.report import Findings, Verdict, table
from local.simulation import Exchange, Fault, SimulatedMezmo
from local.simulation.house import KEY, House

_LATENCY, _SHORT_LATENCY = 0.08, 0.03  # of Mezmo, in seconds
# Invocations a second, and Mezmo's latency when all is well.
_CASES = [(0.05, _LATENCY), (0.2, _LATENCY), (1, _LATENCY), (3, _LATENCY), (1, _SHORT_LATENCY)]
_QUICK_CASES = [(0.2, _LATENCY)]
_FAULTS = {
    "connection refused": Fault.REFUSED,
    "503": Fault.STATUS_503,
    "no answer": Fault.HANG,
    "key refused": Fault.STATUS_403,
}
_TARGET, _FROM_RATE = 2.0, 1
_WARM_UP, _HOUR = 600.0, 3600.0
_REDRIVE_EVERY = 300.0
_COLD_SECONDS = 1.0
_EVENTS = 200  # an invocation


@dataclass(frozen=True)
class Hour:
    """What an hour took.

    forwarder, redrive: billed seconds of each function.
    invocations: of both.
    environments: how many the forwarder had in the end.
    puts: requests of that kind to S3.
    """

    forwarder: float
    redrive: float
    invocations: int
    environments: int
    puts: int

    @property
    def seconds(self) -> float:
        """Billed seconds of both functions."""
        return self.forwarder + self.redrive

    @property
    def usd(self) -> float:
        """What Lambda and S3 charge."""
        return prices.of_lambda(self.seconds, self.invocations) + prices.of_s3({"PUT": self.puts})


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Simulate the hour for each rate and fault, and for each rate without a fault."""
    del runner
    rows, verdicts = [], []
    silent = 0.0
    for rate, latency in _QUICK_CASES if quick else _CASES:
        good = simulate(rate, None, latency=latency)
        first = [f"{rate:g}", f"{latency * 1000:.0f}"]
        rows.append([*first, "none", *_figures(good), "", "", f"{good.usd:.4f}"])
        for name, fault in _FAULTS.items():
            bad = simulate(rate, fault, latency=latency)
            own, both = bad.forwarder / good.forwarder, bad.seconds / good.seconds
            rows.append([*first, name, *_figures(bad), f"{own:.2f}", f"**{both:.2f}**", f"{bad.usd:.4f}"])
            if rate >= _FROM_RATE and latency == _LATENCY:
                target = f"an hour of outage, {name}, {rate:g}/s: at most {_TARGET:.0f} times the Lambda time"
                verdicts.append(Verdict(target, f"{both:.2f}", both <= _TARGET))
            if fault is Fault.HANG:
                silent = max(silent, bad.redrive)
    head = [
        "invocations a second",
        "Mezmo, ms",
        "fault",
        "forwarder, s",
        "re-drive, s",
        "environments",
        "forwarder, ratio",
        "both, ratio",
        "USD",
    ]
    values = {
        "outage_hour": table(head, rows),
        "redrive_silent": f"{silent:.0f}",
        "events": f"{_EVENTS}",
        "share": f"{SHARE:.1%}",
        "cold": f"{_COLD_SECONDS:.0f}",
    }
    return Findings(values, verdicts)


def simulate(rate: float, fault: Fault | None, *, latency: float = _LATENCY, hour: float = _HOUR) -> Hour:
    """Let an hour pass, after ten good minutes, with a fault in every request to Mezmo or without."""

    def plan(exchange: Exchange) -> Fault | None:
        return fault if exchange.service.startswith("mezmo") and house.world.now >= _WARM_UP else None

    mezmo = SimulatedMezmo(KEY, latency=latency, on_line=lambda *_: None)
    house = House(mezmo=mezmo, plan=plan, cpu=1 / SHARE, cold_seconds=_COLD_SECONDS, metrics="forwarder")
    house.world.keep_exchanges = False
    event = json.loads(payload("text", _EVENTS, "400 B").event)
    chance, moment = random.Random(rate), 0.0
    while moment < _WARM_UP + hour:
        moment += chance.expovariate(rate)
        house.send(event, moment)
    house.redrive_every(_REDRIVE_EVERY)
    with house.lived_in(), contextlib.redirect_stdout(io.StringIO()):
        house.aws.run(_WARM_UP)
        before = _spent(house)
        house.aws.run(_WARM_UP + hour)
    spent = [now - then for now, then in zip(_spent(house), before, strict=True)]
    forwarder, redrive, invocations, puts = spent
    return Hour(forwarder, redrive, round(invocations), len(house.function.environments), round(puts))


def _spent(house: House) -> tuple[float, float, float, float]:
    invocations = house.function.invocations + house.redrive.invocations
    return house.function.seconds, house.redrive.seconds, invocations, house.s3.requests.get("PUT", 0)


def _figures(hour: Hour) -> list[str]:
    return [f"{hour.forwarder:,.0f}", f"{hour.redrive:,.0f}", f"{hour.environments}"]
