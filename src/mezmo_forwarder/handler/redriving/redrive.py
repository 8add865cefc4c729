"""One re-drive: what the store keeps is sent again, oldest first."""

import os
from collections.abc import Mapping
from itertools import chain

from handler.aws.s3 import Bucket
from handler.aws.vendor_function import VendorFunction
from handler.errors import AwsError
from handler.forwarding.forwarder import Context, account_of
from handler.report import log
from handler.settings import Settings, VendorRedriveSettings
from handler.timing import SYSTEM, Timing

from .command import Command, read_command
from .lease import Lease, acquire
from .listing import count, depth, oldest_first
from .objects import Objects
from .run import Run, log_run
from .sending import Sending
from .target import Target, ToMezmo, ToVendor

# Of the function's time: what remains when the last request is over, to settle the object and the lease.
_RESERVE_SECONDS = 15.0
_LARGEST_RESERVE = 0.3
_LONGEST_RUN_SECONDS = 900.0  # Lambda's limit; a process whose clock is behind is told of more
_LEASE_MARGIN_SECONDS = 10.0
_LEASE_POLL_SECONDS = 5.0
_MOST_TRIES_KEPT = 100


class Redrive:
    """Everything that lives as long as the process.

    Args:
        settings: what to do.
        environment: the variables of the function.
        timing: the clocks.
    """

    def __init__(
        self,
        settings: Settings | VendorRedriveSettings,
        *,
        environment: Mapping[str, str] = os.environ,
        timing: Timing = SYSTEM,
    ) -> None:
        assert settings.store, "checked when the settings were read"
        assert settings.redrive, "checked when the settings were read"
        self._settings = settings
        self._environment = environment
        self._timing = timing
        self._rate = settings.redrive.bytes_per_second
        self._function = settings.redrive.function
        self._bucket = Bucket(
            settings.store.bucket, owner=settings.store.owner, timing=timing, environment=environment
        )
        self._target: Target | None = None  # as long as there is nothing to send, no key is read

    def handle(self, event: object, context: Context) -> dict[str, object]:
        """Send again what the store keeps; see `handler.redrive.handle`."""
        run = self._begin(read_command(event), context)
        objects = oldest_first(
            self._bucket,
            run.command.prefixes,
            run.end,
            since=run.command.since,
            until=run.command.until or "9",
        )
        if run.command.dry_run:
            return {"dry_run": True, **count(objects)}
        first = next(objects, None)
        if first is None:
            return {"objects": 0}
        lease = self._lease(run, context, first.key)
        if lease is None:
            log("INFO", "another re-drive is at work")
            return {"objects": 0, "stopped": "another re-drive is at work"}
        try:
            self._sending(run, lease).send_all(entry.key for entry in chain([first], objects))
        except AwsError as error:
            run.stopped = str(error)
        finally:
            self._release(lease, run)
        return log_run(
            run,
            self._depth(run),
            function=self._function,
            metrics=bool(self._settings.metrics),
            timing=self._timing,
        )

    def _begin(self, command: Command, context: Context) -> Run:
        started = self._timing.monotonic()
        left = context.get_remaining_time_in_millis() / 1000
        reserve = min(_RESERVE_SECONDS, left * _LARGEST_RESERVE)
        return Run(
            command=command,
            account=account_of(context),
            started=started,
            deadline=started + left - reserve,
            end=started + left - reserve / 5,
        )

    def _lease(self, run: Run, context: Context, oldest: str) -> Lease | None:
        """Take the lease; a person's re-drive waits for it, as the schedule's holds it most of the time."""
        holder = os.urandom(8).hex()
        while True:
            seconds = min(context.get_remaining_time_in_millis() / 1000, _LONGEST_RUN_SECONDS)
            lease = acquire(self._bucket, holder, seconds + _LEASE_MARGIN_SECONDS, oldest, run.end)
            late = self._timing.monotonic() + _LEASE_POLL_SECONDS >= run.deadline
            if lease or late or not run.command.by_hand:
                return lease
            self._timing.sleep(_LEASE_POLL_SECONDS)

    def _release(self, lease: Lease, run: Run) -> None:
        for key in run.failed:
            tries = lease.tries.get(key, 0)
            # If others went through, it may be to blame; if none did, another asks the next time.
            lease.tries[key] = tries + 1 if run.objects else max(tries, 1)
        lease.tries = dict([*lease.tries.items()][-_MOST_TRIES_KEPT:])
        try:
            lease.release(run.end)
        except AwsError as error:
            log("WARN", f"the lease ends by itself: {error}")

    def _sending(self, run: Run, lease: Lease) -> Sending:
        return Sending(
            run,
            Objects(self._bucket, run.end, self._timing),
            self._make_target,
            tries=lease.tries,
            rate=self._rate,
            timing=self._timing,
        )

    def _make_target(self) -> Target:
        """Return where objects are sent, made once."""
        if self._target is None:
            if isinstance(self._settings, Settings):
                self._target = ToMezmo(self._settings, self._environment, self._timing)
            else:
                vendor = VendorFunction(self._function, timing=self._timing, environment=self._environment)
                self._target = ToVendor(vendor.invoke, self._environment)
        return self._target

    def _depth(self, run: Run) -> dict[str, int]:
        """Count what is left in the store."""
        try:
            return depth(self._bucket, run.end, self._timing)
        except AwsError as error:
            log("WARN", f"the store was not counted: {error}")
            return {}
