"""One re-drive: what the store keeps is sent again, oldest first."""

import calendar
import os
import time
from collections.abc import Iterator, Mapping
from itertools import chain

from msgspec import Struct, field

from handler.aws.s3 import Bucket, Entry, StoredObject
from handler.delivery.delivery import LONGEST_REQUEST_SECONDS
from handler.errors import AwsError
from handler.forwarding.forwarder import Context, account_of
from handler.report import Lines, Report, embedded_metrics, log
from handler.settings import Settings, VendorRedriveSettings
from handler.store.store import FAILED_INVOCATIONS, REJECTED, UNDELIVERED, describe, new_name
from handler.timing import SYSTEM, Timing

from .command import Command, read_command
from .lease import Lease, acquire
from .listing import oldest_first, time_of
from .target import Resent, Target, ToMezmo, ToVendor

# An object whose content is not to be understood is set aside after so many tries. What Mezmo does not take
# yet waits behind all others then, and is tried whenever these are done.
MOST_TRIES = 3

# Two objects that are not taken, or three after others were: the fault is not theirs, Mezmo is down. Until
# one is taken, one request an object is enough to see it.
_FAILURES_BEFORE_SUCCESS, _FAILURES_AFTER_SUCCESS = 2, 3
_PATIENCE_BEFORE_SUCCESS, _PATIENCE_AFTER_SUCCESS = 1, 3

# Of the function's time: what remains when the last request is over, to settle the object and the lease.
_RESERVE_SECONDS = 15.0
_LARGEST_RESERVE = 0.3
_LONGEST_RUN_SECONDS = 900.0  # Lambda's limit; a process whose clock is behind is told of more
_LEASE_MARGIN_SECONDS = 10.0
_LEASE_POLL_SECONDS = 5.0
_MOST_TRIES_KEPT = 100
_PAGE = 1000  # of a listing


class _Run(Struct):
    """One invocation: until when it may do what, and what it did.

    Args:
        command: what to do.
        account: the function's own.
        started: when it began.
        deadline: when no request to Mezmo may be under way any more.
        end: when all must be over.
        sent: what became of lines, in the counts of a report.
        key_refused: see there.
        tag_lookups_failed: see there.
        unexpected_replies: see there.
        objects: how many were sent, whole or in part.
        set_aside: how many payloads were put to what Mezmo rejects, because they cannot be sent.
        failed: the objects that were not sent, or not wholly, and may themselves be why.
        in_a_row: how many of them since the last that was sent.
        stopped: why it ended before all was sent; empty if it did not.
    """

    command: Command
    account: str
    started: float
    deadline: float
    end: float
    sent: Lines = field(default_factory=Lines)
    key_refused: int = 0
    tag_lookups_failed: int = 0
    unexpected_replies: int = 0
    objects: int = 0
    set_aside: int = 0
    failed: list[str] = []
    in_a_row: int = 0
    stopped: str = ""

    def count(self, report: Report) -> None:
        """Add what became of an object's lines."""
        total = report.total
        self.sent.delivered += total.delivered
        self.sent.bytes_delivered += total.bytes_delivered
        self.sent.rejected += total.rejected
        self.key_refused |= report.key_refused
        self.tag_lookups_failed += report.tag_lookups_failed
        self.unexpected_replies += report.unexpected_replies


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
            return _count(objects)
        first = next(objects, None)
        if first is None:
            return {"objects": 0}
        lease = self._lease(run, context, first.key)
        if lease is None:
            log("INFO", "another re-drive is at work")
            return {"objects": 0, "stopped": "another re-drive is at work"}
        try:
            self._send_all(chain([first], objects), run, lease)
        except AwsError as error:
            run.stopped = str(error)
        finally:
            self._release(lease, run)
        return self._log(run)

    def _begin(self, command: Command, context: Context) -> _Run:
        started = self._timing.monotonic()
        left = context.get_remaining_time_in_millis() / 1000
        reserve = min(_RESERVE_SECONDS, left * _LARGEST_RESERVE)
        return _Run(
            command=command,
            account=account_of(context),
            started=started,
            deadline=started + left - reserve,
            end=started + left - reserve / 5,
        )

    def _lease(self, run: _Run, context: Context, oldest: str) -> Lease | None:
        """Take the lease; a person's re-drive waits for it, as the schedule's holds it most of the time."""
        holder = os.urandom(8).hex()
        while True:
            seconds = min(context.get_remaining_time_in_millis() / 1000, _LONGEST_RUN_SECONDS)
            lease = acquire(self._bucket, holder, seconds + _LEASE_MARGIN_SECONDS, oldest, run.end)
            late = self._timing.monotonic() + _LEASE_POLL_SECONDS >= run.deadline
            if lease or late or not run.command.by_hand:
                return lease
            self._timing.sleep(_LEASE_POLL_SECONDS)

    def _release(self, lease: Lease, run: _Run) -> None:
        for key in run.failed:
            tries = lease.tries.get(key, 0)
            # If others went through, it may be to blame; if none did, another asks the next time.
            lease.tries[key] = tries + 1 if run.objects else max(tries, 1)
        lease.tries = dict([*lease.tries.items()][-_MOST_TRIES_KEPT:])
        try:
            lease.release(run.end)
        except AwsError as error:
            log("WARN", f"the lease ends by itself: {error}")

    def _in_turn(self, objects: Iterator[Entry], run: _Run, lease: Lease) -> Iterator[Entry]:
        """Yield the oldest first; what has failed as soon as another went through, or, if often, last."""
        suspects: list[Entry] = []
        last: list[Entry] = []
        for entry in objects:
            tries = lease.tries.get(entry.key, 0)
            if tries >= MOST_TRIES:
                last.append(entry)
            elif tries and not run.objects:
                suspects.append(entry)
            else:
                yield entry
                if run.objects:
                    yield from suspects
                    suspects = []
        yield from chain(suspects, last)

    def _send_all(self, objects: Iterator[Entry], run: _Run, lease: Lease) -> None:
        for entry in self._in_turn(objects, run, lease):
            # What is broken off may have been carried out, and is sent again the next time.
            enough = min(LONGEST_REQUEST_SECONDS, (run.deadline - run.started) / 3)
            if run.deadline - self._timing.monotonic() < enough:
                run.stopped = "out of time"
            if run.stopped:
                return
            try:
                found = self._bucket.get(entry.key, run.end)
            except AwsError as error:
                if not error.code:  # S3 is not to be reached
                    raise
                if error.code != "NoSuchKey":  # its time was over, or somebody else was faster
                    self._fail(entry, str(error), run)
                continue
            self._send(entry, found, run, lease)
            self._pace(run)

    def _fail(self, entry: Entry, reason: str, run: _Run, *, hopeless: bool = False) -> None:
        """Take note of an object that was not sent, or not wholly; stop if no other would be."""
        run.failed.append(entry.key)
        run.in_a_row += 1
        limit = _FAILURES_AFTER_SUCCESS if run.objects else _FAILURES_BEFORE_SUCCESS
        if hopeless or run.in_a_row >= limit:
            run.stopped = reason

    def _send(self, entry: Entry, found: StoredObject, run: _Run, lease: Lease) -> None:
        """Send an object, and delete what of it was accepted."""
        if self._target is None:
            self._target = self._make_target()
        report = Report()
        try:
            resent = self._target.send(
                found.body,
                report,
                patience=_PATIENCE_AFTER_SUCCESS if run.objects else _PATIENCE_BEFORE_SUCCESS,
                deadline=run.deadline,
                account=run.account,
            )
        except Exception as error:  # noqa: BLE001  whatever it is, the others are not to wait for it
            tries = lease.tries[entry.key] = lease.tries.get(entry.key, 0) + 1
            kind = type(error).__name__
            log("WARN", f"{entry.key} cannot be sent: {error}", error=kind, tries=tries)
            if tries >= MOST_TRIES:
                self._set_aside(entry, f"{kind}: {error}", run, lease)
            return
        finally:
            run.count(report)
        if resent.moved:
            self._settle(entry, found, resent, report.main_reason, run)
            run.objects += 1
        if resent.left:
            self._fail(entry, resent.failure, run, hopeless=resent.hopeless)
        else:
            run.in_a_row = 0
            lease.tries.pop(entry.key, None)

    def _settle(self, entry: Entry, found: StoredObject, resent: Resent, reason: str, run: _Run) -> None:
        """Keep what is left of an object; only then delete anything."""
        left, rejected = resent.left, resent.rejected
        for body, why in resent.aside:
            run.set_aside += 1
            self._put(REJECTED, entry, body, why, run)
        if rejected and entry.key.startswith(REJECTED):
            left += rejected
        elif rejected:
            self._put(REJECTED, entry, rejected, reason, run)
        if left and entry.key.startswith(FAILED_INVOCATIONS):
            self._put(UNDELIVERED, entry, left, reason, run)
            left = b""
        if left:
            self._bucket.put(entry.key, left, run.end, metadata=describe(reason), replaces=found.etag)
        else:
            self._bucket.delete(entry.key, run.end)

    def _set_aside(self, entry: Entry, reason: str, run: _Run, lease: Lease) -> None:
        """Move an object to where it holds up no other."""
        lease.tries.pop(entry.key, None)
        if entry.key.startswith(REJECTED):
            return
        run.set_aside += 1
        log("ERROR", f"{entry.key} is set aside in {REJECTED}: {reason}")
        try:
            key = self._key(REJECTED, entry)
            self._bucket.copy(entry.key, key, run.end, metadata=describe(reason))
            self._bucket.delete(entry.key, run.end)
        except AwsError as error:
            if error.code != "NoSuchKey":
                raise

    def _put(self, prefix: str, entry: Entry, body: bytes, reason: str, run: _Run) -> None:
        """Write an object that comes from another."""
        self._bucket.put(self._key(prefix, entry), body, run.end, metadata=describe(reason))

    def _key(self, prefix: str, entry: Entry) -> str:
        """Return a new key, in the same place of the order of times as another."""
        moment = time_of(entry.key)
        unique = new_name(self._timing.wall()).rpartition("-")[2]
        return f"{prefix}{moment[:10].replace('-', '/')}/{moment}-{unique}"

    def _make_target(self) -> Target:
        if isinstance(self._settings, Settings):
            return ToMezmo(self._settings, self._environment, self._timing)
        return ToVendor(self._function, self._environment, self._timing)

    def _pace(self, run: _Run) -> None:
        """Wait until no more was sent than the rate allows; what is new goes first at Mezmo."""
        due = run.started + run.sent.bytes_delivered / self._rate
        self._timing.sleep(max(0.0, min(due, run.deadline) - self._timing.monotonic()))

    def _log(self, run: _Run) -> dict[str, object]:
        """Say what was done, and how much is left in the store."""
        metrics = {
            "LinesRedriven": run.sent.delivered,
            "BytesRedriven": run.sent.bytes_delivered,
            "RedrivenLinesRejected": run.sent.rejected,
            "PayloadsSetAside": run.set_aside,
            "KeyRefused": run.key_refused,
            "UnexpectedReplies": run.unexpected_replies,
            "TagLookupsFailed": run.tag_lookups_failed,
        }
        metrics = {name: value for name, value in metrics.items() if value} | self._depth(run)
        left = metrics.get("StoreDepth", "it is not known how many")
        stopped = {"stopped": run.stopped} if run.stopped else {}
        log(
            "WARN" if run.stopped or run.set_aside or run.sent.rejected else "INFO",
            f"{run.objects} objects sent again, {left} left" + (f": {run.stopped}" if run.stopped else ""),
            objects=run.objects,
            **metrics,
            milliseconds=round((self._timing.monotonic() - run.started) * 1000),
            **(
                embedded_metrics(metrics, self._function, [["FunctionName"]], self._timing.wall())
                if self._settings.metrics
                else {}
            ),
        )
        return {
            "objects": run.objects,
            "lines": run.sent.delivered,
            "rejected": run.sent.rejected,
            "set_aside": run.set_aside,
            "left": left,
            **stopped,
        }

    def _depth(self, run: _Run) -> dict[str, int]:
        """Count what is left in the store, or as much of it as there is time for."""
        left, oldest = 0, ""
        last = self._timing.monotonic() + (run.end - self._timing.monotonic()) / 2
        try:
            for entry in oldest_first(self._bucket, [UNDELIVERED, FAILED_INVOCATIONS], run.end):
                oldest = oldest or time_of(entry.key)
                left += 1
                if left % _PAGE == 0 and self._timing.monotonic() > last:
                    break
        except AwsError as error:
            log("WARN", f"the store was not counted: {error}")
            return {}
        return {"StoreDepth": left, "OldestStoredAge": self._age(oldest)}

    def _age(self, moment: str) -> int:
        """Return how many seconds ago a time in a name was."""
        try:
            written = calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H.%M.%S"))
        except ValueError:  # nothing is left, or somebody else wrote there
            return 0
        return max(0, int(self._timing.wall() - written))


def _count(objects: Iterator[Entry]) -> dict[str, object]:
    """Return what a run would send."""
    count, size, first, last = 0, 0, "", ""
    for entry in objects:
        count += 1
        size += entry.size
        first, last = first or entry.key, entry.key
    return {"dry_run": True, "objects": count, "bytes": size, "first": first, "last": last}
