"""A log group and a function without AWS, and a clock that nobody waits for."""

from collections import Counter
from collections.abc import Callable, Sequence

from mezmo_forwarder_commands.backfill.counts import Counts
from mezmo_forwarder_commands.backfill.documents import Document, Event
from mezmo_forwarder_commands.backfill.pacing import Interruption
from mezmo_forwarder_commands.backfill.query import Query
from mezmo_forwarder_commands.backfill.sending import Answer, Became

QUERY = Query(
    account="123456789012",
    region="eu-west-3",
    log_group="/app",
    function="arn:aws:lambda:eu-west-3:123456789012:function:forwarder",
    start=0,
    end=10_000,
    pattern="",
    filters=("filter",),
)


def event(number: int, timestamp: int, *, stream: str = "a", message: str = "text") -> Event:
    return Event(f"{number:056d}", timestamp, message, stream)


class Group:
    """Log events by the page, in any order; pages may be empty.

    Args:
        events: all there are.
        sizes: how many events the pages have, again and again.
    """

    def __init__(self, events: Sequence[Event], sizes: Sequence[int] = (3,)) -> None:
        self.events = events
        self.requests = 0
        self._sizes = sizes

    def read(self, start: int, end: int, token: str | None) -> tuple[list[Event], str | None]:
        self.requests += 1
        found = [event for event in self.events if start <= event.timestamp < end]
        first, number = map(int, token.split("/")) if token else (0, 0)
        size = self._sizes[number % len(self._sizes)]
        page = found[first : first + size]
        return page, f"{first + size}/{number + 1}" if first + size < len(found) else None


class Killed(BaseException):
    """The process ends here, whatever it is doing."""


Step = Callable[["Forwarder", Document], Answer]


def counts_of(document: Document, **outcome: int) -> Counts:
    events = len(document.events)
    return Counts.of(
        {"documents": 1, "events": events, "received": events, **(outcome or {"delivered": events})}
    )


def taken(forwarder: "Forwarder", document: Document) -> Answer:
    forwarder.arrived.update(document.ids)
    return Answer(Became.TAKEN, counts_of(document))


def kept(forwarder: "Forwarder", document: Document) -> Answer:
    forwarder.arrived.update(document.ids)
    return Answer(Became.KEPT, counts_of(document, stored=len(document.events)), "503")


def partly_left(forwarder: "Forwarder", document: Document) -> Answer:
    forwarder.arrived.update(document.ids[:1])
    rest = len(document.events) - 1
    return Answer(Became.LEFT, counts_of(document, delivered=1, undelivered=rest), "503")


def wholly_left(_forwarder: "Forwarder", document: Document) -> Answer:
    return Answer(Became.LEFT, counts_of(document, undelivered=len(document.events)), "503")


def lost_reply(forwarder: "Forwarder", document: Document) -> Answer:
    forwarder.arrived.update(document.ids)
    return Answer(Became.UNKNOWN, Counts(), "read timeout")


def lost_request(_forwarder: "Forwarder", _document: Document) -> Answer:
    return Answer(Became.UNKNOWN, Counts(), "connection reset")


def throttled(_forwarder: "Forwarder", _document: Document) -> Answer:
    return Answer(Became.NOT_SENT, Counts(), "TooManyRequestsException")


def killed_before(_forwarder: "Forwarder", _document: Document) -> Answer:
    raise Killed


def killed_after(forwarder: "Forwarder", document: Document) -> Answer:
    forwarder.arrived.update(document.ids)
    raise Killed


class Forwarder:
    """Takes documents as a script says, then all of them.

    Args:
        script: what happens to the next ones.
    """

    def __init__(self, script: Sequence[Step] = ()) -> None:
        self.script = list(script)
        self.arrived: Counter[str] = Counter()
        self.documents: list[Document] = []

    def check(self) -> None:
        pass

    def send(self, document: Document) -> Answer:
        self.documents.append(document)
        step = self.script.pop(0) if self.script else taken
        return step(self, document)


class Patient(Interruption):
    """Waits without waiting; remembers for how long."""

    def __init__(self) -> None:
        super().__init__(lambda: self.now)
        self.now = 0.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        if seconds > 0:
            self.waits.append(seconds)
            self.now += seconds
