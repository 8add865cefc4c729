"""What goes wrong at Mezmo's end, scripted request by request."""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Pass:
    """No fault: the rules alone decide, and the answer is sent at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A given answer, whatever the rules say.

    ``body`` defaults to what Mezmo's answer of that class looks like. ``retry_after`` is the header's value,
    seconds or an HTTP date. ``commit`` says whether the lines that the rules accept are committed: by default
    those of a 2xx are, others not.
    """

    status: int
    body: str | bytes | None = None
    retry_after: int | str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    commit: bool | None = None

    @property
    def commits(self) -> bool:
        """Whether the accepted lines of the request are committed."""
        return 200 <= self.status < 300 if self.commit is None else self.commit


@dataclass(frozen=True, slots=True)
class PartialAnswer:
    """A 207 with these codes, one a line, in order.

    A line is committed when its code is 2xx and the rules accept it; a line beyond the list is not.
    """

    codes: Sequence[int]


@dataclass(frozen=True, slots=True)
class Reset:
    """No answer: the connection is reset, before the lines are committed or after."""

    after_commit: bool = False


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer: the connection stays open and silent until the stand-in is closed."""

    after_commit: bool = False


@dataclass(frozen=True, slots=True)
class Drip:
    """The rules' answer, one byte at a time, ``interval`` seconds apart."""

    interval: float = 0.01


@dataclass(frozen=True, slots=True)
class CloseAfterAnswer:
    """The rules' answer, with no word of closing; then the connection is closed, as for an idle one."""


Fault: TypeAlias = Pass | Answer | PartialAnswer | Reset | Hang | Drip | CloseAfterAnswer

NOT_JSON = Answer(200, "<html>ok</html>")
PARTIAL_WITHOUT_LIST = Answer(207, '{"status":"ok"}')


class FaultScript:
    """The faults of the coming requests. Every request takes one, those that the rules refuse included."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: deque[Fault] = deque()
        self._always: Fault = Pass()

    def script(self, faults: Iterable[Fault]) -> None:
        """Give the coming requests these faults, in order, in place of any script not yet played out."""
        with self._lock:
            self._script = deque(faults)

    def always(self, fault: Fault) -> None:
        """Give this fault to every request that the script leaves over, until ``clear``: an outage."""
        with self._lock:
            self._always = fault

    def clear(self) -> None:
        """End the script and the outage."""
        with self._lock:
            self._script.clear()
            self._always = Pass()

    @property
    def remaining(self) -> int:
        """How many scripted faults no request has met yet."""
        with self._lock:
            return len(self._script)

    def take(self) -> Fault:
        """Return the fault of the request that has just come in."""
        with self._lock:
            return self._script.popleft() if self._script else self._always
