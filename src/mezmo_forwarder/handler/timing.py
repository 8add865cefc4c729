"""The clocks, the waiting and the chance that the handler depends on, together so that tests can own them."""

import os
import time
from collections.abc import Callable

from msgspec import Struct


def _random() -> float:
    # The module `random` takes a tenth of the time that the handler's own imports may take.
    return int.from_bytes(os.urandom(6), "big") / (1 << 48)


class Timing(Struct, frozen=True):
    """Where time comes from.

    Args:
        monotonic: seconds that never run backwards; deadlines are on this clock.
        wall: the time of day in seconds; it goes on while Lambda keeps the function frozen.
        sleep: waits for a number of seconds.
        random: a number from 0 to 1, 1 excluded.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = _random


SYSTEM = Timing()
