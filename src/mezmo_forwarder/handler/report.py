"""What an invocation did: counts that add up, and one line of JSON about them in the function's own log.

The line is the metrics as well: CloudWatch reads them from it (embedded metric format). What is zero is left
out, since a metric costs by the hour in which it has a value; an alarm takes its absence for zero.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from .lines.batches import Batch
from .settings import MetricsDetail

# As reasons of a filter
OWN_LOG_GROUP = "the forwarder's own log group"
EXCLUDED_LOG_GROUP = "a log group excluded by its prefix"
NAMESPACE = "MezmoForwarder"
_LONGEST_MESSAGE = 400
_LONGEST_REASON = 80
_MOST_REASONS = 3

_OUTCOMES = ("received", "delivered", "filtered", "stored", "rejected", "undelivered")

# Metrics by the names of their counts.
_LINE_METRICS = {
    "received": "LinesReceived",
    "delivered": "LinesDelivered",
    "filtered": "LinesFiltered",
    "stored": "LinesStored",
    "rejected": "LinesRejected",
    "undelivered": "LinesUndelivered",
    "bytes_delivered": "BytesDelivered",
    "bytes_stored": "BytesStored",
    "bytes_rejected": "BytesRejected",
}
_METRICS = {
    "requests": "Requests",
    "retries": "Retries",
    "key_refreshes": "KeyRefreshes",
    "key_refused": "KeyRefused",
    "unexpected_replies": "UnexpectedReplies",
    "breaker_open": "BreakerOpen",
    "set_aside": "PayloadsSetAside",
    "tag_lookups_failed": "TagLookupsFailed",
    "oldest_line_age": "OldestLineAge",
}
_UNITS = {
    "BytesDelivered": "Bytes",
    "BytesStored": "Bytes",
    "BytesRejected": "Bytes",
    "OldestLineAge": "Seconds",
}


class Lines(Struct):
    """What became of lines: received = delivered + filtered + stored + rejected + undelivered, in the end.

    Args:
        received: lines that the log events make, of which several may be joined to one; one that makes none
            counts as one.
        delivered: taken by Mezmo.
        filtered: log events that became no line.
        stored: kept in the store, to be sent again.
        rejected: refused by Mezmo for good; kept in the store where there is one.
        undelivered: left for Lambda to try again.
        bytes_delivered: size of the lines, before compression; likewise the others.
        bytes_stored: see `bytes_delivered`.
        bytes_rejected: see `bytes_delivered`.
        bytes_undelivered: see `bytes_delivered`.
    """

    received: int = 0
    delivered: int = 0
    filtered: int = 0
    stored: int = 0
    rejected: int = 0
    undelivered: int = 0
    bytes_delivered: int = 0
    bytes_stored: int = 0
    bytes_rejected: int = 0
    bytes_undelivered: int = 0

    def metrics(self) -> dict[str, float]:
        """Return the values of the metrics that are not zero."""
        values = {metric: getattr(self, name) for name, metric in _LINE_METRICS.items()}
        return {metric: value for metric, value in values.items() if value}


class Report(Struct):
    """The counts of an invocation.

    Args:
        groups: what became of lines, by log group.
        control_messages: payloads of CloudWatch's own, without log events.
        batches: batches that were made of the lines.
        requests: requests that were sent to Mezmo.
        retries: those of them that repeated another.
        bytes_in: size of the payload, unpacked.
        bytes_sent: size of all bodies sent, packed.
        key_refreshes: how often the key was read again because Mezmo had refused it.
        key_refused: 1 if Mezmo refused the key, read again or not.
        unexpected_replies: replies of a status that nobody has told us of.
        breaker_open: 1 if lines were kept back because requests before had failed.
        set_aside: payloads that are not what CloudWatch sends, and were kept.
        oldest_line_age: seconds from the oldest line's event to its delivery.
        tag_lookups: how often the tags of a log group were asked for.
        tag_lookups_failed: those of them that told none.
        reasons: why lines were rejected or left, with how many there are.
        filters: why log events became no line, with how many there are.
        joined: log events that became part of another one's line, and so make none.
        events: log events that came in, whatever became of them.
        backfill: whether they are of the past, read by a person's command, which waits for the counts.
    """

    groups: dict[str, Lines] = {}
    control_messages: int = 0
    batches: int = 0
    requests: int = 0
    retries: int = 0
    bytes_in: int = 0
    bytes_sent: int = 0
    key_refreshes: int = 0
    key_refused: int = 0
    unexpected_replies: int = 0
    breaker_open: int = 0
    set_aside: int = 0
    oldest_line_age: float = 0.0
    tag_lookups: int = 0
    tag_lookups_failed: int = 0
    reasons: dict[str, int] = {}
    filters: dict[str, int] = {}
    joined: int = 0
    events: int = 0
    backfill: bool = False

    def of(self, log_group: str) -> Lines:
        """Return what became of a log group's lines, to be counted there."""
        lines = self.groups.get(log_group)
        if lines is None:
            lines = self.groups[log_group] = Lines()
        return lines

    @property
    def total(self) -> Lines:
        """What became of all lines."""
        if len(self.groups) == 1:
            return next(iter(self.groups.values()))
        total = Lines()
        for lines in self.groups.values():
            for name in Lines.__struct_fields__:
                setattr(total, name, getattr(total, name) + getattr(lines, name))
        return total

    @property
    def settled(self) -> int:
        """How many lines were taken, rejected or filtered."""
        total = self.total
        return total.delivered + total.rejected + total.filtered

    def filter(self, log_group: str, reason: str, events: int = 1) -> None:
        """Count log events that become no line."""
        self.of(log_group).filtered += events
        _count(self.filters, reason, events)

    def join(self, log_group: str, events: int) -> None:
        """Count log events that become part of another one's line, after they were counted as received."""
        self.of(log_group).received -= events
        self.joined += events

    def deliver(self, batch: Batch, now: float) -> None:
        """Count lines that Mezmo took; `now` is the time of day in seconds."""
        for piece in batch.pieces:
            lines = self.of(piece.source.document.log_group)
            lines.delivered += piece.count
            lines.bytes_delivered += len(piece.elements)
            self.oldest_line_age = max(self.oldest_line_age, now - piece.oldest / 1000)

    def reject(self, batch: Batch, reason: str) -> None:
        """Count lines that Mezmo will never take."""
        for piece in batch.pieces:
            lines = self.of(piece.source.document.log_group)
            lines.rejected += piece.count
            lines.bytes_rejected += len(piece.elements)
        _count(self.reasons, reason, batch.count)

    def leave(self, batch: Batch, reason: str) -> None:
        """Count lines that are left for another try."""
        for piece in batch.pieces:
            lines = self.of(piece.source.document.log_group)
            lines.undelivered += piece.count
            lines.bytes_undelivered += len(piece.elements)
        _count(self.reasons, reason, batch.count)

    def leave_document(self, log_group: str, events: int, size: int, reason: str) -> None:
        """Count a document's log events that are left for another try, before they became lines."""
        lines = self.of(log_group)
        lines.undelivered += events
        lines.bytes_undelivered += size
        _count(self.reasons, reason, events)

    def keep(self) -> None:
        """Count as stored what was left."""
        for lines in self.groups.values():
            lines.stored += lines.undelivered
            lines.bytes_stored += lines.bytes_undelivered
            lines.undelivered = lines.bytes_undelivered = 0

    @property
    def level(self) -> str:
        """How loud the invocation's log line is."""
        total = self.total
        if total.undelivered:
            return "ERROR"
        loud = total.rejected or total.stored or self.set_aside or OWN_LOG_GROUP in self.filters
        return "WARN" if loud else "INFO"

    def summary(self) -> str:
        """Return the counts in words, with the reason why most of the others were not delivered."""
        if self.control_messages and not self.groups:
            return "control message skipped"
        total = self.total
        parts = [f"{total.delivered} of {total.received} lines delivered"]
        for name in ("undelivered", "stored", "rejected", "filtered"):
            count = getattr(total, name)
            parts += [f"{count} {name}"] if count else []
        text = ", ".join(parts)
        for reason in _largest(self.reasons, 1):
            text += f": {reason}"
        return text

    def fields(self) -> dict[str, object]:
        """Return what else the log line says; a single reason stands in its message already."""
        reasons = _largest(self.reasons, _MOST_REASONS) if len(self.reasons) > 1 else {}
        fields: dict[str, object] = {
            "bytes_in": self.bytes_in,
            "bytes_sent": self.bytes_sent,
            "batches": self.batches,
            "control_messages": self.control_messages,
            "events_joined": self.joined,
            "backfill": self.backfill,
            "filters": self.filters,
            "tag_lookups": self.tag_lookups,
            "reasons": {reason[:_LONGEST_REASON]: lines for reason, lines in reasons.items()},
        }
        return {name: value for name, value in fields.items() if value}

    def metrics(self) -> dict[str, float]:
        """Return the values of the metrics that are not zero."""
        own = {metric: getattr(self, name) for name, metric in _METRICS.items()}
        # Much cheaper than `round`. A backfill's lines are old, and late for no fault of the forwarder's.
        own["OldestLineAge"] = 0 if self.backfill else int(self.oldest_line_age * 10) / 10
        return self.total.metrics() | {metric: value for metric, value in own.items() if value}

    def counts(self) -> dict[str, object]:
        """Return what a backfill is told of its log events."""
        total = self.total
        return {
            "events": self.events,
            "joined": self.joined,
            **{name: getattr(total, name) for name in _OUTCOMES},
            "reason": self.main_reason,
        }

    @property
    def main_reason(self) -> str:
        """Why most of the lines that were not delivered were not."""
        return next(iter(_largest(self.reasons, 1)), "")


def _count(counts: dict[str, int], reason: str, lines: int) -> None:
    counts[reason] = counts.get(reason, 0) + lines


def _largest(counts: dict[str, int], most: int) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:most])


def log(level: str, message: str, **fields: object) -> None:
    """Write one line of JSON to the function's log."""
    line = {"level": level, "message": message[:_LONGEST_MESSAGE], **fields}
    print(msgspec.json.encode(line).decode(), flush=True)


def log_report(
    report: Report, *, function: str, detail: MetricsDetail | None, now: float, milliseconds: int
) -> None:
    """Write the line about an invocation, and with it the metrics.

    Args:
        report: what the invocation did.
        function: the name that metrics are published under.
        detail: whether by log group as well; None for no metrics.
        now: the time of day in seconds.
        milliseconds: how long the invocation took.
    """
    groups = [*report.groups]
    only = {"log_group": groups[0]} if len(groups) == 1 else {}
    values = report.metrics()
    dimensions = [["FunctionName"]]
    by_group = detail == "log-group"
    if by_group and only:
        dimensions.append(["FunctionName", "LogGroup"])
        only["LogGroup"] = groups[0]
    log(
        report.level,
        report.summary(),
        **only,
        **values,
        **report.fields(),
        milliseconds=milliseconds,
        **(embedded_metrics(values, function, dimensions, now) if detail else {}),
    )
    if by_group and not only:
        for group, lines in report.groups.items():
            values = lines.metrics()
            metrics = embedded_metrics(values, function, [["FunctionName", "LogGroup"]], now)
            log("INFO", f"of {group}", LogGroup=group, **values, **metrics)


def embedded_metrics(
    values: Iterable[str], function: str, dimensions: list[list[str]], now: float
) -> dict[str, object]:
    """Return the fields by which CloudWatch takes other fields of a log line for metrics.

    Args:
        values: the metrics' names.
        function: the name that they are published under.
        dimensions: the sets of dimensions, each of names of fields.
        now: the time of day in seconds.
    """
    definitions = [
        {"Name": name, "Unit": _UNITS[name]} if name in _UNITS else {"Name": name} for name in values
    ]
    directive = {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": definitions}
    return {
        "FunctionName": function,
        "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]},
    }
