"""One invocation after the other: an event in, lines out, a line of log about it."""

import os
from collections.abc import Mapping
from typing import Protocol

from msgspec import Raw

from .batches import make_batches
from .client import Client
from .delivery import Delivery
from .errors import EventError, UndeliveredError
from .events import Document, Limits, LogEvent, Received, read_event
from .keys import Keys, describe
from .lines import encode_lines
from .literals import literal_of
from .mezmo import Mezmo
from .names import app_of, hostname_of
from .report import OWN_LOG_GROUP, Report, log
from .settings import Settings
from .timing import SYSTEM, Timing
from .version import VERSION

TEST_EVENT = "mezmo_forwarder"
_WARM_UP_SECONDS = 3.0

# Of an invocation's time: what remains when the last request is over, to report and to fail in good order.
_RESERVE_SECONDS = 2.0
_LARGEST_RESERVE = 0.2


class Context(Protocol):
    """What is used of Lambda's context object."""

    @property
    def invoked_function_arn(self) -> str:
        """The ARN that was invoked."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""


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
        self._limits = Limits.of(environment)
        self._told_of_own_log_group = False
        _keep_freed_memory()
        self._client = Client(settings.destination.url, clock=timing.monotonic)
        self._mezmo = Mezmo(settings, self._client, wall_clock=timing.wall)
        self._keys = Keys(
            settings.key,
            settings.key_ttl,
            environment=environment,
            timing=timing,
            warn=lambda message: log("WARN", message),
        )

    def warm_up(self) -> None:
        """Load the certificates to trust, and read the key, once and not for long.

        Raises:
            KeyUnavailableError: it cannot be read now.
        """
        self._client.warm_up()
        self._keys.get(self._timing.monotonic() + _WARM_UP_SECONDS)

    def close(self) -> None:
        """Close the connection to Mezmo; Lambda ends a process without, others should not."""
        self._client.close()

    def handle(self, event: object, context: Context) -> dict[str, object] | None:
        """Forward one event; see `app.handle`."""
        started = self._timing.monotonic()
        left = context.get_remaining_time_in_millis() / 1000
        deadline = started + left - min(_RESERVE_SECONDS, left * _LARGEST_RESERVE)
        if isinstance(event, dict) and event.get(TEST_EVENT) == "test":
            return self._test(context, started, deadline)
        try:
            received = read_event(event, self._limits)
        except EventError as error:
            log("ERROR", str(error), error=type(error).__name__, milliseconds=self._since(started))
            raise
        report = Report(bytes_in=received.size)
        if received.document.is_control:
            report.control_messages = 1
        elif received.document.log_group == self._environment.get("AWS_LAMBDA_LOG_GROUP_NAME"):
            # Each invocation writes to it: what is sent would have more sent, without an end. Said once a
            # process, since saying it is an event of that group, which invokes the function again.
            if self._told_of_own_log_group:
                return None
            self._told_of_own_log_group = True
            report.received = len(received.document.log_events)
            report.filter(OWN_LOG_GROUP, report.received)
        else:
            self._forward(received, deadline, report)
        self._log(report, received, started)
        if report.undelivered:
            raise UndeliveredError(report.summary())
        return None

    def _forward(self, received: Received, deadline: float, report: Report) -> int | None:
        """Deliver a document's lines, and return the last response's status code."""
        report.received = len(received.document.log_events)
        limit = self._mezmo.largest_batch
        lines = encode_lines(self._settings, received, filtered=report.filter)
        hostname = hostname_of(self._settings, received.document.log_group)
        delivery = Delivery(
            self._mezmo, self._keys, hostname=hostname, deadline=deadline, report=report, timing=self._timing
        )
        delivery.deliver(make_batches(lines, limit))
        return delivery.status

    def _test(self, context: Context, started: float, deadline: float) -> dict[str, object]:
        """Send one line that says it is a test, as an event of the function's own log group."""
        function = self._environment.get("AWS_LAMBDA_FUNCTION_NAME", "mezmo-forwarder")
        document = Document(
            message_type="DATA_MESSAGE",
            owner=[*context.invoked_function_arn.split(":"), "", "", "", ""][4],
            log_group=self._environment.get("AWS_LAMBDA_LOG_GROUP_NAME", f"/aws/lambda/{function}"),
            log_stream=self._environment.get("AWS_LAMBDA_LOG_STREAM_NAME", "test"),
            log_events=[
                LogEvent(
                    Raw(b'"test"'),
                    int(self._timing.wall() * 1000),
                    Raw(literal_of(f"Test line of {function}")),
                )
            ],
        )
        received = Received(document, 0)
        report = Report()
        status = self._forward(received, deadline, report)
        self._log(report, received, started)
        settings = self._settings
        pipeline = settings.destination.kind == "pipeline"
        return {
            "status": "delivered" if report.delivered else "rejected" if report.rejected else "undelivered",
            "reason": next(iter(report.reasons), None),
            "http_status": status,
            "address": settings.destination.url,
            "key_source": describe(settings.key),
            "hostname": None if pipeline else hostname_of(settings, document.log_group),
            "app": app_of(settings, document.log_group, document.log_stream),
            "version": VERSION,
        }

    def _log(self, report: Report, received: Received, started: float) -> None:
        log(
            report.level,
            report.summary(),
            log_group=received.document.log_group,
            **report.fields(),
            milliseconds=self._since(started),
        )

    def _since(self, started: float) -> int:
        return round((self._timing.monotonic() - started) * 1000)


def _keep_freed_memory() -> None:
    """Have the C library keep the memory of one invocation for the next: a tenth of the CPU time.

    glibc gives freed memory back to the kernel above a threshold, and page faults bring it in again. The
    threshold is twice the size of the largest block that was mapped and freed so far, like this one.
    """
    bytes(4 << 20)
