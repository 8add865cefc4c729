"""How much it is and what it costs, before anything is sent: from a page here and there."""

from dataclasses import dataclass
from itertools import pairwise

from mezmo_forwarder_commands import prices

from .documents import LARGEST_DOCUMENT, Event
from .pacing import Interruption, Rate
from .reading import Pages

# So many spans of equal length, of each the first page, of at most 10,000 events or a megabyte.
SPANS = 50
_MOST_PAGES = 20  # of one span, while they are empty
# As measured (benchmarks/README.md, CPU): 7 to 12 ms of a core for each MB of a large document, more the
# shorter its messages; Lambda gives a core to 1,769 MB. A request's wait is assumed.
_CPU_SECONDS = 0.012
_CORE_MEMORY = 1769
_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Estimate:
    """How much there is.

    Args:
        events: how many log events.
        size: about how many bytes.
        streams: how many log streams were met.
        exact: whether everything was read.
        empty_read: whether there was a span of which nothing but empty pages was read.
    """

    events: int
    size: int
    streams: int
    exact: bool
    empty_read: bool

    @property
    def documents(self) -> int:
        """How many invocations it takes at least."""
        return max(-(-self.size // LARGEST_DOCUMENT), self.streams, int(self.events > 0))

    def lambda_seconds(self, memory: int) -> float:
        """Return how long a function of so many MB is busy."""
        share = min(1.0, memory / _CORE_MEMORY)
        return self.size / 1e6 * _CPU_SECONDS / share + self.documents * _WAIT_SECONDS

    def usd(self, memory: int, architecture: str) -> float:
        """Return what the function costs."""
        return prices.of_lambda(
            self.lambda_seconds(memory), self.documents, memory=memory, architecture=architecture
        )

    def seconds(self, rate: Rate, memory: int) -> float:
        """Return how long it takes."""
        return max(rate.seconds(self.events, self.size), self.lambda_seconds(memory))


def estimate(pages: Pages, start: int, end: int, interruption: Interruption, spans: int = SPANS) -> Estimate:
    """Read all of it if that is a page; otherwise a page of each of some spans, as if their rest were alike.

    Args:
        pages: where log events are read.
        start: the first millisecond.
        end: the first millisecond after the last one.
        interruption: a wish to end, which leaves out the rest of the spans.
        spans: how many.
    """
    found, token = pages.read(start, end, None)
    if not token:
        size = sum(event.size for event in found)
        return Estimate(
            len(found), size, len({event.stream for event in found}), exact=True, empty_read=False
        )
    spans = min(spans, end - start)
    edges = [start + (end - start) * number // spans for number in range(spans + 1)]
    events = volume = 0.0
    streams: set[str] = set()
    exact, empty_read, covered = True, False, 0
    for begin, until in pairwise(edges):
        if interruption.asked:
            break
        found, token = _first(pages, begin, until)
        covered += until - begin
        streams.update(event.stream for event in found)
        # A page that is not the last one is the span's beginning, as far as its last event.
        part = (found[-1].timestamp - begin + 1) / (until - begin) if token and found else 1.0
        events += len(found) / part
        volume += sum(event.size for event in found) / part
        exact = exact and not token
        empty_read = empty_read or bool(token and not found)
    factor = (end - start) / covered if covered else 0.0
    exact = exact and covered == end - start
    return Estimate(round(events * factor), round(volume * factor), len(streams), exact, empty_read)


def _first(pages: Pages, start: int, end: int) -> tuple[list[Event], str | None]:
    """Return the first page that holds anything, and the token of the next one."""
    token: str | None = None
    for _ in range(_MOST_PAGES):
        events, token = pages.read(start, end, token)
        if events or not token:
            return events, token
    return [], token
