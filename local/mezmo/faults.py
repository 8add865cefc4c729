"""What goes wrong at Mezmo's end, scripted request by request."""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
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
    those of a 2xx are, others not. With ``if_accepted`` it is given only if the rules accept the request: a
    client that is told of success where there was none has no way to know.
    """

    status: int
    body: str | bytes | None = None
    retry_after: int | str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    commit: bool | None = None
    if_accepted: bool = False

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
class PartialMix:
    """A 207 whose codes are drawn, one for each line, however many there are; a line fares as there.

    ``weights`` are codes with their weights, ``seed`` is that of the draw: the same codes for as many lines.
    """

    weights: tuple[tuple[int, float], ...]
    seed: int

    def codes(self, lines: int) -> list[int]:
        """Draw the codes of that many lines."""
        codes, weights = zip(*self.weights, strict=True)
        return random.Random(self.seed).choices(codes, weights, k=lines)


@dataclass(frozen=True, slots=True)
class Reset:
    """No answer: the connection is reset, before the lines are committed or after."""

    after_commit: bool = False


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer: the connection stays open and silent until the stand-in is closed."""

    after_commit: bool = False


@dataclass(frozen=True, slots=True)
class HalfClose:
    """No answer: the stand-in says that it sends no more, and goes on reading until the client is gone."""

    after_commit: bool = False


@dataclass(frozen=True, slots=True)
class Drip:
    """The rules' answer, one byte at a time, ``interval`` seconds apart."""

    interval: float = 0.01


@dataclass(frozen=True, slots=True)
class CloseAfterAnswer:
    """The rules' answer, with no word of closing; then the connection is closed, as for an idle one."""


Fault: TypeAlias = (
    Pass | Answer | PartialAnswer | PartialMix | Reset | Hang | HalfClose | Drip | CloseAfterAnswer
)


@dataclass(frozen=True, slots=True)
class Accept:
    """A connection without a fault of its own."""


@dataclass(frozen=True, slots=True)
class BrokenHandshake:
    """What comes in answer to the client's first bytes is not TLS, and then the connection is closed."""


@dataclass(frozen=True, slots=True)
class SilentHandshake:
    """Nothing comes: the connection is accepted, and stays silent until the stand-in is closed."""


@dataclass(frozen=True, slots=True)
class UntrustedCertificate:
    """A certificate for the right name, by an authority that nobody trusts."""


ConnectionFault: TypeAlias = Accept | BrokenHandshake | SilentHandshake | UntrustedCertificate

NOT_JSON = Answer(200, "<html>ok</html>")
PARTIAL_WITHOUT_LIST = Answer(207, '{"status":"ok"}')


class FaultScript:
    """The faults of the coming requests and connections.

    Every request takes one, those that the rules refuse included; every connection takes another, before TLS.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: deque[Fault] = deque()
        self._source: Callable[[], Fault] = Pass
        self._connections: deque[ConnectionFault] = deque()
        self._connection_source: Callable[[], ConnectionFault] = Accept

    def script(self, faults: Iterable[Fault]) -> None:
        """Give the coming requests these faults, in order, in place of any script not yet played out."""
        with self._lock:
            self._script = deque(faults)

    def always(self, fault: Fault) -> None:
        """Give this fault to every request that the script leaves over, until ``clear``: an outage."""
        self.draw(lambda: fault)

    def draw(self, source: Callable[[], Fault]) -> None:
        """Ask for the fault of every request that the script leaves over, until ``clear``.

        The source is called while the stand-in does nothing else: it must be quick, and not ask it anything.
        """
        with self._lock:
            self._source = source

    def script_connections(self, faults: Iterable[ConnectionFault]) -> None:
        """Give the coming connections these faults, in order, in place of any script not yet played out."""
        with self._lock:
            self._connections = deque(faults)

    def draw_connections(self, source: Callable[[], ConnectionFault]) -> None:
        """Ask for the fault of every connection that its script leaves over, until ``clear``."""
        with self._lock:
            self._connection_source = source

    def clear(self) -> None:
        """End the scripts and the outage."""
        with self._lock:
            self._script.clear()
            self._source = Pass
            self._connections.clear()
            self._connection_source = Accept

    @property
    def remaining(self) -> int:
        """How many scripted faults no request has met yet."""
        with self._lock:
            return len(self._script)

    def take(self) -> Fault:
        """Return the fault of the request that has just come in."""
        with self._lock:
            return self._script.popleft() if self._script else self._source()

    def take_connection(self) -> ConnectionFault:
        """Return the fault of the connection that has just been made."""
        with self._lock:
            return self._connections.popleft() if self._connections else self._connection_source()
