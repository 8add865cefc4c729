"""The backfill itself: window after window, document after document, one invocation at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from .documents import Document, documents_of
from .pacing import Interruption, Pace, Rate
from .reading import Windows
from .sending import Answer, Became, Function
from .state import State

# After so many failures in a row nothing is sent any more; until then, with waits between.
MOST_FAILURES = 5
_FIRST_WAIT = 5.0
_LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Args:
        why: the reason why it ended before everything was sent; empty if it did not.
        asked: whether a person asked for that.
    """

    why: str = ""
    asked: bool = False


Watch = Callable[[float | None, str], None]


def send_all(
    state: State,
    windows: Windows,
    function: Function,
    *,
    rate: Rate,
    interruption: Interruption,
    watch: Watch,
) -> Ended:
    """Send all that is not done.

    Args:
        state: what is done; brought up to date.
        windows: where log events are read.
        function: where they are sent.
        rate: how fast, at most.
        interruption: a wish to end, heard between two invocations.
        watch: is told how much of the time asked for is done, from 0 to 1 or None, and why nothing is sent.

    Raises:
        CommandError: reading or sending makes no sense any more; the state says what is done.
    """
    sender = _Sender(state, function, rate, interruption, watch)
    progress = state.progress
    query = progress.query
    span = max(1, query.end - query.start)
    state.write()
    while not progress.finished:
        if interruption.asked:
            return Ended("interrupted", asked=True)
        window = windows.read(progress.until, query.end)
        left = [event for event in window.events if event.id not in progress.sent]
        done = len(window.events) - len(left)
        for document in documents_of(left):
            if ended := sender.send(document):
                return ended
            done += len(document.events)
            share = (window.end - window.start) * done / len(window.events)
            watch((window.start + share - query.start) / span, "")
        state.finish_window(window.end, [event.id for event in window.events])
        watch((window.end - query.start) / span, "")
    return Ended()


class _Sender:
    """Sends documents, each until it is done, or until it makes no sense any more."""

    def __init__(
        self, state: State, function: Function, rate: Rate, interruption: Interruption, watch: Watch
    ) -> None:
        self._state = state
        self._function = function
        self._rate = rate
        self._interruption = interruption
        self._watch = watch
        self._pace = Pace(interruption)
        self._failures = 0

    def send(self, document: Document) -> Ended | None:
        """Send a document; return how the run ends, if it does."""
        self._pace.wait(self._rate.seconds(len(document.events), document.size))
        told = repeated = False
        while not self._interruption.asked:
            if not told:
                self._state.sending(document.ids)
                told = True
            answer = self._function.send(document)
            if answer.settled:
                self._state.done(document.ids, answer.counts)
            elif answer.arrived and not repeated:
                self._state.repeating(len(document.events))
                repeated = True
            elif not repeated:
                self._state.not_sent()
                told = False
            if answer.became is Became.TAKEN:
                self._failures = 0
                return None
            ended = self._fail(answer)
            if ended or answer.settled:
                return ended
        return Ended("interrupted", asked=True)

    def _fail(self, answer: Answer) -> Ended | None:
        """Wait for better times, longer each time; give up after some."""
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            return Ended(f"{self._failures} invocations in a row went wrong, the last: {answer.reason}")
        wait = min(_FIRST_WAIT * 2 ** (self._failures - 1), _LONGEST_WAIT)
        self._watch(None, f"waits {wait:.0f} s: {answer.reason}")
        self._interruption.wait(wait)
        return None
