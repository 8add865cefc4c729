"""The breaker: when it opens, when it asks, when it closes."""

import pytest

from handler.delivery.breaker import FAILURES, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Breaker
from tests.handler.doubles import Clock


class Watch:
    """A breaker and its clock, with pauses that are not spread."""

    def __init__(self, chance: float = 0.5) -> None:
        self.clock = Clock(chance)
        self.breaker = Breaker(self.clock.timing)

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.failed("503 down", self.clock.timing.wall())

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def asks_after(self) -> int:
        """Wait until it asks, and return how many whole seconds that took."""
        seconds = 0
        while not self.breaker.may_probe:
            self.wait(1)
            seconds += 1
        return seconds


def test_it_opens_after_failures_in_a_row_and_says_why() -> None:
    watch = Watch()
    states = []
    for _ in range(2):
        watch.fail(FAILURES - 1)
        states.append(watch.breaker.is_open)
        watch.breaker.succeeded()
    watch.fail(FAILURES)
    assert [*states, watch.breaker.is_open] == [False, False, True]
    assert watch.breaker.reason == "503 down"


def test_it_opens_at_once_when_trouble_lasts() -> None:
    watch = Watch()
    watch.fail()
    watch.wait(9.9)
    watch.fail()
    assert not watch.breaker.is_open
    watch.wait(0.1)
    watch.fail()
    assert watch.breaker.is_open


def test_it_holds_for_as_long_as_mezmo_asks_and_twice_as_long_each_time_up_to_a_bound() -> None:
    watch = Watch(0)
    paused = []
    for _ in range(5):
        watch.breaker.hold("429", 3)
        paused.append(watch.asks_after())
    assert paused == [3, 6, 10, 10, 10]
    watch.breaker.succeeded()
    watch.breaker.hold("429", 3)
    assert watch.asks_after() == 3


def test_a_long_time_that_mezmo_asks_for_is_kept_whole() -> None:
    watch = Watch(0)
    watch.breaker.hold("429", 60)
    assert watch.asks_after() == 60


def test_a_single_request_that_hangs_is_trouble_enough() -> None:
    watch = Watch()
    began = watch.clock.timing.wall()
    watch.wait(10)
    watch.breaker.failed("time-out", began)
    assert watch.breaker.is_open


def test_it_asks_after_pauses_that_double_to_a_limit() -> None:
    watch = Watch()
    watch.fail(FAILURES)
    for pause in (FIRST_PAUSE_SECONDS, 60, 120, 240, 480, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS):
        assert watch.asks_after() == pause
        watch.fail()
    watch.wait(LONGEST_PAUSE_SECONDS)
    watch.breaker.succeeded()
    watch.fail(FAILURES)
    assert watch.asks_after() == FIRST_PAUSE_SECONDS, "after a success the pauses begin anew"


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 27), (1.0, 33)])
def test_environments_do_not_all_ask_at_the_same_moment(chance: float, pause: float) -> None:
    watch = Watch(chance)
    watch.fail(FAILURES)
    assert watch.asks_after() == pause


@pytest.mark.parametrize(("asked", "pause"), [(90, 90), (5, 30), (86_400, 600)])
def test_it_waits_as_long_as_mezmo_asks_within_bounds(asked: float, pause: float) -> None:
    watch = Watch()
    watch.breaker.open("429", least=asked)
    assert watch.asks_after() == pause


@pytest.mark.parametrize(("spent", "pause"), [(0.05, 30), (2, 200), (5, 500), (10, 600)])
def test_the_longer_an_answer_is_waited_for_the_later_it_asks_again(spent: float, pause: float) -> None:
    watch = Watch()
    watch.fail(FAILURES - 1)
    began = watch.clock.timing.wall()
    watch.wait(spent)
    watch.breaker.failed("time-out", began)
    assert watch.asks_after() == pause


def test_a_clock_that_is_set_back_does_not_keep_it_open() -> None:
    watch = Watch()
    watch.fail(FAILURES)
    watch.wait(-3600)
    assert watch.breaker.may_probe
