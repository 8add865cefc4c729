"""What Mezmo did not take of an invocation: packed for the store as soon as it is much."""

from collections.abc import Callable, Iterable

from handler.events.documents import Received
from handler.lines.batches import Batch, Settled

# Bytes of memory, about: a line that is held is several objects, and has its document held as well.
_MOST_HELD = 8 << 20
_LINE_COST = 600


class Leftovers:
    """Log events that Mezmo did not take, in the order in which that was found.

    Args:
        pack: packs lines for the store; None where there is no store, so that just the Kinesis records are
            remembered.

    Attributes:
        records: the sequence numbers of the Kinesis records they came in; an empty one for other sources.
    """

    def __init__(self, pack: Callable[[Iterable[Settled]], bytes] | None) -> None:
        self._pack = pack
        self._settled: list[Settled] = []
        self._held = 0
        self._last_source: Received | None = None
        self._packed: list[bytes] = []
        self._packed_documents: list[bytes] = []
        self.records: set[str] = set()

    def __bool__(self) -> bool:
        """Whether there are any; without a store, there is nothing to pack."""
        return bool(self._settled or self._packed or self._packed_documents)

    def add(self, batch: Batch, reason: str) -> None:
        """Take lines."""
        self.records.update(piece.source.record for piece in batch.pieces)
        if self._pack is None:
            return
        self._settled.append(Settled(batch, reason))
        self._held += batch.size + batch.count * _LINE_COST
        for piece in batch.pieces:
            if piece.source is not self._last_source:
                self._last_source = piece.source
                self._held += 2 * piece.source.size
        if self._held > _MOST_HELD:
            self._pack_settled(self._pack)

    def add_document(self, received: Received) -> None:
        """Take a document, or a part of one, of which nothing was sent."""
        self.records.add(received.record)
        if self._pack is not None:
            from handler.store.packing import pack_document  # noqa: PLC0415  not needed as long as all goes well

            self._packed_documents.append(pack_document(received))

    def packed(self) -> bytes:
        """Return all of them, packed for the store; empty if there are none."""
        if self._settled and self._pack:
            self._pack_settled(self._pack)
        return b"".join(self._packed + self._packed_documents)

    def _pack_settled(self, pack: Callable[[Iterable[Settled]], bytes]) -> None:
        self._packed.append(pack(self._settled))
        self._settled = []
        self._held = 0
        self._last_source = None
