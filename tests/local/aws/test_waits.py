"""How the local AWS shortens waits, and how old it takes something to be."""

from itertools import islice

import pytest

from local.aws.overlay.waits import Ages, Waits, backoff


def test_a_minute_lasts_as_long_as_it_is_told() -> None:
    assert Waits(retry_delay=2).lasting(60) == 2
    assert Waits(retry_delay=2).lasting(300) == 10


def test_tries_come_ever_later_up_to_five_minutes() -> None:
    assert list(islice(backoff(), 11)) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@pytest.mark.parametrize(("arrival", "age"), [(100, 100 + 59 + 118), (150, 50 + 118), (170, 30)])
def test_a_wait_counts_at_awss_length_for_what_was_there_when_it_began(arrival: float, age: float) -> None:
    ages = Ages()
    ages.note_wait(120, 60, 1)
    ages.note_wait(160, 120, 2)
    assert ages.age(arrival, 200) == age
    ages.forget()
    assert ages.age(arrival, 200) == 200 - arrival
