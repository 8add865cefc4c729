"""Each alarm, as it is synthesized, driven by its fault; and all of them on a good day.

The handler's own code runs in `local.simulation`, and the lines that it prints are the metrics. Lambda's are
those of the simulated Lambda; what that does not have, nor CloudWatch Logs here, is put there by
hand, and the test's name says so.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest

from local.cloudwatch import State
from local.cloudwatch.recording import Recording
from local.simulation import Exchange, Fault, SimulatedMezmo
from local.simulation.house import KEY, House
from local.simulation.world import EPOCH
from tests.handler.cloudwatch import make_event
from tests.watching import deployed

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
OTHER_KEY = "fedcba9876543210fedcba9876543210"
Plan = Callable[[Exchange], Fault | None]


class Watched:
    """A house with its alarms."""

    def __init__(
        self,
        plan: Plan | None = None,
        mezmo: SimulatedMezmo | None = None,
        *,
        redrive: bool = True,
        **settings: Any,
    ) -> None:
        self.house = House(plan=plan, mezmo=mezmo, metrics="forwarder", **settings)
        self.recording = Recording(self.house)
        if redrive:
            self.house.redrive_every(5 * MINUTE)

    def send(self, moments: Iterable[float], text: str = "a line") -> None:
        for moment in moments:
            self.house.send(make_event([f"{text} at {moment}"]), moment)

    def run(self, until: float) -> "Watched":
        self.until = until
        with self.recording.running():
            self.house.aws.run(until)
        return self

    def gone_off(self) -> dict[str, float]:
        """Return the alarms that went off, and when they did first."""
        first = {}
        for name, alarm in deployed.alarms().items():
            for moment, state in alarm.states(self.recording.metrics, EPOCH, EPOCH + self.until):
                if state is State.ALARM:
                    first[name] = moment - EPOCH
                    break
        return first

    def state_at_the_end(self, alarm: str) -> State:
        return deployed.alarms()[alarm].state(self.recording.metrics, EPOCH + self.until)


def down(service: str, fault: Fault, begin: float, end: float) -> Callable[[House], Plan]:
    def plan(house: House) -> Plan:
        return lambda exchange: (
            fault if exchange.service.startswith(service) and begin <= house.world.now < end else None
        )

    return plan


def watched(
    *plans: Callable[[House], Plan], mezmo: SimulatedMezmo | None = None, redrive: bool = True
) -> Watched:
    all_plans: list[Plan] = []
    made = Watched(
        lambda exchange: next((fault for plan in all_plans if (fault := plan(exchange))), None),
        mezmo,
        redrive=redrive,
    )
    all_plans += [plan(made.house) for plan in plans]
    return made


def every(seconds: float, begin: float, end: float) -> Iterable[float]:
    count = int((end - begin) // seconds)
    return (begin + number * seconds for number in range(count))


def refuses(word: str, code: int = 400) -> SimulatedMezmo:
    return SimulatedMezmo(KEY, code=lambda text: code if word in text else 200)


def lines_rejected() -> Watched:
    made = watched(mezmo=refuses("bad"))
    made.send(every(MINUTE, 0, HOUR))
    made.send([10 * MINUTE], "bad")
    return made.run(HOUR)


def redriven_lines_rejected() -> Watched:
    made = watched(down("mezmo", Fault.STATUS_503, 0, 10 * MINUTE), mezmo=refuses("bad"))
    made.send([MINUTE], "bad")
    return made.run(HOUR)


def payloads_set_aside() -> Watched:
    made = watched()
    record = {
        "kinesis": {"sequenceNumber": "1", "data": "bm90IENsb3VkV2F0Y2gncw=="},
        "eventSource": "aws:kinesis",
    }
    made.house.aws.read_stream(made.house.function, [record], 0)
    return made.run(HOUR)


def lines_undelivered() -> Watched:
    made = watched(down("mezmo", Fault.STATUS_503, 0, HOUR), down("s3", Fault.STATUS_503, 0, 2 * MINUTE))
    made.send([MINUTE])
    return made.run(HOUR)


def key_refused() -> Watched:
    made = watched()
    made.house.aws.at(10 * MINUTE, lambda: setattr(made.house.mezmo, "key", OTHER_KEY))
    made.send(every(MINUTE, 0, HOUR))
    return made.run(HOUR)


def unexpected_replies() -> Watched:
    made = watched(down("mezmo", Fault.STATUS_404, 0, HOUR))
    made.send([MINUTE])
    return made.run(HOUR)


def outage(hours: float, every_seconds: float = MINUTE) -> Watched:
    made = watched(down("mezmo", Fault.STATUS_503, 10 * MINUTE, hours * HOUR))
    made.send(every(every_seconds, 0, (hours + 1) * HOUR))
    return made.run((hours + 1) * HOUR)


def crashes() -> Watched:
    made = watched(down("mezmo", Fault.KILL, 10 * MINUTE, HOUR))
    made.send(every(MINUTE, 0, HOUR))
    return made.run(2 * HOUR)


def redrive_fails() -> Watched:
    made = watched(down("s3", Fault.STATUS_403, 0, HOUR))
    return made.run(HOUR)


def redrive_stopped() -> Watched:
    made = watched(redrive=False)
    made.send(every(MINUTE, 0, HOUR))
    return made.run(HOUR)


def tags_unknown() -> Watched:
    """Nobody answers when the tags of a log group are asked for."""
    made = Watched(log_group_tags=[{"to": "meta"}])
    made.send([MINUTE])
    return made.run(HOUR)


def no_events() -> Watched:
    made = watched(redrive=False)
    made.send([1.0])
    return made.run(3 * HOUR)


FAULTS: dict[str, Callable[[], Watched]] = {
    "linesRejected": lines_rejected,
    "redrivenLinesRejected": redriven_lines_rejected,
    "payloadsSetAside": payloads_set_aside,
    "linesUndelivered": lines_undelivered,
    "keyRefused": key_refused,
    "unexpectedReplies": unexpected_replies,
    "breakerOpen": lambda: outage(1),
    "storeNotEmpty": lambda: outage(1),
    "oldestStoredAge": lambda: outage(7, 10 * MINUTE),
    "errors": crashes,
    "asyncEventsDropped": crashes,
    "redriveErrors": redrive_fails,
    "redriveStopped": redrive_stopped,
    "noEvents": no_events,
}

# What is neither the handler's nor the simulated Lambda's: namespace, name, dimensions, a bad minute's value.
BY_HAND: dict[str, tuple[str, str, dict[str, str], float]] = {
    "throttles": ("AWS/Lambda", "Throttles", {"FunctionName": "forwarder"}, 1),
    "asyncEventAge": ("AWS/Lambda", "AsyncEventAge", {"FunctionName": "forwarder"}, 16 * MINUTE * 1000),
    "destinationDeliveryFailures": (
        "AWS/Lambda",
        "DestinationDeliveryFailures",
        {"FunctionName": "forwarder"},
        1,
    ),
    "iteratorAge": ("AWS/Lambda", "IteratorAge", {"FunctionName": "forwarder"}, 16 * MINUTE * 1000),
    "deliveryErrors": (
        "AWS/Logs",
        "DeliveryErrors",
        {"LogGroupName": "/aws/ecs/web", "DestinationType": "Lambda", "FilterName": "mezmo"},
        1,
    ),
    "deliveryThrottling": (
        "AWS/Logs",
        "DeliveryThrottling",
        {"LogGroupName": "/aws/ecs/web", "DestinationType": "Lambda", "FilterName": "mezmo"},
        1,
    ),
}


def test_each_alarm_has_its_fault() -> None:
    assert deployed.option_names() == FAULTS.keys() | BY_HAND.keys() == deployed.alarms().keys()


@pytest.mark.parametrize("alarm", FAULTS)
def test_goes_off_by_its_fault(alarm: str) -> None:
    assert alarm in FAULTS[alarm]().gone_off()


@pytest.mark.parametrize("alarm", BY_HAND)
def test_goes_off_by_a_fault_whose_metric_is_put_by_hand(alarm: str) -> None:
    namespace, name, dimensions, value = BY_HAND[alarm]
    made = watched()
    made.send(every(MINUTE, 0, HOUR))
    for moment in every(MINUTE, 10 * MINUTE, 30 * MINUTE):
        made.recording.put(namespace, name, dimensions, value, moment)
    gone_off = made.run(HOUR).gone_off()
    assert gone_off.keys() == {alarm}
    assert made.state_at_the_end(alarm) is State.OK


@cache
def eventful_day() -> Watched:
    """A good day: the key is rotated, a request is retried, another is slow, a log event is empty."""
    made = watched(
        down("mezmo", Fault.STATUS_503, 6 * HOUR, 6 * HOUR + 1),
        down("mezmo", Fault.SLOW, 9 * HOUR, 9 * HOUR + 60),
    )
    made.send(every(MINUTE, 0, DAY))
    made.house.send(make_event([""]), 5 * HOUR)

    def rotate() -> None:
        made.house.mezmo.key = made.house.secrets.key = OTHER_KEY

    made.house.aws.at(12 * HOUR, rotate)
    return made.run(DAY)


def test_nothing_goes_off_on_a_good_day() -> None:
    made = eventful_day()
    assert made.house.mezmo.taken.total() == DAY / MINUTE
    assert {"Retries", "KeyRefreshes", "LinesFiltered"} <= made.recording.metrics.names("MezmoForwarder")
    assert made.gone_off() == {}


def test_nothing_goes_off_when_mezmo_is_away_for_four_minutes() -> None:
    made = watched(down("mezmo", Fault.STATUS_503, 12 * MINUTE, 16 * MINUTE))
    made.send(every(20, 0, HOUR))
    made.run(HOUR)
    assert made.house.waiting == []
    assert made.gone_off() == {}


def test_what_an_outage_sets_off_and_that_it_ends() -> None:
    made = outage(1)
    assert made.gone_off().keys() == {"breakerOpen", "storeNotEmpty"}
    assert 25 * MINUTE <= made.gone_off()["storeNotEmpty"] <= 35 * MINUTE
    assert {alarm: made.state_at_the_end(alarm) for alarm in made.gone_off()} == {
        "breakerOpen": State.OK,
        "storeNotEmpty": State.OK,
    }


def test_a_deployment_sets_nothing_off() -> None:
    """Before the first run of the re-drive, with events from the first second on."""
    made = watched()
    made.send(every(5, 0, 10 * MINUTE))
    assert made.run(10 * MINUTE).gone_off() == {}
