"""Every step of every way, with every fault: simulated, in virtual time, with the handler's own code."""

import itertools
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.simulation import Exchange, Fault, Killed, SimulatedMezmo
from local.simulation.house import KEY, House
from tests.handler.cloudwatch import make_event

OTHER_KEY = "fedcba9876543210fedcba9876543210"
HOURS = 3600.0


class Story:
    """A house, and the log events that are sent through it.

    Args:
        fault: what goes wrong with which exchanges.
    """

    def __init__(self, fault: Callable[[int], Fault | None] = lambda _number: None) -> None:
        self.house = self.build(lambda exchange: fault(exchange.number) or self.plan(exchange))
        self.texts: list[str] = []

    def build(self, plan: Callable[[Exchange], Fault | None]) -> House:
        return House(plan=plan)

    def plan(self, exchange: Exchange) -> Fault | None:
        del exchange
        return None

    def send(self, texts: Iterable[str], moment: float) -> None:
        sent = list(texts)
        self.texts += sent
        self.house.send(make_event(sent), moment)

    def tell(self) -> None:
        self.send((f"a {number}" for number in range(3)), 0)
        self.send((f"b {number}" for number in range(3)), 10)

    def run(self) -> "Story":
        """Tell it, and go on until whatever heals has healed."""
        self.tell()
        self.house.redrive_every(300)
        with self.house.lived_in():
            self.house.aws.run(12 * HOURS, done=lambda: not self.house.aws.pending and not self.house.waiting)
        return self

    def assert_nothing_is_lost(self) -> None:
        taken, rejected = self.house.mezmo.taken, self.house.rejected
        missing = [text for text in self.texts if not taken[text] and text not in rejected]
        assert not missing, f"{len(missing)} of {len(self.texts)} lost: {missing[:3]}"
        assert all(rejected.values())
        assert self.house.waiting == []


class AllIsWell(Story):
    """Two invocations, each with one batch."""


class TwoBatches(Story):
    """More than fits into one request."""

    def tell(self) -> None:
        self.send((f"{number} " + "x" * 10_000 for number in range(130)), 0)


class Outage(Story):
    """Mezmo is away for twenty minutes."""

    def plan(self, exchange: Exchange) -> Fault | None:
        down = exchange.service.startswith("mezmo") and self.house.world.now < 1200
        return Fault.STATUS_503 if down else None


class SomeAreRejected(Story):
    """Of each batch, Mezmo refuses a line for good and another for the moment."""

    def build(self, plan: Callable[[Exchange], Fault | None]) -> House:
        def code(text: str) -> int:
            if text.endswith("1"):
                return 400
            return 503 if text.endswith("2") and self.house.world.now < 600 else 200

        return House(plan=plan, mezmo=SimulatedMezmo(KEY, code=code))


class KeyRotated(Story):
    """The key is another one after the first invocation."""

    def tell(self) -> None:
        def rotate() -> None:
            self.house.mezmo.key = self.house.secrets.key = OTHER_KEY

        self.house.aws.at(5, rotate)
        super().tell()


class KeyRefused(Story):
    """The key is refused for an hour."""

    def tell(self) -> None:
        self.house.mezmo.key = OTHER_KEY

        def mend() -> None:
            self.house.mezmo.key = KEY

        self.house.aws.at(1 * HOURS, mend)
        super().tell()


class TooLarge(Story):
    """Mezmo takes a fifth of what it says."""

    def build(self, plan: Callable[[Exchange], Fault | None]) -> House:
        return House(plan=plan, mezmo=SimulatedMezmo(KEY, largest=200_000))

    def tell(self) -> None:
        self.send((f"{number} " + "x" * 10_000 for number in range(60)), 0)


class Stream(Story):
    """A Kinesis stream with records of two log groups, and one that is not CloudWatch's."""

    def tell(self) -> None:
        records = []
        for number in range(4):
            group = f"/group/{number % 2}"
            texts = [f"{number} {place}" for place in range(3)]
            self.texts += texts
            records.append(make_event(texts, group=group)["awslogs"]["data"])  # type: ignore[index]
        records.insert(2, "bm90IENsb3VkV2F0Y2gncw==")
        self.house.aws.read_stream(self.house.function, [*map(make_record, range(5), records)], 0)

    def assert_nothing_is_lost(self) -> None:
        super().assert_nothing_is_lost()
        assert any("bm90IENsb3VkV2F0Y2gncw==" in self.body(key) for key in self.house.s3.keys("rejected/"))

    def body(self, key: str) -> str:
        return self.house.s3.body(key).decode(errors="replace")


class StreamInAnOutage(Stream):
    """The same, while Mezmo is away."""

    def plan(self, exchange: Exchange) -> Fault | None:
        down = exchange.service.startswith("mezmo") and self.house.world.now < 1200
        return Fault.REFUSED if down else None


def make_record(number: int, data: str) -> dict[str, object]:
    return {"kinesis": {"sequenceNumber": f"4964{number:052d}", "data": data}, "eventSource": "aws:kinesis"}


STORIES: list[type[Story]] = [
    Stream,
    StreamInAnOutage,
    AllIsWell,
    TwoBatches,
    Outage,
    SomeAreRejected,
    KeyRotated,
    KeyRefused,
    TooLarge,
]


@pytest.mark.parametrize("story", STORIES)
def test_each_way_goes_well_without_a_fault(story: type[Story]) -> None:
    told = story().run()
    told.assert_nothing_is_lost()
    assert set(told.house.mezmo.taken.values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("story", STORIES)
def test_a_fault_at_any_step_loses_nothing(story: type[Story], fault: Fault) -> None:
    steps = len(story().run().house.world.exchanges)
    assert steps >= 2
    for step in range(min(steps, 60)):
        told = story(lambda number, step=step: fault if number == step else None).run()  # type: ignore[misc]
        try:
            told.assert_nothing_is_lost()
        except AssertionError as error:
            exchanges = told.house.world.exchanges
            history = "\n".join(f"{one.number} {one.service} {one.method} {one.target}" for one in exchanges)
            raise AssertionError(f"{fault.name} at step {step}: {error}\n{history}") from error


STEPS_OF_OUR_OWN = [
    "handler.forwarding.forwarder.payload_of",
    "handler.events.documents._decode_document",
    "handler.forwarding.forwarding.encode_lines",
    "handler.delivery.mezmo.Mezmo.prepare",
    "handler.delivery.mezmo.judge",
    "handler.report.Report.deliver",
    "handler.delivery.delivery.Delivery._reject",
    "handler.delivery.delivery.Delivery._leave",
    "handler.store.packing.pack_undelivered",
    "handler.store.packing.pack_rejected",
    "handler.store.store.UndeliveredStore.write",
    "handler.report.Report.keep",
    "handler.forwarding.forwarder.log_report",
    "handler.redriving.redrive.acquire",
    "handler.redriving.target.payloads_in",
    "handler.redriving.objects.Objects.settle",
    "handler.aws.s3.Bucket.delete",
    "handler.redriving.redrive.log_run",
]


@pytest.mark.parametrize("error", [MemoryError, Killed])
@pytest.mark.parametrize("step", STEPS_OF_OUR_OWN)
@pytest.mark.parametrize("story", [Outage, SomeAreRejected, StreamInAnOutage])
def test_an_error_in_any_step_of_our_own_loses_nothing(
    story: type[Story], step: str, error: type[BaseException]
) -> None:
    name, _, function = step.rpartition(".")
    owner = pkgutil.resolve_name(name)
    original = getattr(owner, function)
    for call in range(4):
        calls = itertools.count()

        def failing(*arguments: Any, _calls: Iterator[int] = calls, _call: int = call, **named: Any) -> Any:
            if next(_calls) == _call:
                raise error
            return original(*arguments, **named)

        with mock.patch.object(owner, function, failing):
            story().run().assert_nothing_is_lost()


@settings(max_examples=150)
@given(
    st.sampled_from(STORIES),
    st.lists(st.sampled_from(list(Fault)), min_size=1, max_size=12),
    st.integers(0, 12),
)
def test_several_faults_in_a_row_lose_nothing(story: type[Story], faults: list[Fault], first: int) -> None:
    plan = dict(enumerate(faults, first))
    story(plan.get).run().assert_nothing_is_lost()
