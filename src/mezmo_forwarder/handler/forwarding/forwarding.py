"""From documents to lines, batches and what became of them, all in one invocation's time."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from handler.delivery.delivery import Delivery
from handler.delivery.leftovers import Leftovers
from handler.events.documents import Received
from handler.lines.batches import Batch, Batcher, Query
from handler.lines.lines import encode_lines
from handler.lines.names import names_of
from handler.report import EXCLUDED_LOG_GROUP, OWN_LOG_GROUP, Report
from handler.settings import Multiline, Settings

from .overrides import SettingsBySubscription

if TYPE_CHECKING:
    from .log_group_tags import TagSource


class Forwarding:
    """Forwards documents.

    Args:
        settings: what a line is.
        delivery: the way to Mezmo.
        report: where everything is counted.
        left: what Mezmo did not take.
        rejected: what it never will.
        largest_batch: the most bytes of lines that one request may hold.
        tags: where the tags of log groups are known; None where nobody wants them.
        own: account and name of the forwarder's own log group, which is not forwarded: each invocation writes
            to it, so that what is sent would have more sent, without an end.
    """

    def __init__(
        self,
        settings: SettingsBySubscription,
        delivery: Delivery,
        report: Report,
        *,
        left: Leftovers,
        rejected: Leftovers,
        largest_batch: int,
        tags: "TagSource | None" = None,
        own: tuple[str, str | None],
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._report = report
        self._batcher = Batcher(largest_batch)
        self._tags = tags
        self._own = own
        self.left = left
        self.rejected = rejected

    def add(self, received: Received, *, whole: bool = False) -> None:
        """Take a document: send what fills batches by then, or keep it if nothing is sent any more.

        Args:
            received: the document.
            whole: whether its log events are sent whatever is included, excluded and sampled.
        """
        document, report = received.document, self._report
        report.bytes_in += received.size
        if document.is_control:
            report.control_messages += 1
            return
        group, count = document.log_group, received.count
        counts = report.of(group)
        counts.received += count
        report.events += count
        settings = self._settings.of(document.subscription_filters)
        if (document.owner, group) == self._own:
            report.filter(group, OWN_LOG_GROUP, count)
        elif group.startswith(settings.exclude_log_group_prefixes):
            report.filter(group, EXCLUDED_LOG_GROUP, count)
        elif self._delivery.stopped:
            self.left.add_document(received)
            report.leave_document(group, count, received.size, self._delivery.stopped)
        else:
            # What comes through a stream is of any account, and of any region.
            tags = self._tags.of(document) if self._tags and not received.record else {}
            for part in self._parts(received):
                self._send(settings, part, tags, whole=whole)

    def _parts(self, received: Received) -> list[Received]:
        """Return the document, or one for each account and region, if its log events tell theirs."""
        events = received.document.log_events
        if not events or not events[0].extracted_fields:
            return [received]
        from handler.events.sources import by_source  # noqa: PLC0415  only where a subscription asks for it

        return by_source(received)

    def _send(self, settings: Settings, received: Received, tags: Mapping[str, str], *, whole: bool) -> None:
        document = received.document
        report, group = self._report, document.log_group
        document.foreign = document.owner != (self._own[0] or document.owner)
        if settings.multiline is not None:
            received = self._join(settings.multiline, received)
        if (settings.include or settings.exclude or settings.sampling) and not whole:
            received = self._select(settings, received)
        names = names_of(settings, received.document, tags)
        query = Query(names.hostname, names.tags)
        for piece in encode_lines(
            settings, received, names, filtered=lambda reason: report.filter(group, reason)
        ):
            if piece.places is not None:
                # Parts of one log event
                report.of(group).received += piece.count - len({*piece.places})
            self._deliver(self._batcher.add(query, piece))

    def _join(self, multiline: Multiline, received: Received) -> Received:
        from handler.events.joining import join  # noqa: PLC0415  only where it is asked for

        joined = join(multiline, received)
        if fewer := received.count - joined.count:
            self._report.join(received.document.log_group, fewer)
        return joined

    def _select(self, settings: Settings, received: Received) -> Received:
        from handler.events.selection import select  # noqa: PLC0415  see above

        group = received.document.log_group
        return select(settings, received, lambda reason, events: self._report.filter(group, reason, events))

    @property
    def stopped(self) -> bool:
        """Whether nothing is sent any more, so that documents are just kept."""
        return self._delivery.stopped is not None

    def finish(self) -> None:
        """Send what is in batches that are not full."""
        self._deliver(self._batcher.flush())
        if self._tags:
            self._tags.delivered()

    def _deliver(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self._delivery.deliver(batch)
