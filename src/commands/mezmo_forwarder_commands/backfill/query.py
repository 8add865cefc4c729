"""What is asked for: which log events, through which function."""

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from mezmo_forwarder_commands.errors import CommandError

_SHORT_ZONE = re.compile(r"(?<=\d)Z$")


@dataclass(frozen=True)
class Query:
    """A backfill; two with the same fields are the same.

    Args:
        account: the log group's, which is its events' owner.
        region: the log group's and the function's.
        log_group: the log group's name.
        function: the function's ARN.
        start: the first millisecond since the epoch.
        end: the first millisecond that is not asked for any more.
        pattern: CloudWatch's filter pattern; empty for all log events.
        filters: the subscription filter by which events would have come, by whose name the forwarder finds
            what a subscription has for itself; none for the forwarder's own settings.
    """

    account: str
    region: str
    log_group: str
    function: str
    start: int
    end: int
    pattern: str
    filters: tuple[str, ...]

    def differences(self, other: "Query") -> list[str]:
        """Say in which fields another one differs, as `pattern 'a', not 'b'`."""
        mine, its = asdict(self), asdict(other)
        return [
            f"{name} {_shown(name, its[name])}, not {_shown(name, mine[name])}"
            for name in mine
            if mine[name] != its[name]
        ]


def _shown(name: str, value: object) -> str:
    return as_time(value) if name in ("start", "end") and isinstance(value, int) else repr(value)


def parse_time(option: str, text: str) -> int:
    """Return the milliseconds since the epoch of a time as 2026-11-01T00:00Z.

    Args:
        option: what it was given for.
        text: ISO 8601, a date alone too, which begins at midnight; UTC where it names no offset.

    Raises:
        CommandError: it is no time, or before the epoch.
    """
    try:
        time = datetime.fromisoformat(_SHORT_ZONE.sub("+00:00", text))
    except ValueError as error:
        raise CommandError(f"{option} {text!r} is no time; write it as 2026-11-01T00:00Z") from error
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - datetime.fromtimestamp(0, UTC)
    if since < timedelta():
        raise CommandError(f"{option} {text!r} is before 1970; CloudWatch has nothing as old")
    return since // timedelta(milliseconds=1)


def as_time(milliseconds: int) -> str:
    """Return a time as the user writes it, in UTC."""
    text = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace(":00.000+00:00", "Z").replace(".000+00:00", "Z").replace("+00:00", "Z")


def as_duration(seconds: float) -> str:
    """Return how long that is, roughly."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
