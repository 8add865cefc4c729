"""Lambda's waits before it tries again, in this stack's time: AWS's minute lasts `retry_delay` seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 300.0


@dataclass(frozen=True)
class Waits:
    """How long waits last here.

    Whoever limits an event's age counts a wait at AWS's length, and everything else, such as the time that a
    function runs, as it is: so limits of AWS's order work at any `retry_delay`, on a machine of any speed.
    """

    retry_delay: float
    """Seconds for each of AWS's minutes."""

    def sleep(self, seconds: float) -> None:
        """Wait for what takes AWS `seconds`."""
        time.sleep(self.lasting(seconds))

    def lasting(self, seconds: float) -> float:
        """Return how long a wait of AWS's `seconds` takes here, in seconds."""
        return seconds * self.retry_delay / 60


def backoff() -> Iterator[float]:
    """Yield AWS's seconds before each further try: 1, 2, 4 and so on, 300 at most."""
    seconds = 1.0
    while True:
        yield seconds
        seconds = min(seconds * 2, _LONGEST)


@dataclass
class Ages:
    """How old something is that arrived at a moment, where waits count at AWS's length."""

    _extra: list[tuple[float, float]] = field(default_factory=list)

    def note_wait(self, moment: float, seconds: float, lasting: float) -> None:
        """Take note of a wait of AWS's `seconds` that begins at a moment and lasts `lasting` seconds here."""
        self._extra.append((moment, seconds - lasting))

    def age(self, arrival: float, now: float) -> float:
        """Return the seconds from an arrival until now, both in seconds since the epoch."""
        return now - arrival + sum(extra for moment, extra in self._extra if moment >= arrival)

    def forget(self) -> None:
        """Forget the waits, once nothing is left that arrived before them."""
        self._extra.clear()
