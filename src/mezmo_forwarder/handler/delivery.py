"""The way of a batch to Mezmo: sent, sent again, cut in halves, or left, all in one invocation's time."""

from collections.abc import Iterable

from msgspec import Struct

from .batches import Batch
from .errors import KeyUnavailableError
from .keys import Keys
from .mezmo import Mezmo, Request
from .outcomes import (
    Delivered,
    EncodingRefused,
    KeyRefused,
    Outcome,
    Partial,
    Rejected,
    Retry,
    TooLarge,
    Undelivered,
    is_retryable,
)
from .report import Report
from .timing import Timing

BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 10.0
LONGEST_REQUEST_SECONDS = 20.0
SHORTEST_REQUEST_SECONDS = 1.0


class _Job(Struct, frozen=True):
    """A request and how often it, or what it is a part of, was sent."""

    request: Request
    tries: int = 0


class Delivery:
    """The delivery of one invocation's batches.

    Args:
        mezmo: where to.
        keys: what with.
        hostname: under which hostname.
        deadline: when no request may be under way any more, on the clock of `timing`.
        report: where everything is counted.
        timing: the clocks.

    Attributes:
        status: the status code of the last response; None if there was none.
    """

    def __init__(
        self, mezmo: Mezmo, keys: Keys, *, hostname: str, deadline: float, report: Report, timing: Timing
    ) -> None:
        self._mezmo = mezmo
        self._keys = keys
        self._hostname = hostname
        self._deadline = deadline
        self._report = report
        self._timing = timing
        self._key: str | None = None
        self._key_was_read_again = False
        self._stopped: str | None = None
        self.status: int | None = None

    def deliver(self, batches: Iterable[Batch]) -> None:
        """Deliver batches, and count what becomes of each line."""
        for batch in batches:
            self._report.batches += 1
            if not self._stopped:
                self._stopped = self._no_key()
            if self._stopped:
                self._report.leave(batch.count, self._stopped)
            else:
                self._settle(batch)

    def _no_key(self) -> str | None:
        """Have a key; otherwise, why there is none."""
        if self._key is None:
            try:
                self._key = self._keys.get(self._deadline)
            except KeyUnavailableError as error:
                return str(error)
        return None

    def _settle(self, batch: Batch) -> None:
        """Deliver a batch, in parts if it must be; no recursion, as parts may have parts."""
        jobs = [_Job(self._mezmo.prepare(batch))]
        while jobs:
            job = jobs.pop()
            if not self._stopped and self._left() <= 0:
                self._stopped = "out of time"
            if self._stopped:
                self._report.leave(job.request.batch.count, self._stopped)
            else:
                jobs += self._handle(job, self._send(job))

    def _send(self, job: _Job) -> Outcome:
        assert self._key is not None
        left = self._left()
        # Half of the time at most: a server that hangs leaves time for another try.
        seconds = min(LONGEST_REQUEST_SECONDS, max(left / 2, SHORTEST_REQUEST_SECONDS), left)
        self._report.requests += 1
        self._report.retries += job.tries > 0
        self._report.bytes_out += len(job.request.body)
        outcome, self.status = self._mezmo.send(
            job.request, self._hostname, self._key, self._timing.monotonic() + seconds
        )
        return outcome

    def _handle(self, job: _Job, outcome: Outcome) -> list[_Job]:
        """Count what is settled, and return what is not."""
        report, batch = self._report, job.request.batch
        match outcome:
            case Delivered():
                report.delivered += batch.count
            case Rejected(reason):
                report.reject(batch.count, reason)
            case Undelivered(reason):
                report.leave(batch.count, reason)
            case TooLarge(reason) if batch.count == 1:
                report.reject(1, reason)
            case TooLarge():
                plain = not job.request.compressed
                return [_Job(self._mezmo.prepare(half, plain=plain)) for half in reversed(batch.halves())]
            case EncodingRefused():
                return [_Job(self._mezmo.prepare(batch, plain=True), job.tries + 1)]
            case KeyRefused(reason):
                return self._with_another_key(job, reason)
            case Retry(reason, after):
                return self._later(job, reason, after)
            case _:
                return self._rest(job, outcome)
        return []

    def _rest(self, job: _Job, outcome: Partial) -> list[_Job]:
        """Count what was taken of a batch, and return what may be taken later."""
        batch = job.request.batch
        for code in outcome.codes:
            if 200 <= code < 300:
                self._report.delivered += 1
            elif not is_retryable(code):
                self._report.reject(1, f"{code} for a line")
        later = outcome.retryable()
        if not any(later):
            return []
        rest = self._mezmo.prepare(batch.pick(later), plain=not job.request.compressed)
        return self._later(_Job(rest, job.tries), "207 with lines to be sent again", None)

    def _with_another_key(self, job: _Job, reason: str) -> list[_Job]:
        """Read the key again, once an invocation: it may have been rotated."""
        if not self._key_was_read_again:
            self._key_was_read_again = True
            try:
                self._key = self._keys.read(self._deadline)
            except KeyUnavailableError as error:
                reason = f"{reason}; {error}"
            else:
                return [_Job(job.request, job.tries + 1)]
        self._stop(job, f"the ingestion key was refused: {reason}{self._keys.why_refused()}")
        return []

    def _later(self, job: _Job, reason: str, after: float | None) -> list[_Job]:
        """Wait, and return the same request, if there is time for both."""
        longest_pause = self._left() - SHORTEST_REQUEST_SECONDS
        backoff = self._timing.random() * min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2**job.tries)
        pause = max(after or 0, min(backoff, longest_pause))
        if longest_pause <= 0 or pause > longest_pause:
            self._stop(job, f"out of time after: {reason}")
            return []
        self._timing.sleep(pause)
        return [_Job(job.request, job.tries + 1)]

    def _left(self) -> float:
        return self._deadline - self._timing.monotonic()

    def _stop(self, job: _Job, reason: str) -> None:
        """Leave a request's lines, and all that follow, without trying them."""
        self._stopped = reason
        self._report.leave(job.request.batch.count, reason)
