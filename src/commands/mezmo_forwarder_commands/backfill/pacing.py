"""Not faster than asked for."""

import re
import threading
import time
from collections.abc import Callable

from mezmo_forwarder_commands.errors import CommandError

_UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


class Rate:
    """How many log events, or bytes of them, a second.

    Args:
        amount: how many.
        of_bytes: whether bytes are counted.
    """

    def __init__(self, amount: float, *, of_bytes: bool) -> None:
        self.amount = amount
        self.of_bytes = of_bytes

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Read `500`, log events a second, or `1MiB`, bytes a second.

        Raises:
            CommandError: it is neither.
        """
        found = _RATE.fullmatch(text.strip().removesuffix("/s"))
        if not found or found[2] not in _UNITS or float(found[1]) <= 0:
            raise CommandError(
                f"--rate {text!r} is no rate; write log events a second, as 500, or bytes, as 1MiB or 500KB"
            )
        return cls(float(found[1]) * _UNITS[found[2]], of_bytes=found[2] != "")

    def seconds(self, events: int, size: int) -> float:
        """Return how long so many log events, of so many bytes, take at this rate."""
        return (size if self.of_bytes else events) / self.amount


class Interruption:
    """A person's wish that the command ends; it ends what waits at once.

    Args:
        clock: a clock that never goes back, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._event = threading.Event()
        self.clock = clock

    def ask(self) -> None:
        """End as soon as it is safe."""
        self._event.set()

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until somebody asks."""
        if seconds > 0:
            self._event.wait(seconds)


class Pace:
    """Lets things happen in their time: what took longer by itself is not waited for.

    Args:
        interruption: ends a wait.
    """

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption
        self._due = interruption.clock()

    def wait(self, seconds: float) -> None:
        """Wait until it is time, and let the next one wait for so many seconds from then."""
        now = self._interruption.clock()
        self._interruption.wait(self._due - now)
        self._due = max(self._due, now) + seconds
