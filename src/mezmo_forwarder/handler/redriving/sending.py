"""Object after object: in which order, and when there is no point in another."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from handler.delivery.delivery import LONGEST_REQUEST_SECONDS
from handler.errors import AwsError
from handler.report import Report, log
from handler.store.store import REJECTED
from handler.timing import Timing

from .objects import Objects
from .run import Run
from .target import Resent, Target

# An object whose content is not to be understood is set aside after so many tries. What Mezmo does not take
# yet waits behind all others then, and is tried whenever these are done.
MOST_TRIES = 3

# Two objects that are not taken, or three after others were: the fault is not theirs, Mezmo is down. Until
# one is taken, one request an object is enough to see it.
_FAILURES_BEFORE_SUCCESS, _FAILURES_AFTER_SUCCESS = 2, 3
_PATIENCE_BEFORE_SUCCESS, _PATIENCE_AFTER_SUCCESS = 1, 3


class Sending:
    """What one run sends.

    Args:
        run: what it may do, and what it did.
        objects: what it sends.
        target: returns where; called when there is something to send, so that no key is read otherwise.
        tries: by key of an object, how often sending it failed for its own sake.
        rate: how many bytes a second, at most.
        timing: the clocks.
    """

    def __init__(
        self,
        run: Run,
        objects: Objects,
        target: Callable[[], Target],
        *,
        tries: dict[str, int],
        rate: float,
        timing: Timing,
    ) -> None:
        self._run = run
        self._objects = objects
        self._target = target
        self._tries = tries
        self._rate = rate
        self._timing = timing

    def send_all(self, keys: Iterable[str]) -> None:
        """Send objects again, oldest first, until there is no point in another.

        Raises:
            AwsError: S3 failed.
        """
        run = self._run
        for key in self._in_turn(keys):
            # What is broken off may have been carried out, and is sent again the next time.
            enough = min(LONGEST_REQUEST_SECONDS, (run.deadline - run.started) / 3)
            if run.deadline - self._timing.monotonic() < enough:
                run.stopped = "out of time"
            if run.stopped:
                return
            self._send(key)

    def _in_turn(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield the oldest first; what has failed as soon as another went through, or, if often, last."""
        suspects: list[str] = []
        last: list[str] = []
        for key in keys:
            tries = self._tries.get(key, 0)
            if tries >= MOST_TRIES:
                last.append(key)
            elif tries and not self._run.objects:
                suspects.append(key)
            else:
                yield key
                if self._run.objects:
                    yield from suspects
                    suspects = []
        yield from chain(suspects, last)

    def _send(self, key: str) -> None:
        """Send an object, and delete what of it was accepted."""
        try:
            found = self._objects.read(key)
        except AwsError as error:
            if not error.code:  # S3 is not to be reached
                raise
            if error.code != "NoSuchKey":  # its time was over, or somebody else was faster
                self._fail(key, str(error))
            return
        resent, reason = self._resend(key, found.body)
        if resent:
            if resent.moved:
                self._run.set_aside += len(resent.aside)
                self._objects.settle(key, found, resent, reason)
                self._run.objects += 1
            if resent.left:
                self._fail(key, resent.failure, hopeless=resent.hopeless)
            else:
                self._run.in_a_row = 0
                self._tries.pop(key, None)
        self._pace()

    def _resend(self, key: str, body: bytes) -> tuple[Resent | None, str]:
        """Send what an object holds; return how that went, and why lines of it were not taken."""
        run, target, report = self._run, self._target(), Report()
        patience = _PATIENCE_AFTER_SUCCESS if run.objects else _PATIENCE_BEFORE_SUCCESS
        try:
            resent = target.send(body, report, patience=patience, deadline=run.deadline, account=run.account)
        except Exception as error:  # noqa: BLE001  whatever it is, the others are not to wait for it
            self._give_up(key, error)
            return None, ""
        finally:
            run.count(report)
        return resent, report.main_reason

    def _give_up(self, key: str, error: Exception) -> None:
        """Take note of an object that cannot be sent; after some tries it is set aside."""
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        kind = type(error).__name__
        log("WARN", f"{key} cannot be sent: {error}", error=kind, tries=tries)
        if tries < MOST_TRIES:
            return
        del self._tries[key]
        if not key.startswith(REJECTED):
            self._run.set_aside += 1
            log("ERROR", f"{key} is set aside in {REJECTED}: {kind}: {error}")
            self._objects.set_aside(key, f"{kind}: {error}")

    def _fail(self, key: str, reason: str, *, hopeless: bool = False) -> None:
        """Take note of an object that was not sent, or not wholly; stop if no other would be."""
        run = self._run
        run.failed.append(key)
        run.in_a_row += 1
        limit = _FAILURES_AFTER_SUCCESS if run.objects else _FAILURES_BEFORE_SUCCESS
        if hopeless or run.in_a_row >= limit:
            run.stopped = reason

    def _pace(self) -> None:
        """Wait until no more was sent than the rate allows; what is new goes first at Mezmo."""
        due = self._run.started + self._run.sent.bytes_delivered / self._rate
        self._timing.sleep(max(0.0, min(due, self._run.deadline) - self._timing.monotonic()))
