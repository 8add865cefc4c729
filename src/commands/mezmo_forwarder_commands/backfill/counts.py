"""What became of log events, in counts that have to add up."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

OUTCOMES = ("delivered", "filtered", "stored", "rejected", "undelivered")


@dataclass
class Counts:
    """The function's own counts, added up.

    Args:
        documents: how many documents were answered.
        events: log events that the function had in them.
        received: lines that these make: fewer where several are joined, more where long ones are split.
        joined: log events that are part of another one's line.
        delivered: lines that Mezmo took.
        filtered: log events that became no line, by the forwarder's settings.
        stored: lines in the undelivered store, from where they are sent again by themselves.
        rejected: lines that Mezmo will never take; in the store where there is one.
        undelivered: lines that are left; what has any is sent again, so that there are none in the end.
    """

    documents: int = 0
    events: int = 0
    received: int = 0
    joined: int = 0
    delivered: int = 0
    filtered: int = 0
    stored: int = 0
    rejected: int = 0
    undelivered: int = 0

    @classmethod
    def of(cls, values: Mapping[str, object]) -> "Counts":
        """Take the counts out of a function's answer, or a state file."""
        counts = cls()
        for field in fields(cls):
            value = values.get(field.name, 0)
            setattr(counts, field.name, value if isinstance(value, int) else 0)
        return counts

    def add(self, other: "Counts") -> None:
        """Add another one's."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def add_up(self) -> bool:
        """Whether every line is accounted for."""
        became = self.delivered + self.filtered + self.stored + self.rejected + self.undelivered
        return self.received == became
