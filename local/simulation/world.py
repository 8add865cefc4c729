"""Virtual time, and a network on which every exchange can be made to fail in every way."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn, Protocol
from unittest import mock
from urllib.parse import urlsplit

from handler.client import LARGEST_REPLY, Reply
from handler.errors import TransportError
from handler.timing import Timing

EPOCH = 1_795_000_000.0
"""When a world begins, in seconds since 1970."""


class Killed(BaseException):
    """The process is gone: nothing of the function's code can catch it, or runs after it."""


class Fault(Enum):
    """What goes wrong with an exchange."""

    REFUSED = "the connection is refused"
    DNS = "the name is not resolved"
    TLS = "the certificate is not trusted"
    RESET = "the connection breaks before the request has arrived"
    RESET_AFTER = "the connection breaks after the request was carried out"
    HANG = "nothing happens until the deadline"
    HANG_AFTER = "the request is carried out, and nothing happens until the deadline"
    SLOW = "the answer takes eight seconds"
    BROKEN_BODY = "the answer's body breaks off after the request was carried out"
    GARBAGE = "the answer has its status, but is HTML without headers"
    STATUS_400 = "400"
    STATUS_401 = "401"
    STATUS_403 = "403"
    STATUS_404 = "404"
    STATUS_409 = "409"
    STATUS_413 = "413"
    STATUS_429 = "429"
    STATUS_429_LONG = "429 that asks for an hour"
    STATUS_500 = "500"
    STATUS_503 = "503"
    STATUS_301 = "301"
    KILL = "the process is killed before the request has arrived"
    KILL_AFTER = "the process is killed after the request was carried out"


_SLOW_SECONDS = 8.0


@dataclass(frozen=True)
class Exchange:
    """A request: its number in the world, from 0, the name of the service, and itself."""

    number: int
    service: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Service(Protocol):
    """What is at the other end."""

    latency: float
    """Seconds from request to answer."""

    def carry_out(self, exchange: Exchange, now: float) -> Reply:
        """Do what a request asks for; `now` is the time of day in seconds."""


@dataclass
class World:
    """Everything outside the function's process.

    services: by host name.
    plan: says of each exchange what goes wrong with it.
    now: the time, in seconds since the world began.
    end: when the process that runs now is killed, on the same clock.
    skew: what the process's clock for the time of day is wrong by, in seconds.
    cpu: by what to multiply the CPU time that the process spends here to have the time it takes there; 0 to
        leave it out. What services spend is left out.
    exchanges: everything that was sent.
    keep_exchanges: whether to keep them.
    killed: whether the process is gone, so that what Python runs on the way out does nothing.
    """

    services: dict[str, Service]
    plan: Callable[[Exchange], Fault | None] = lambda _exchange: None
    now: float = 0.0
    end: float = float("inf")
    skew: float = 0.0
    cpu: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    exchanges: list[Exchange] = field(default_factory=list)
    keep_exchanges: bool = True
    killed: bool = False
    _count: int = 0
    _computes_since: float = 0.0

    @property
    def timing(self) -> Timing:
        """The handler's clocks, which are this world's."""
        return Timing(
            monotonic=lambda: self.now,
            wall=lambda: EPOCH + self.now + self.skew,
            sleep=self.pass_time,
            random=self.chance.random,
        )

    @property
    def wall(self) -> float:
        """The true time of day."""
        return EPOCH + self.now

    def pass_time(self, seconds: float) -> None:
        """Let time pass; raises Killed when the process's time is over."""
        if self.killed:
            raise Killed
        self.now += seconds
        if self.now >= self.end:
            self.now = self.end
            self.kill("time-out")

    def compute(self) -> None:
        """Begin to count the process's CPU time."""
        self._computes_since = time.process_time()

    def computed(self) -> None:
        """Let the time pass that the process's CPU time since then takes; raises Killed as `pass_time`."""
        if self.cpu:
            self.pass_time((time.process_time() - self._computes_since) * self.cpu)

    def kill(self, how: str) -> NoReturn:
        """End the process."""
        self.killed = True
        raise Killed(how)

    @contextmanager
    def inhabited(self) -> Iterator[None]:
        """Have the handler's requests go to this world's services."""

        class Client(_Client):
            world = self

        with (
            mock.patch("handler.forwarding.sender.Client", Client),
            mock.patch("handler.aws.calls.Client", Client),
        ):
            yield

    def exchange(self, host: str, request: Exchange, deadline: float) -> Reply:
        """Send a request, and return or raise what `handler.client.Client` would."""
        if self.killed:
            raise Killed
        self.computed()
        try:
            return self._exchange(host, request, deadline)
        finally:
            self.compute()

    def _exchange(self, host: str, request: Exchange, deadline: float) -> Reply:
        if self.keep_exchanges:
            self.exchanges.append(request)
        service, fault = self.services[host], self.plan(request)
        left = max(deadline - self.now, 0.0)
        if reply := self._before(host, service.latency, fault, left):
            return reply
        latency = _SLOW_SECONDS if fault is Fault.SLOW else service.latency
        if latency > left:  # it is carried out, and nobody waits for it any more
            self.pass_time(left)
            if left:
                service.carry_out(request, self.wall)
            raise TransportError(f"{host} did not answer in time")
        return self._after(host, fault, service.carry_out(request, self.wall), latency, left)

    def _before(self, host: str, latency: float, fault: Fault | None, left: float) -> Reply | None:
        """Go wrong before the request has arrived."""
        match fault:
            case Fault.REFUSED | Fault.RESET:
                self.pass_time(min(left, latency / 2))
                raise TransportError(f"the connection to {host} failed: {fault.value}")
            case Fault.DNS:
                raise TransportError(f"the name {host} was not resolved: unknown")
            case Fault.TLS:
                raise TransportError(f"the certificate of {host} is not trusted: expired", retryable=False)
            case Fault.HANG:
                self.pass_time(left)
                raise TransportError(f"{host} did not answer in time")
            case Fault.KILL:
                self.kill(fault.value)
            case Fault() if fault.value[:3].isdecimal():
                self.pass_time(min(left, latency))
                headers = {"retry-after": "3600"} if fault is Fault.STATUS_429_LONG else {}
                return Reply(int(fault.value[:3]), headers, b"")
        return None

    def _after(self, host: str, fault: Fault | None, reply: Reply, latency: float, left: float) -> Reply:
        """Go wrong after the request was carried out."""
        match fault:
            case Fault.RESET_AFTER:
                raise TransportError(f"the connection to {host} failed: {fault.value}")
            case Fault.HANG_AFTER:
                self.pass_time(left)
                raise TransportError(f"{host} did not answer in time")
            case Fault.KILL_AFTER:
                self.kill(fault.value)
        self.pass_time(latency)
        if fault is Fault.GARBAGE:
            return Reply(reply.status, {}, b"<html>")
        if fault is Fault.BROKEN_BODY:
            return Reply(reply.status, reply.headers, b"", complete=False)
        return reply

    def number(self) -> int:
        """Return the next exchange's number."""
        self._count += 1
        return self._count - 1


class _Client:
    """Stands in for `handler.client.Client`."""

    world: World

    def __init__(
        self, url: str, *, authorities: str | None = None, clock: Callable[[], float] | None = None
    ) -> None:
        del authorities, clock
        self._host = urlsplit(url).hostname or ""

    def post(self, target: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Reply:
        return self.request("POST", target, headers, body, deadline)

    def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float,
        *,
        largest: int = LARGEST_REPLY,
    ) -> Reply:
        request = Exchange(self.world.number(), self._host, method, target, headers, body or b"")
        reply = self.world.exchange(self._host, request, deadline)
        return Reply(reply.status, reply.headers, reply.body[:largest], reply.complete)

    def warm_up(self) -> None:
        pass

    def close(self) -> None:
        pass
