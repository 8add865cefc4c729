"""What a batch is: lines that travel in one request, bounded by the bytes of its body."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Raw, Struct

from handler.events.documents import Received

_MOST_OPEN = 4  # batches' worth of bytes that may wait to be full, of all queries together


class Piece(Struct, frozen=True):
    """Some lines, encoded as one JSON array, and the log events that they were made of.

    Args:
        array: the JSON array.
        count: how many lines.
        source: the document of the log events.
        start: the place there of the first line's log event.
        places: the place of each line's log event; None where they follow one another, a line each.
    """

    array: bytes
    count: int
    source: Received
    start: int = 0
    places: Sequence[int] | None = None

    @classmethod
    def of(
        cls, lines: list[bytes], source: Received, start: int = 0, places: Sequence[int] | None = None
    ) -> "Piece":
        """Put encoded lines together."""
        return cls(b"[%b]" % b",".join(lines), len(lines), source, start, places)

    @property
    def elements(self) -> memoryview:
        """The lines and the commas between them."""
        return memoryview(self.array)[1:-1]

    @property
    def events(self) -> Sequence[int]:
        """The place of each line's log event."""
        return self.places if self.places is not None else range(self.start, self.start + self.count)

    @property
    def oldest(self) -> int:
        """The time of the first log event, in milliseconds since the epoch."""
        return self.source.document.log_events[self.start].timestamp

    def split(self) -> list["Piece"]:
        """Return each line as a piece of its own."""
        lines = msgspec.json.decode(self.array, type=list[Raw])
        return [
            Piece.of([bytes(line)], self.source, place)
            for line, place in zip(lines, self.events, strict=True)
        ]


class Query(Struct, frozen=True):
    """What a request's address says of all its lines; `tags` are separated by commas."""

    hostname: str
    tags: str = ""


class Batch(Struct, frozen=True):
    """The pieces of one request."""

    query: Query
    pieces: list[Piece]

    @property
    def count(self) -> int:
        """The number of lines."""
        return sum(piece.count for piece in self.pieces)

    @property
    def size(self) -> int:
        """The bytes of the lines and of the commas between them."""
        return sum(len(piece.array) for piece in self.pieces) - len(self.pieces) - 1

    def parts(self, prefix: bytes, suffix: bytes) -> Iterator[bytes | memoryview]:
        """Yield what a request's body is made of, between what a destination wants around the lines."""
        yield prefix
        for position, piece in enumerate(self.pieces):
            if position:
                yield b","
            yield piece.elements
        yield suffix

    def halves(self) -> "tuple[Batch, Batch]":
        """Return the first and the second half of the lines; only for a batch of two or more."""
        lines = self.lines()
        middle = len(lines) // 2
        return Batch(self.query, lines[:middle]), Batch(self.query, lines[middle:])

    def pick(self, chosen: Iterable[bool]) -> "Batch":
        """Return the lines for which `chosen` says so, in order."""
        picked = [line for line, taken in zip(self.lines(), chosen, strict=True) if taken]
        return Batch(self.query, picked)

    def lines(self) -> list[Piece]:
        """Return each line as a piece of its own."""
        return [line for piece in self.pieces for line in piece.split()]


class Settled(Struct, frozen=True):
    """Lines that Mezmo did not take, and why."""

    batch: Batch
    reason: str


class Batcher:
    """Puts pieces together to batches, each full to the limit but for the size of a piece.

    Args:
        limit: the most bytes of lines and of the commas between them; a line longer than that is a batch of
            its own.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[Query, list[Piece]] = {}
        self._sizes: dict[Query, int] = {}

    def add(self, query: Query, piece: Piece) -> Iterator[Batch]:
        """Take a piece, and yield the batches that are full by then."""
        for part in [piece] if len(piece.elements) <= self._limit else piece.split():
            size = self._sizes.get(query, -1) + 1 + len(part.elements)  # no comma before the first
            if query in self._open and size > self._limit:
                yield self._close(query)
                size = len(part.elements)
            self._open.setdefault(query, []).append(part)
            self._sizes[query] = size
        if sum(self._sizes.values()) > _MOST_OPEN * self._limit:
            yield self._close(max(self._sizes, key=self._sizes.__getitem__))

    def flush(self) -> Iterator[Batch]:
        """Yield the batches that are not full."""
        for query in [*self._open]:
            yield self._close(query)

    def _close(self, query: Query) -> Batch:
        del self._sizes[query]
        return Batch(query, self._open.pop(query))
