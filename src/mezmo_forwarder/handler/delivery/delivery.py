"""The way of a batch to Mezmo: sent, sent again, cut in halves, or left, all in one invocation's time."""

from collections.abc import Callable

from msgspec import Struct, structs

from handler.errors import KeyUnavailableError
from handler.lines.batches import Batch, Piece
from handler.report import Report
from handler.timing import Timing

from .breaker import PROBE_SECONDS, Breaker
from .keys import Keys
from .leftovers import Leftovers
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

BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 10.0
LONGEST_REQUEST_SECONDS = 10.0
SHORTEST_REQUEST_SECONDS = 1.0
# A request that is broken off may have been carried out, and is then repeated. Where there is a store, none
# is begun with less time than this, or than half of an invocation that has little.
SHORTEST_WITH_STORE_SECONDS = 5.0
LONGEST_KEY_PAUSE_SECONDS = 1.0
MOST_TRIES = 6  # of a batch, where there is a store to put it into: waiting is paid for
MOST_HALVINGS = 7  # of a batch, which bounds the requests for what Mezmo finds too large whatever its size


class _Job(Struct, frozen=True):
    """A request, and its story.

    Args:
        request: what is to be sent.
        tries: how often it, or what it is a part of, was sent.
        halvings: how often what it is a part of was halved.
        rest: whether others of the same batch were answered line by line.
    """

    request: Request
    tries: int = 0
    halvings: int = 0
    rest: bool = False


class Delivery:
    """The delivery of one invocation's batches.

    Args:
        mezmo: where to.
        keys: what with.
        breaker: whether Mezmo is worth a request; None where nothing keeps what is left, so that each
            invocation has to try as long as it can.
        split: splits a line that is too large for a request of its own; returns nothing if it cannot.
        deadline: when no request may be under way any more, on the clock of `timing`.
        left: takes the lines that Mezmo did not take.
        rejected: takes the lines that it never will.
        report: where everything is counted.
        timing: the clocks.

    Attributes:
        status: the status code of the last response; None if there was none.
        stopped: why no more requests are sent in this invocation; None while they are.
        last_reply: when the last request was over, on the clock of `timing`; None if there was none.
    """

    def __init__(
        self,
        mezmo: Mezmo,
        keys: Keys,
        *,
        breaker: Breaker | None,
        split: Callable[[Piece], list[Piece]],
        deadline: float,
        left: Leftovers,
        rejected: Leftovers,
        report: Report,
        timing: Timing,
    ) -> None:
        self._mezmo = mezmo
        self._keys = keys
        self._breaker = breaker
        self._split = split
        self._deadline = deadline
        self._leftovers = left
        self._rejected = rejected
        self._report = report
        self._timing = timing
        half = (deadline - timing.monotonic()) / 2
        self._shortest = min(SHORTEST_WITH_STORE_SECONDS, half) if breaker else 0.0
        self._key: str | None = None
        self._key_was_read_again = False
        self.status: int | None = None
        self.stopped: str | None = None
        self.last_reply: float | None = None
        self._waited = 0.0  # because Mezmo asked for less
        if breaker and breaker.is_open and not breaker.may_probe:
            report.breaker_open = 1
            self.stopped = f"not tried, after: {breaker.reason}"

    def deliver(self, batch: Batch) -> None:
        """Deliver a batch, in parts if it must be; no recursion, as parts may have parts."""
        self._report.batches += 1
        self.stopped = self.stopped or self._no_key()
        jobs = [_Job(self._mezmo.prepare(batch))] if not self.stopped else []
        if self.stopped:
            self._leave(batch, self.stopped)
        while jobs:
            job = jobs.pop()
            if not self.stopped and self._left() <= self._shortest:
                self.stopped = "out of time"
            if self.stopped:
                self._leave(job.request.batch, self.stopped)
            else:
                jobs += self._handle(job, self._send(job))

    def _no_key(self) -> str | None:
        """Have a key; otherwise, why there is none."""
        if self._key is None:
            try:
                self._key = self._keys.get(self._deadline)
            except KeyUnavailableError as error:
                if self._breaker:
                    self._breaker.open(str(error))
                return str(error)
        return None

    def _send(self, job: _Job) -> Outcome:
        assert self._key is not None
        left = self._left()
        seconds = min(LONGEST_REQUEST_SECONDS, left)
        if not self._breaker:  # a server that hangs leaves time for another try
            seconds = min(seconds, max(left / 2, SHORTEST_REQUEST_SECONDS))
        elif self._breaker.is_open:
            seconds = min(seconds, PROBE_SECONDS)
        self._report.requests += 1
        self._report.retries += job.tries > 0
        self._report.bytes_sent += len(job.request.body)
        began = self._timing.wall()
        outcome, self.status = self._mezmo.send(job.request, self._key, self._timing.monotonic() + seconds)
        self.last_reply = self._timing.monotonic()
        self._judge(job, outcome, began)
        return outcome

    def _judge(self, job: _Job, outcome: Outcome, began: float) -> None:
        """Tell the breaker how a request went."""
        if not self._breaker:
            return
        match outcome:
            case Retry(fewer=True) if self._breaker.patience is not None:
                pass  # for as long as that
            case Retry(reason):
                self._breaker.failed(reason, began)
            case Undelivered(reason):
                self._breaker.failed(reason, began)
            case Partial() if not job.rest and all(outcome.retryable()):
                self._breaker.failed("207 with every line to be sent again", began)
            case KeyRefused():
                pass  # another key may be taken
            case _:
                self._breaker.succeeded()

    def _handle(self, job: _Job, outcome: Outcome) -> list[_Job]:
        """Count what is settled, and return what is not."""
        batch = job.request.batch
        match outcome:
            case Delivered():
                self._report.deliver(batch, self._timing.wall())
            case Rejected(reason):
                self._reject(batch, reason)
            case Undelivered(reason):
                self._report.unexpected_replies += 1
                self._leave(batch, reason)
                self._stop_if_open(reason)
            case TooLarge(reason):
                return self._smaller(job, reason)
            case EncodingRefused():
                plain = self._mezmo.prepare(batch, plain=True)
                return [structs.replace(job, request=plain, tries=job.tries + 1)]
            case KeyRefused(reason):
                return self._with_another_key(job, reason)
            case Retry():
                return self._later(job, outcome)
            case _:
                return self._rest(job, outcome)
        return []

    def _smaller(self, job: _Job, reason: str) -> list[_Job]:
        """Return a batch's halves, or a line's parts; a part that is too large is rejected."""
        batch, halvings = job.request.batch, job.halvings + 1
        if batch.count == 1 and (parts := self._split(batch.lines()[0])):
            self._report.of(parts[0].source.document.log_group).received += len(parts) - 1
            batch, halvings = Batch(batch.query, parts), 1
        if batch.count == 1 or halvings > MOST_HALVINGS:
            self._reject(batch, reason)
            return []
        plain = not job.request.compressed
        halves = [self._mezmo.prepare(half, plain=plain) for half in reversed(batch.halves())]
        return [_Job(half, halvings=halvings) for half in halves]

    def _rest(self, job: _Job, outcome: Partial) -> list[_Job]:
        """Count what was taken of a batch, and return what may be taken later."""
        batch = job.request.batch
        later = outcome.retryable()
        taken = [200 <= code < 300 for code in outcome.codes]
        if any(taken):
            self._report.deliver(batch.pick(taken), self._timing.wall())
        for line, code in zip(batch.lines(), outcome.codes, strict=True):
            if not 200 <= code < 300 and not is_retryable(code):
                self._reject(Batch(batch.query, [line]), f"{code} for a line")
        if not any(later):
            return []
        rest = self._mezmo.prepare(batch.pick(later), plain=not job.request.compressed)
        again = _Job(rest, job.tries, job.halvings, rest=True)
        return self._later(again, Retry("207 with lines to be sent again"))

    def _with_another_key(self, job: _Job, reason: str) -> list[_Job]:
        """Read the key again, once an invocation: it may have been rotated."""
        if not self._key_was_read_again:
            self._key_was_read_again = True
            # All environments notice a rotation at the same moment, and Parameter Store has a low limit.
            self._timing.sleep(self._timing.random() * min(LONGEST_KEY_PAUSE_SECONDS, max(self._left(), 0)))
            self._report.key_refreshes += 1
            try:
                self._key = self._keys.read(self._deadline)
            except KeyUnavailableError as error:
                reason = f"{reason}; {error}"
            else:
                return [structs.replace(job, tries=job.tries + 1)]
        self._report.key_refused = 1
        reason = f"the ingestion key was refused: {reason}{self._keys.why_refused()}"
        if self._breaker:
            self._breaker.open(reason)
        self._stop(job, reason)
        return []

    def _later(self, job: _Job, outcome: Retry) -> list[_Job]:
        """Wait, and return the same request, if there is time for both and Mezmo worth it."""
        reason, after = outcome.reason, outcome.after
        longest_pause = self._left() - max(self._shortest, SHORTEST_REQUEST_SECONDS)
        backoff = self._timing.random() * min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2**job.tries)
        pause = max(after or 0, min(backoff, longest_pause))
        if self._breaker and pause > LONGEST_BACKOFF_SECONDS:
            self._breaker.open(reason, least=pause)
        elif outcome.fewer and self._breaker and self._breaker.patience is not None:
            self._waited += pause
            if self._breaker.is_open or self._waited > self._breaker.patience:
                self._breaker.hold(reason, pause)
        if self._breaker and self._breaker.is_open:
            self._stop(job, reason)
        elif longest_pause <= 0 or pause > longest_pause:
            self._stop(job, f"out of time after: {reason}")
        elif self._breaker and job.tries + 1 >= MOST_TRIES:
            self._leave(job.request.batch, f"{MOST_TRIES} tries: {reason}")
        else:
            self._timing.sleep(pause)
            return [structs.replace(job, tries=job.tries + 1)]
        return []

    def _left(self) -> float:
        return self._deadline - self._timing.monotonic()

    def _leave(self, batch: Batch, reason: str) -> None:
        self._report.leave(batch, reason)
        self._leftovers.add(batch, reason)

    def _reject(self, batch: Batch, reason: str) -> None:
        self._report.reject(batch, reason)
        self._rejected.add(batch, reason)

    def _stop(self, job: _Job, reason: str) -> None:
        """Leave a request's lines, and all that follow, without trying them."""
        self.stopped = reason
        self._leave(job.request.batch, reason)

    def _stop_if_open(self, reason: str) -> None:
        if self._breaker and self._breaker.is_open:
            self.stopped = reason
