"""What goes wrong with S3 and Secrets Manager, in numbers that the seed decides for each operation."""

import random
from dataclasses import dataclass, field

from local.faults.proxy import AwsFault, Call, CutShort, Delay, Forward, Refuse, Sever, WrongClock

_S3: tuple[tuple[float, AwsFault], ...] = (
    (85.0, Forward()),
    (1.0, Refuse(403, "AccessDenied")),
    (2.0, Refuse(500, "InternalError")),
    (4.0, Refuse(503, "SlowDown")),
    (1.5, Delay(0.5)),
    (0.5, Delay(12.0)),
    (0.5, Delay(12.0, after=True)),
    (2.0, Sever()),
    (2.0, Sever(after=True)),
    (1.5, CutShort()),
)
_SECRETS: tuple[tuple[float, AwsFault], ...] = (
    (80.0, Forward()),
    (6.0, Refuse(400, "ThrottlingException")),
    (4.0, Refuse(500, "InternalServiceError")),
    (1.0, Refuse(400, "AccessDeniedException")),
    (2.0, Delay(1.0)),
    (1.0, Delay(12.0)),
    (3.0, Sever()),
    (1.0, Sever(after=True)),
    (2.0, CutShort()),
)
_SCRIPTS = {"s3": _S3, "secretsmanager": _SECRETS}
OUTAGES: dict[str, tuple[AwsFault, ...]] = {
    "s3": (Refuse(503, "SlowDown"), Refuse(403, "AccessDenied"), Sever(), Delay(12.0)),
    "secretsmanager": (Refuse(400, "ThrottlingException"), Refuse(503, "ServiceUnavailable"), Sever()),
}


@dataclass
class AwsScript:
    """Draws a fault for each call, from a sequence of each operation's own.

    seed: of the draws.
    outages: by service, what every call gets while it lasts.
    """

    seed: int
    outages: dict[str, AwsFault] = field(default_factory=dict)
    _draws: dict[tuple[str, str], random.Random] = field(default_factory=dict)

    def fault(self, call: Call) -> AwsFault:
        """Return the next fault of a call's operation. An outage takes none of the script's."""
        if outage := self.outages.get(call.service):
            return outage
        operation = call.service, call.operation
        if operation not in self._draws:
            self._draws[operation] = random.Random(f"{self.seed}/aws/{'/'.join(operation)}")
        script = _SCRIPTS[call.service]
        (fault,) = self._draws[operation].choices(
            [one for _, one in script], [weight for weight, _ in script]
        )
        return fault


def kind_of(fault: AwsFault) -> str:
    """Return what a fault is called in a table; empty for none."""
    match fault:
        case Refuse(status, code):
            return f"{status} {code}"
        case Delay(seconds):
            return "slow" if seconds < 5 else "hang"  # longer than the handler waits for most answers
        case Sever(after):
            return f"reset {'after' if after else 'before'} it was carried out"
        case CutShort():
            return "answer cut short"
        case WrongClock():
            return "refused for the clock"
        case Forward():
            return ""
