"""What a batch is: lines that travel in one request, bounded by the bytes of its body."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw, Struct


class Piece(Struct, frozen=True):
    """Some lines, encoded as one JSON array."""

    array: bytes
    count: int

    @classmethod
    def of(cls, lines: list[bytes]) -> "Piece":
        """Put encoded lines together."""
        return cls(b"[%b]" % b",".join(lines), len(lines))

    @property
    def elements(self) -> memoryview:
        """The lines and the commas between them."""
        return memoryview(self.array)[1:-1]

    def split(self) -> list["Piece"]:
        """Return each line as a piece of its own."""
        return [Piece.of([bytes(line)]) for line in msgspec.json.decode(self.array, type=list[Raw])]


class Batch(Struct, frozen=True):
    """The pieces of one request."""

    pieces: list[Piece]

    @property
    def count(self) -> int:
        """The number of lines."""
        return sum(piece.count for piece in self.pieces)

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
        lines = self._lines()
        middle = len(lines) // 2
        return Batch(lines[:middle]), Batch(lines[middle:])

    def pick(self, chosen: Iterable[bool]) -> "Batch":
        """Return the lines for which `chosen` says so, in order."""
        return Batch([line for line, taken in zip(self._lines(), chosen, strict=True) if taken])

    def _lines(self) -> list[Piece]:
        return [line for piece in self.pieces for line in piece.split()]


def make_batches(pieces: Iterable[Piece], limit: int) -> Iterator[Batch]:
    """Put pieces together to batches, each full to the limit but for the size of a piece.

    Args:
        pieces: the lines.
        limit: the most bytes of lines and of the commas between them; a line longer than that is a batch
            of its own.
    """
    batch: list[Piece] = []
    size = -1  # no comma before the first
    for piece in pieces:
        for part in [piece] if len(piece.elements) <= limit else piece.split():
            if batch and size + 1 + len(part.elements) > limit:
                yield Batch(batch)
                batch = []
                size = -1
            batch.append(part)
            size += 1 + len(part.elements)
    if batch:
        yield Batch(batch)
