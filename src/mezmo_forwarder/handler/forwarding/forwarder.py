"""One invocation after the other: an event in, lines out, a line of log about it."""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Raw, Struct

from handler.delivery.breaker import Breaker
from handler.delivery.keys import describe
from handler.errors import AwsError, EventError, UndeliveredError
from handler.events.documents import Document, LogEvent, Received, payload_of, read_payload, unpack_base64
from handler.lines.names import names_of
from handler.report import OWN_LOG_GROUP, Report, log, log_report
from handler.settings import Settings
from handler.store.store import REJECTED, UNDELIVERED, UndeliveredStore
from handler.texts.literals import literal_of
from handler.timing import SYSTEM, Timing
from handler.version import VERSION

from .forwarding import Forwarding
from .sender import Sender

if TYPE_CHECKING:
    from handler.events.kinesis import Record

COMMAND = "mezmo_forwarder"
_PATIENCE_SECONDS = 1.0  # waiting is paid for, and while some wait, others are begun
_WARM_UP_SECONDS = 3.0

# Of an invocation's time: what remains when the last request is over, to report and to fail in good order.
_RESERVE_SECONDS = 2.0
_LARGEST_RESERVE = 0.2
_LARGEST_RESERVE_FOR_STORE = 0.4


class Context(Protocol):
    """What is used of Lambda's context object."""

    @property
    def invoked_function_arn(self) -> str:
        """The ARN that was invoked."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""


class _Times(Struct, frozen=True):
    """When an invocation began, when no request to Mezmo may be under way, and when all must be over."""

    started: float
    deadline: float
    end: float


class _Aside(Struct, frozen=True):
    """Gzip data that is not what CloudWatch sends, why, and the Kinesis record it came in."""

    packed: bytes
    reason: str
    record: str = ""


class Forwarder:
    """Everything that lives as long as the process.

    Args:
        settings: what to do.
        environment: the variables of the function.
        timing: the clocks.
    """

    def __init__(
        self, settings: Settings, *, environment: Mapping[str, str] = os.environ, timing: Timing = SYSTEM
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._timing = timing
        self._function = environment.get("AWS_LAMBDA_FUNCTION_NAME", "mezmo-forwarder")
        self._sender = Sender(settings, environment=environment, timing=timing)
        self._store = settings.store and UndeliveredStore(
            settings.store, environment=environment, timing=timing
        )
        self._breaker = Breaker(timing, patience=_PATIENCE_SECONDS) if self._store else None
        self._told_of_own_log_group = False

    def warm_up(self) -> None:
        """Load the certificates to trust, and read the key, once and not for long.

        Raises:
            KeyUnavailableError: it cannot be read now.
        """
        self._sender.warm_up(self._timing.monotonic() + _WARM_UP_SECONDS)

    def close(self) -> None:
        """Close the connection to Mezmo; Lambda ends a process without, others should not."""
        self._sender.close()

    def handle(self, event: object, context: Context) -> dict[str, object] | None:
        """Forward one event; see `app.handle`."""
        times = self._times(context)
        command = event.get(COMMAND) if isinstance(event, dict) else None
        if command == "test":
            return self._test(context, times)
        report = Report(backfill=command == "backfill")
        forwarding, delivery = self._sender.begin(
            report, breaker=self._breaker, deadline=times.deadline, account=account_of(context)
        )
        records = _records_of(event)
        if records is None:
            aside = self._read_event(event, forwarding, times)
        else:
            aside = self._read_records(records, forwarding, times)
        forwarding.finish()
        report.set_aside = len(aside)
        kept = self._keep(forwarding, aside, report, times, since=delivery.last_reply or times.started)
        self._log(report, times)
        if report.backfill:  # whoever reads the counts sends again what is left
            return report.counts()
        if kept:
            return None
        if records is None:
            raise UndeliveredError(report.summary())
        left = forwarding.left.records | {one.record for one in aside}
        if self._store:
            left |= forwarding.rejected.records
        from handler.events.kinesis import failed_from  # noqa: PLC0415  see `_records_of`

        return failed_from(next(one.sequence_number for one in records if one.sequence_number in left))

    def _times(self, context: Context) -> _Times:
        started = self._timing.monotonic()
        left = context.get_remaining_time_in_millis() / 1000
        end = started + left - min(_RESERVE_SECONDS, left * _LARGEST_RESERVE)
        reserve = min(self._store.reserve, left * _LARGEST_RESERVE_FOR_STORE) if self._store else 0.0
        return _Times(started, end - reserve, end)

    def _read_event(self, event: object, forwarding: Forwarding, times: _Times) -> list[_Aside]:
        """Read what CloudWatch Logs sent.

        Raises:
            EventError: it is something else, or damaged.
        """
        begun = False
        packed = b""
        try:
            packed = payload_of(event)
            for received in self._documents(packed, forwarding, times):
                begun = True
                forwarding.add(received)
        except EventError as error:
            milliseconds = self._since(times.started)
            log("ERROR", str(error), error=type(error).__name__, milliseconds=milliseconds)
            if begun and self._store:  # not again from the beginning
                return [_Aside(packed, str(error))]
            raise
        return []

    def _read_records(self, records: "list[Record]", forwarding: Forwarding, times: _Times) -> list[_Aside]:
        """Read the records of a stream; return those that are not CloudWatch's."""
        aside = []
        for record in records:
            packed = b""
            try:
                packed = unpack_base64(record.data)
                for received in self._documents(packed, forwarding, times, record.sequence_number):
                    forwarding.add(received)
            except EventError as error:
                log("ERROR", str(error), error=type(error).__name__, record=record.sequence_number)
                aside.append(_Aside(packed, str(error), record.sequence_number))
        return aside

    def _documents(
        self, packed: bytes, forwarding: Forwarding, times: _Times, record: str = ""
    ) -> Iterator[Received]:
        half = (times.started + times.deadline) / 2
        return read_payload(
            packed,
            self._sender.limits,
            record=record,
            expired=lambda: self._timing.monotonic() > half,
            unwanted=lambda: forwarding.stopped,
        )

    def _keep(
        self, forwarding: Forwarding, aside: list[_Aside], report: Report, times: _Times, *, since: float
    ) -> bool:
        """Write to the store what was not delivered; return whether nothing depends on another invocation.

        Since when Mezmo was given up, the store is told, for the invocations to come.
        """
        if not self._store:
            return not report.total.undelivered
        reason = report.main_reason
        try:
            if forwarding.left:
                self._store.write(UNDELIVERED, forwarding.left.packed(), reason, times.end)
            if forwarding.rejected:
                self._store.write(REJECTED, forwarding.rejected.packed(), reason, times.end)
            for one in aside:
                from handler.store.packing import pack_invocation  # noqa: PLC0415  rarely needed

                self._store.write(REJECTED, pack_invocation(one.packed), one.reason, times.end)
        except AwsError as error:
            log("ERROR", f"the store failed: {error}")
            return False
        finally:
            if forwarding.left or forwarding.rejected or aside:
                self._store.took(self._timing.monotonic() - since)
        report.keep()
        return True

    def _test(self, context: Context, times: _Times) -> dict[str, object]:
        """Send one line that says it is a test, as an event of the function's own log group."""
        document = Document(
            message_type="DATA_MESSAGE",
            owner=account_of(context),
            log_group=self._environment.get("AWS_LAMBDA_LOG_GROUP_NAME", f"/aws/lambda/{self._function}"),
            log_stream=self._environment.get("AWS_LAMBDA_LOG_STREAM_NAME", "test"),
            log_events=[
                LogEvent(
                    Raw(b'"test"'),
                    int(self._timing.wall() * 1000),
                    Raw(literal_of(f"Test line of {self._function}")),
                )
            ],
        )
        report = Report()
        forwarding, delivery = self._sender.begin(report, breaker=None, deadline=times.end, account="")
        forwarding.add(Received(document, 0), whole=True)
        forwarding.finish()
        self._log(report, times)
        settings, total = self._settings, report.total
        pipeline = settings.destination.kind == "pipeline"
        names = names_of(settings, document)
        return {
            "status": "delivered" if total.delivered else "rejected" if total.rejected else "undelivered",
            "reason": next(iter(report.reasons), None),
            "http_status": delivery.status,
            "address": settings.destination.url,
            "key_source": describe(settings.key),
            "hostname": None if pipeline else names.hostname,
            "app": names.app,
            "version": VERSION,
        }

    def _log(self, report: Report, times: _Times) -> None:
        if report.filters.get(OWN_LOG_GROUP) == report.total.received:
            # Once a process, since saying it is an event of that group, which invokes the function again.
            if self._told_of_own_log_group:
                return
            self._told_of_own_log_group = True
        log_report(
            report,
            function=self._function,
            detail=self._settings.metrics,
            now=self._timing.wall(),
            milliseconds=self._since(times.started),
        )

    def _since(self, started: float) -> int:
        return round((self._timing.monotonic() - started) * 1000)


def _records_of(event: object) -> "list[Record] | None":
    if not isinstance(event, dict) or "Records" not in event:
        return None
    from handler.events.kinesis import records_of  # noqa: PLC0415  only where a stream is the source

    return records_of(event)


def account_of(context: Context) -> str:
    """Return the number of the function's account."""
    return [*context.invoked_function_arn.split(":"), "", "", "", ""][4]
