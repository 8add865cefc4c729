"""A house whose store holds what a test puts there."""

import json
from collections.abc import Iterator
from typing import Any

from handler.events.documents import payload_of
from handler.redriving.lease import KEY as LEASE
from local.simulation import Exchange, Fault
from local.simulation.house import House
from local.simulation.world import EPOCH
from tests.handler.cloudwatch import make_event

COMMAND = {"mezmo_forwarder": "redrive"}
HOUR = 3600
FOREIGN = "bm90aGluZyBvZiBDbG91ZFdhdGNoJ3M="


class Store:
    """A house whose store holds what a test puts there, and whose Mezmo can be taken down."""

    def __init__(self, **house: Any) -> None:
        self.down: Fault | None = None
        self.house = House(plan=self._plan, cold_seconds=0.0, **house)
        self.order: list[str] = []
        self.answer: Any = None
        self.error: Exception | None = None

    def _plan(self, exchange: Exchange) -> Fault | None:
        return self.down if exchange.service.startswith("mezmo") else None

    def put(self, prefix: str, minute: int, *texts: str, body: bytes | None = None) -> str:
        """Put an object of that minute, with a document of these texts unless another body is given."""
        key = (
            f"{prefix}2026/11/18/2026-11-18T11.{minute:02}.00.000-{len(self.house.s3.keys('')):016x}.json.gz"
        )
        self.house.s3.put(key, payload_of(make_event(texts)) if body is None else body, EPOCH)
        return key

    def put_failure(self, function: str, minute: int, event: object, *, name: str = "requestPayload") -> str:
        """Put Lambda's record of a failed invocation."""
        record = {"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, name: event}
        key = f"aws/lambda/async/{function}/2026/11/18/2026-11-18T11.{minute:02}.00-{minute:032x}"
        self.house.s3.put(key, json.dumps(record).encode(), EPOCH)
        return key

    def run(self, moment: float = HOUR, **command: object) -> Any:
        """Invoke the re-drive, and return its answer."""
        self.house.aws.at(moment, lambda: self._invoke({**COMMAND, **command}, moment))
        with self.house.lived_in():
            self.house.aws.run()
        if self.error:
            raise self.error
        return self.answer

    def _invoke(self, command: object, moment: float) -> None:
        function = self.house.redrive
        original = function.make

        def make() -> Any:
            made = original()
            handle = made.handle

            def recording(event: object, context: Any) -> Any:
                try:
                    self.answer = handle(event, context)
                except Exception as error:
                    self.error = error
                    raise
                return self.answer

            made.handle = recording  # type: ignore[method-assign]
            return made

        function.make = make
        function.environments.clear()
        self.house.aws.invoke(function, command, moment)

    @property
    def taken(self) -> list[str]:
        return [*self.house.mezmo.taken]

    @property
    def left(self) -> list[str]:
        return [key for key in self.house.s3.keys("") if key != LEASE]

    def requests(self) -> Iterator[Exchange]:
        return (one for one in self.house.world.exchanges if one.service.startswith("mezmo"))
