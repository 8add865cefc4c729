"""The tags of log groups: read at most once an hour, and never in the way of a line for long.

Lines wait for a look-up once, a second at most: when an environment meets a log group for the first time.
Later look-ups, and those after one that failed, are made when the lines are delivered.
"""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from handler.errors import AwsError
from handler.events.documents import Document
from handler.report import Report, log
from handler.settings import MOST_TAGS, LogGroupTags
from handler.timing import SYSTEM, Timing

Tags = Mapping[str, str]

LIFETIME_SECONDS = 3600.0
_JITTER = 0.1
# After a failure that another look-up would meet as well, such as throttling, nothing is asked for a time.
PAUSE_SECONDS = 60.0
# What is refused for this log group alone stays so for longer.
REFUSED_SECONDS = 600.0
_REFUSALS = ("AccessDenied", "InvalidParameter", "ResourceNotFound")

# Of an invocation, for all its log groups together: before lines are made, and again when they are delivered.
LONGEST_SECONDS = 1.0
_LARGEST_WAIT = 0.1
_SHORTEST_LOOKUP_SECONDS = 0.25

MOST_LOG_GROUPS = 2000
_NOTHING: Tags = {}


class TagReader(Protocol):
    """What reads tags; `handler.aws.log_tags.LogTags` is one."""

    def read(self, account: str, log_group: str, deadline: float, /) -> Tags:
        """Return the tags of a log group, asked for once.

        Raises:
            AwsError: they were not read.
        """

    def close(self) -> None:
        """Close the connection."""


class TagSource(Protocol):
    """Where the tags of log groups are known."""

    def of(self, document: Document, /) -> Tags:
        """Return the tags of a document's log group, before its lines are made."""

    def delivered(self) -> None:
        """Do what could wait until lines are delivered."""


class _Known(Struct, frozen=True):
    """Tags, and until what time of day they are taken for true."""

    tags: Tags
    expires: float


class KnownTags:
    """The tags that this environment knows.

    Args:
        rules: which tags are wanted.
        reader: what reads them.
        timing: the clocks.
    """

    def __init__(
        self, rules: tuple[LogGroupTags, ...], reader: TagReader, *, timing: Timing = SYSTEM
    ) -> None:
        self._wanted = None if any(rule.keys is None for rule in rules) else _keys(rules)
        self._reader = reader
        self._timing = timing
        self._known: dict[tuple[str, str], _Known] = {}
        self._paused_until = 0.0
        self._told: set[str] = set()
        self.answers = True

    def begin(self, account: str, deadline: float, report: Report) -> "Lookups":
        """Begin an invocation; arguments as in `Lookups`."""
        return Lookups(self, account, deadline, report, self._timing)

    def of(self, document: Document) -> Tags:
        """Return what is known of a document's log group, without asking."""
        known = self._known.get((document.owner, document.log_group))
        return known.tags if known else _NOTHING

    def is_due(self, owner: str, log_group: str) -> bool:
        """Whether the tags of a log group are to be asked for now."""
        # The time of day, because the monotonic clock may stand still while the function is frozen.
        now = self._timing.wall()
        if known := self._known.get((owner, log_group)):
            return known.expires <= now and self._paused_until <= now
        return self._paused_until <= now and (len(self._known) < MOST_LOG_GROUPS or self._makes_place(now))

    def is_new(self, owner: str, log_group: str) -> bool:
        """Whether a log group's tags were never asked for."""
        return (owner, log_group) not in self._known

    def look_up(self, owner: str, log_group: str, deadline: float, report: Report) -> None:
        """Ask for the tags of a log group, once; whatever fails costs nothing but the tags."""
        report.tag_lookups += 1
        try:
            tags = self._chosen(self._reader.read(owner, log_group, deadline))
        except Exception as error:  # noqa: BLE001  whatever it is, the lines are not to suffer
            report.tag_lookups_failed += 1
            self._failed(owner, log_group, error)
        else:
            self.answers = True
            seconds = LIFETIME_SECONDS * (1 + _JITTER * self._timing.random())
            self._keep(owner, log_group, tags, seconds)

    def close(self) -> None:
        """Close the connection: the next look-up may be an hour away."""
        self._reader.close()

    def _makes_place(self, now: float) -> bool:
        """Whether the log group that was asked for first may go; it would come again within its hour."""
        over = next(iter(self._known.values())).expires <= now
        if not over:
            self._tell("full", f"the tags of {MOST_LOG_GROUPS:,} log groups are kept; others go without")
        return over

    def _chosen(self, tags: Tags) -> Tags:
        """Return the tags that are wanted, in the order of their keys; never those that AWS sets itself."""
        keys = sorted(key for key in tags if tags[key] and not key.lower().startswith("aws:"))
        if self._wanted is None:
            return {key: tags[key] for key in keys[:MOST_TAGS]}
        return {key: tags[key] for key in keys if key in self._wanted}

    def _failed(self, owner: str, log_group: str, error: Exception) -> None:
        code = error.code if isinstance(error, AwsError) else ""
        if code.startswith(_REFUSALS):
            self.answers = True
            old = self._known.get((owner, log_group))
            self._keep(owner, log_group, old.tags if old else _NOTHING, REFUSED_SECONDS)
        else:
            self.answers = False
            self._paused_until = self._timing.wall() + PAUSE_SECONDS * (1 + self._timing.random())
        self._tell(code or type(error).__name__, f"tags of a log group are not known: {error}")

    def _keep(self, owner: str, log_group: str, tags: Tags, seconds: float) -> None:
        self._known.pop((owner, log_group), None)  # so that they are in the order of the look-ups
        if len(self._known) >= MOST_LOG_GROUPS:
            del self._known[next(iter(self._known))]
        self._known[owner, log_group] = _Known(tags, self._timing.wall() + seconds)

    def _tell(self, what: str, message: str) -> None:
        """Say a thing once an environment; the counts say how often it happens."""
        if what not in self._told:
            self._told.add(what)
            log("WARN", message)


class Lookups:
    """What an invocation asks for.

    Args:
        known: the tags that are known.
        account: the function's own; of another account nothing may be read.
        deadline: when the last look-up must be over, on the clock of `timing`.
        report: where look-ups are counted.
        timing: the clocks.
    """

    def __init__(
        self, known: KnownTags, account: str, deadline: float, report: Report, timing: Timing
    ) -> None:
        self._known = known
        self._account = account
        self._deadline = deadline
        self._report = report
        self._timing = timing
        self._patience = min(LONGEST_SECONDS, _LARGEST_WAIT * (deadline - timing.monotonic()))
        self._due: dict[str, None] = {}

    def of(self, document: Document) -> Tags:
        """See `TagSource`."""
        owner, log_group = document.owner, document.log_group
        if owner == self._account and self._known.is_due(owner, log_group):
            wait = self._known.answers and self._known.is_new(owner, log_group)
            if wait and self._patience >= _SHORTEST_LOOKUP_SECONDS:
                self._wait_for(log_group)
            else:
                self._due[log_group] = None
        return self._known.of(document)

    def delivered(self) -> None:
        """See `TagSource`."""
        end = min(self._deadline, self._timing.monotonic() + LONGEST_SECONDS)
        for log_group in self._due:
            if self._timing.monotonic() + _SHORTEST_LOOKUP_SECONDS > end:
                break
            if self._known.is_due(self._account, log_group):  # still
                self._known.look_up(self._account, log_group, end, self._report)
        self._known.close()

    def _wait_for(self, log_group: str) -> None:
        began = self._timing.monotonic()
        deadline = min(self._deadline, began + self._patience)
        self._known.look_up(self._account, log_group, deadline, self._report)
        self._patience -= self._timing.monotonic() - began


def _keys(rules: tuple[LogGroupTags, ...]) -> frozenset[str]:
    return frozenset(key for rule in rules for key in rule.keys or ())
