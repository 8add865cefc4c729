"""What goes wrong at Mezmo's end: by request and by connection, in numbers that the seed decides."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from local.mezmo import (
    Accept,
    Answer,
    BrokenHandshake,
    CloseAfterAnswer,
    ConnectionFault,
    Drip,
    Fault,
    HalfClose,
    Hang,
    PartialMix,
    Pass,
    Reset,
    SilentHandshake,
    UntrustedCertificate,
)

# Codes of lines; 200 is the rest of a hundred.
_MIXES = (
    ((200, 90.0), (429, 5.0), (500, 5.0)),
    ((200, 98.0), (400, 1.0), (503, 1.0)),
    ((200, 50.0), (408, 50.0)),
    ((429, 50.0), (500, 50.0)),
)
_REQUESTS: tuple[tuple[float, Callable[[random.Random], Fault]], ...] = (
    (55.0, lambda _: Pass()),
    (2.0, lambda _: Answer(429)),
    (2.0, lambda _: Answer(429, retry_after=1)),
    (0.4, lambda _: Answer(429, retry_after=120)),
    *((1.5, lambda _, status=status: Answer(status)) for status in (408, 500, 501, 502, 503, 504)),
    (1.0, lambda _: Answer(504, commit=True)),
    (8.0, lambda choose: PartialMix(choose.choice(_MIXES), choose.getrandbits(32))),
    (2.0, lambda choose: Reset(after_commit=choose.random() < 0.5)),
    (1.0, lambda choose: Hang(after_commit=choose.random() < 0.5)),
    (2.0, lambda choose: HalfClose(after_commit=choose.random() < 0.5)),
    (1.5, lambda choose: Drip(choose.choice([0.001, 0.005, 0.1]))),
    (3.0, lambda _: CloseAfterAnswer()),
    # What nobody could tell from success is one; what is not may have been taken or not.
    (1.0, lambda _: Answer(200, "<html>ok</html>", if_accepted=True)),
    (1.0, lambda choose: Answer(207, '{"status":"ok"}', commit=choose.random() < 0.5, if_accepted=True)),
    *((0.5, lambda _, status=status: Answer(status)) for status in (302, 402, 404, 409, 418)),
    (1.5, lambda _: Answer(400, '{"status":"error","error":"Message size too large"}')),
    (1.5, lambda _: Answer(413)),
    (0.3, lambda _: Answer(400, '{"status":"error","error":"Bad or missing parameters."}')),
    (0.3, lambda _: Answer(415)),
    (0.4, lambda choose: Answer(choose.choice([401, 403]))),
)
_CONNECTIONS: tuple[tuple[float, ConnectionFault], ...] = (
    (92.0, Accept()),
    (4.0, BrokenHandshake()),
    (3.0, UntrustedCertificate()),
    (1.0, SilentHandshake()),
)
OUTAGES: tuple[Fault, ...] = (Answer(503), Answer(429, retry_after=30), Reset(), Hang(), Answer(404))


@dataclass
class MezmoScript:
    """Draws a fault for each request and connection.

    seed: of the draws.
    outage: what every request gets while it lasts.
    """

    seed: int
    outage: Fault | None = None
    _requests: random.Random = field(init=False)
    _connections: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._requests = random.Random(f"{self.seed}/mezmo/requests")
        self._connections = random.Random(f"{self.seed}/mezmo/connections")

    def request(self) -> Fault:
        """Return the next request's fault. An outage takes none of the script's."""
        if self.outage is not None:
            return self.outage
        (make,) = self._requests.choices(*_WEIGHED)
        return make(self._requests)

    def connection(self) -> ConnectionFault:
        """Return the next connection's fault."""
        (fault,) = self._connections.choices(*_WEIGHED_CONNECTIONS)
        return fault


_WEIGHED = [make for _, make in _REQUESTS], [weight for weight, _ in _REQUESTS]
_WEIGHED_CONNECTIONS = [fault for _, fault in _CONNECTIONS], [weight for weight, _ in _CONNECTIONS]
_NAMES = {
    Reset: "reset",
    Hang: "hang",
    HalfClose: "half-closed",
    PartialMix: "207, mixed",
    Drip: "slow body",
    CloseAfterAnswer: "closed when idle",
    BrokenHandshake: "TLS: broken handshake",
    SilentHandshake: "TLS: silent",
    UntrustedCertificate: "TLS: untrusted certificate",
}


def kind_of(fault: Fault | ConnectionFault) -> str:  # noqa: PLR0911  a table: one return a row
    """Return what a fault is called in a table; empty for none."""
    match fault:
        case Pass() | Accept():
            return ""
        case Answer(status=200):
            return "200 that is not JSON"
        case Answer(status=207):
            return "207 without a list"
        case Answer(status=400, body=body):
            return "400 too large" if "too large" in str(body) else "400"
        case Answer(status=429, retry_after=seconds) if seconds is not None:
            return "429 with Retry-After"
        case Answer(status=504, commit=True):
            return "504 after the commit"
        case Answer(status=status):
            return str(status)
        case Reset() | Hang() | HalfClose():
            return f"{_NAMES[type(fault)]} {'after' if fault.after_commit else 'before'} the commit"
    return _NAMES[type(fault)]
