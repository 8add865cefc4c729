"""Lambda, in virtual time: execution environments, asynchronous retries, records of failure, a schedule."""

import heapq
import itertools
import math
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from local.simulation.s3 import SimulatedS3
from local.simulation.world import EPOCH, Killed, World

RETRY_SECONDS = (60.0, 120.0)
"""How long Lambda waits before it repeats an invocation that failed."""
STREAM_RETRY_SECONDS = 1.0
Record = dict[str, Any]
"""A Kinesis record, as Lambda passes it on."""


class Context:
    """Lambda's context object."""

    invoked_function_arn = "arn:aws:lambda:eu-west-3:123456789012:function:forwarder"

    def __init__(self, world: World) -> None:
        self._world = world

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the process is killed."""
        return round((self._world.end - self._world.now) * 1000)


class _Handler(Protocol):
    def handle(self, event: object, context: Context, /) -> object: ...


@dataclass
class _Environment:
    handler: _Handler
    free_at: float = 0.0


@dataclass
class Function:
    """A function.

    name: its name, as records of failure have it.
    make: what a new execution environment does; it may take virtual time.
    timeout: in seconds.
    cold_seconds: how long a new execution environment takes before that.
    retries: how often an invocation that failed is repeated.
    keeps_failures: whether the store is its on-failure destination.
    """

    name: str
    make: Callable[[], _Handler]
    timeout: float = 60.0
    cold_seconds: float = 0.0
    retries: int = 2
    keeps_failures: bool = True
    environments: list[_Environment] = field(default_factory=list)
    invocations: int = 0
    failures: int = 0
    kills: int = 0
    seconds: float = 0.0
    """What is billed, all in all."""


class Lambda:
    """Runs functions in the order of time, one invocation after the other: overlapping ones do not see it."""

    def __init__(self, world: World, store: SimulatedS3 | None) -> None:
        self._world = world
        self._store = store
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.on_run: Callable[[Function, float, float, bool], None] = lambda *_run: None
        """Told of each run: the function, when it began, the seconds that are billed, whether it failed."""
        self.on_dropped: Callable[[Function, float], None] = lambda *_dropped: None
        """Told of each event that is given up: the function, and when."""
        self.pending = 0
        """How much is still to be done, but for what a schedule does."""

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something at a time, in seconds since the world began."""

        def once() -> None:
            self.pending -= 1
            action()

        self.pending += 1
        heapq.heappush(self._queue, (moment, next(self._numbers), once))

    def invoke(self, function: Function, event: object, moment: float, attempt: int = 0) -> None:
        """Invoke a function asynchronously at a time."""
        self.at(moment, lambda: self._attempt(function, event, moment, attempt))

    def every(self, seconds: float, function: Function, event: object) -> None:
        """Invoke a function on a schedule, without an end."""

        def fire(moment: float) -> None:
            self._attempt(function, event, moment, 0)
            schedule(moment + seconds)

        def schedule(moment: float) -> None:
            heapq.heappush(self._queue, (moment, next(self._numbers), lambda: fire(moment)))

        schedule(seconds)

    def run(self, until: float = math.inf, *, done: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until then, or until it is done, or until nothing more is to be done."""
        while self._queue and self._queue[0][0] <= until and not done():
            heapq.heappop(self._queue)[2]()

    def _attempt(self, function: Function, event: object, moment: float, attempt: int) -> None:
        failure, _ = self._run(function, event, moment)
        ended = self._world.now
        if failure is None:
            return
        if attempt < function.retries:
            self.invoke(function, event, ended + RETRY_SECONDS[attempt], attempt + 1)
            return
        self.on_dropped(function, ended)
        if self._store and function.keeps_failures:
            self._record(function, event, ended, failure)

    def read_stream(self, function: Function, records: Sequence[Record], moment: float) -> None:
        """Invoke a function with a Kinesis stream's records, from the first that fails until none does."""
        self.at(moment, lambda: self._read(function, records, moment))

    def _read(self, function: Function, records: Sequence[Record], moment: float) -> None:
        failure, answer = self._run(function, {"Records": records}, moment)
        left = records
        if failure is None:
            failed = (answer or {}).get("batchItemFailures") or []
            numbers = [one["kinesis"]["sequenceNumber"] for one in records]
            first = min((numbers.index(one["itemIdentifier"]) for one in failed), default=len(records))
            left = records[first:]
        if left:
            self.read_stream(function, left, self._world.now + STREAM_RETRY_SECONDS)

    def _run(
        self, function: Function, event: object, moment: float
    ) -> tuple[str | None, dict[str, Any] | None]:
        """Return what went wrong, or None, and the answer."""
        world = self._world
        free = [one for one in function.environments if one.free_at <= moment]
        world.now = moment
        world.end = math.inf
        world.killed = False
        function.invocations += 1
        environment = max(free, key=lambda one: one.free_at, default=None)
        failure: str | None = None
        answer: Any = None
        began = moment
        world.compute()
        try:
            if environment is None:
                world.now += function.cold_seconds
                world.end = moment + 10
                environment = _Environment(function.make())
                function.environments.append(environment)
            world.end = world.now + function.timeout
            answer = environment.handler.handle(event, Context(world))
            world.computed()
        except Killed as killed:
            function.kills += 1
            failure = str(killed)
            if environment:
                function.environments.remove(environment)
        except Exception as error:  # noqa: BLE001  as Lambda does
            failure = f"{type(error).__name__}: {error}"
        world.end = math.inf
        function.failures += failure is not None
        billed = math.ceil((world.now - began) * 1000) / 1000
        function.seconds += billed
        self.on_run(function, began, billed, failure is not None)
        if environment:
            environment.free_at = world.now
        return failure, answer

    def _record(self, function: Function, event: object, moment: float, failure: str) -> None:
        assert self._store
        then = time.strftime("%Y/%m/%d/%Y-%m-%dT%H.%M.%S", time.gmtime(EPOCH + moment))
        record = {
            "version": "1.0",
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": failure},
        }
        key = f"aws/lambda/async/{function.name}/{then}-{uuid.uuid4()}"
        self._store.put(key, msgspec.json.encode(record), EPOCH + moment)
