"""What goes wrong for a while, and when: outages, the key, names, the clock, kills; decided by the seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local.faults import aws_script, mezmo_script
from local.faults.proxy import AwsFault
from local.mezmo import Fault


@dataclass(frozen=True, slots=True)
class MezmoOutage:
    """Every request meets this."""

    seconds: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class AwsOutage:
    """Every call of a service meets this."""

    seconds: float
    service: str
    fault: AwsFault


@dataclass(frozen=True, slots=True)
class KeyRefused:
    """Mezmo does not know the key."""

    seconds: float


@dataclass(frozen=True, slots=True)
class KeyRotated:
    """Mezmo knows another key alone, and Secrets Manager has it, the one so many seconds after the other.

    secret_first: whether Secrets Manager has it first.
    """

    seconds: float
    secret_first: bool


@dataclass(frozen=True, slots=True)
class NamesBroken:
    """No name is found: Mezmo's, or AWS's as well; at once, or after the resolver's long time-outs."""

    seconds: float
    aws: bool
    hang: bool


@dataclass(frozen=True, slots=True)
class ClockJump:
    """A function's clock is ahead by so many seconds, or behind if there are fewer than none."""

    seconds: float
    redrive: bool
    ahead: float


@dataclass(frozen=True, slots=True)
class Kill:
    """A process of a function is killed: any, or as soon as Mezmo or S3 has done what it asked for."""

    redrive: bool
    after: str
    """`""`, `mezmo` or `s3`."""
    chosen: float
    """Which of the processes, from 0 to 1."""


Trouble = MezmoOutage | AwsOutage | KeyRefused | KeyRotated | NamesBroken | ClockJump | Kill


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that goes wrong so many seconds after the beginning."""

    at: float
    trouble: Trouble


def make_timeline(seed: int, seconds: float) -> list[Moment]:
    """Make what goes wrong during that many seconds, in order."""
    choose = random.Random(f"{seed}/timeline")
    moments = [
        Moment(at, make(choose)) for every, make in _TROUBLES for at in _moments(choose, seconds, every)
    ]
    # What a long run has often has to be in a short one at least once.
    moments.append(Moment(choose.uniform(0.3, 0.6) * seconds, _rotation(choose)))
    return sorted(moments, key=lambda moment: moment.at)


def _moments(choose: random.Random, seconds: float, every: float) -> Iterator[float]:
    at = choose.uniform(0, min(every, seconds / 2))
    while at < seconds:
        yield at
        at += choose.expovariate(1 / every)


def _mezmo_outage(choose: random.Random) -> Trouble:
    return MezmoOutage(choose.uniform(2, 8), choose.choice(mezmo_script.OUTAGES))


def _aws_outage(choose: random.Random) -> Trouble:
    service = choose.choice(["s3", "s3", "secretsmanager"])
    return AwsOutage(choose.uniform(2, 8), service, choose.choice(aws_script.OUTAGES[service]))


def _key_refused(choose: random.Random) -> Trouble:
    return KeyRefused(choose.uniform(1, 5))


def _rotation(choose: random.Random) -> Trouble:
    return KeyRotated(choose.uniform(0, 2), choose.random() < 0.5)


def _names_broken(choose: random.Random) -> Trouble:
    return NamesBroken(choose.uniform(2, 6), choose.random() < 0.3, choose.random() < 0.3)


def _clock_jump(choose: random.Random) -> Trouble:
    ahead = choose.choice([60, 400, 3600, 6 * 3600]) * choose.uniform(0.8, 1.5)
    seconds, redrive, behind = choose.uniform(1, 5), choose.random() < 0.3, choose.random() < 0.5
    if redrive and behind:  # a lease that is left behind is as much longer, and a run has to wait for it
        ahead = choose.uniform(20, 50)
    return ClockJump(seconds, redrive, -ahead if behind else ahead)


def _kill(choose: random.Random) -> Trouble:
    # The lease of a re-drive that was killed is in the way of the next ones for half a minute.
    return Kill(choose.random() < 0.1, choose.choice(["", "", "mezmo", "s3"]), choose.random())


# How many seconds it takes on average until the next.
_TROUBLES: list[tuple[float, Callable[[random.Random], Trouble]]] = [
    (40, _mezmo_outage),
    (30, _aws_outage),
    (60, _key_refused),
    (200, _rotation),
    (40, _names_broken),
    (25, _clock_jump),
    (1.5, _kill),
]
