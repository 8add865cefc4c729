"""What an invocation did: counts that add up, and one line of JSON about them in the function's own log."""

import msgspec
from msgspec import Struct

OWN_LOG_GROUP = "the forwarder's own log group"  # as the reason of a filter
_LONGEST_MESSAGE = 400
_LONGEST_REASON = 80
_MOST_REASONS = 3


class Report(Struct):
    """The counts of an invocation; once it is over, received = delivered + filtered + rejected + undelivered.

    Args:
        received: log events in the payload.
        delivered: lines that Mezmo took.
        filtered: log events that became no line.
        rejected: lines that Mezmo will never take.
        undelivered: lines that are left for another try.
        control_messages: payloads of CloudWatch's own, without log events.
        batches: batches that were made of the lines.
        requests: requests that were sent to Mezmo.
        retries: those of them that repeated another.
        bytes_in: size of the payload, unpacked.
        bytes_out: size of all bodies sent, packed.
        reasons: why lines were rejected or left, with how many there are.
        filters: why log events became no line, with how many there are.
    """

    received: int = 0
    delivered: int = 0
    filtered: int = 0
    rejected: int = 0
    undelivered: int = 0
    control_messages: int = 0
    batches: int = 0
    requests: int = 0
    retries: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    reasons: dict[str, int] = {}
    filters: dict[str, int] = {}

    def filter(self, reason: str, events: int = 1) -> None:
        """Count log events that become no line."""
        self.filtered += events
        _count(self.filters, reason, events)

    def reject(self, lines: int, reason: str) -> None:
        """Count lines that Mezmo will never take."""
        self.rejected += lines
        _count(self.reasons, reason, lines)

    def leave(self, lines: int, reason: str) -> None:
        """Count lines that are left for another try."""
        self.undelivered += lines
        _count(self.reasons, reason, lines)

    @property
    def level(self) -> str:
        """How loud the invocation's log line is."""
        if self.undelivered:
            return "ERROR"
        return "WARN" if self.rejected or OWN_LOG_GROUP in self.filters else "INFO"

    def summary(self) -> str:
        """Return the counts in words, with the reason why most of the others were not delivered."""
        if self.control_messages:
            return "control message skipped"
        parts = [f"{self.delivered} of {self.received} lines delivered"]
        for name in ("undelivered", "rejected", "filtered"):
            count = getattr(self, name)
            parts += [f"{count} {name}"] if count else []
        text = ", ".join(parts)
        for reason in _largest(self.reasons, 1):
            text += f": {reason}"
        return text

    def fields(self) -> dict[str, object]:
        """Return the counts as the log line gives them; a single reason stands in its message already."""
        fields = msgspec.structs.asdict(self)
        reasons = _largest(self.reasons, _MOST_REASONS) if len(self.reasons) > 1 else {}
        fields["reasons"] = {reason[:_LONGEST_REASON]: lines for reason, lines in reasons.items()}
        for name in ("control_messages", "reasons", "filters"):
            if not fields[name]:
                del fields[name]
        return fields


def _count(counts: dict[str, int], reason: str, lines: int) -> None:
    counts[reason] = counts.get(reason, 0) + lines


def _largest(counts: dict[str, int], most: int) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:most])


def log(level: str, message: str, **fields: object) -> None:
    """Write one line of JSON to the function's log."""
    line = {"level": level, "message": message[:_LONGEST_MESSAGE], **fields}
    print(msgspec.json.encode(line).decode(), flush=True)
