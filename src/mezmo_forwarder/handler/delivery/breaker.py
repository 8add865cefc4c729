"""The breaker: whether Mezmo is worth a request, by how the last ones went.

During an outage each invocation would wait for Mezmo until its time is over, more of them would run at once
for it, and the bill would grow by the outage. With a breaker, and a store to put the lines into, a warm
function finds out once, and from then on asks with one request, from time to time.
"""

from handler.timing import Timing

FAILURES = 5  # in a row, until the breaker opens,
TROUBLE_SECONDS = 10.0  # or that long since the first of them began
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0
PROBE_SECONDS = 5.0  # how long the one request may take
PAUSE_FOR_A_SECOND = 100.0  # of waiting for an answer: at most a hundredth of the time is spent on asking
_JITTER = 0.2
LONGEST_HOLD_SECONDS = 10.0


class Breaker:
    """The breaker of one execution environment; closed when all is well.

    Args:
        timing: the clocks. The pauses go by the time of day: the monotonic clock may stand still while the
            function is frozen.
        failures: how many requests in a row have to fail until it opens.
        patience: how many seconds an invocation waits in all where Mezmo asks for less, until it holds;
            None where that is a failure as any other.

    Attributes:
        reason: why it is open; empty when it is closed.
    """

    def __init__(self, timing: Timing, failures: int = FAILURES, *, patience: float | None = None) -> None:
        self._timing = timing
        self.patience = patience
        self._most_failures = failures
        self._failures = 0
        self._trouble_since = 0.0
        self._opened = 0.0
        self._pause = 0.0
        self.reason = ""

    @property
    def is_open(self) -> bool:
        """Whether the last requests failed, so that at most one may be sent."""
        return self.reason != ""

    @property
    def may_probe(self) -> bool:
        """Whether it is time for that one request."""
        # A clock that was set back would keep it open for as long.
        return not 0 <= self._timing.wall() - self._opened < self._pause

    def succeeded(self) -> None:
        """Close: Mezmo took lines, or refused them in earnest."""
        self._failures = 0
        self._pause = 0.0
        self.reason = ""

    def failed(self, reason: str, began: float) -> None:
        """Count a request that failed; open after some of them, or at once if this was the probe.

        Args:
            reason: what happened.
            began: when the request did, by the time of day.
        """
        if self._failures == 0:
            self._trouble_since = began
        self._failures += 1
        long = abs(self._timing.wall() - self._trouble_since) >= TROUBLE_SECONDS
        if self.is_open or self._failures >= self._most_failures or long:
            spent = abs(self._timing.wall() - began)
            self.open(reason, least=spent * PAUSE_FOR_A_SECOND)

    def open(self, reason: str, *, least: float = 0.0) -> None:
        """Open, for twice as long as the last time, or at least as long as that."""
        self.reason = reason
        self._opened = self._timing.wall()
        self._pause = min(max(FIRST_PAUSE_SECONDS, 2 * self._pause), LONGEST_PAUSE_SECONDS)
        # Every environment opens at the same moment; not all should ask at the same.
        spread = 1 - _JITTER / 2 + _JITTER * self._timing.random()
        self._pause = max(self._pause * spread, min(least, LONGEST_PAUSE_SECONDS))

    def hold(self, reason: str, seconds: float) -> None:
        """Open because Mezmo asks for less: for as long as it says, or for twice as long as the last time.

        The others hold when they are asked, and what they all leave one re-drive sends.
        """
        self._failures = 0
        self.reason = reason
        self._opened = self._timing.wall()
        self._pause = max(seconds, min(2 * self._pause, LONGEST_HOLD_SECONDS))
        self._pause *= 1 + self._timing.random() / 2  # not before, and not all at the same moment
