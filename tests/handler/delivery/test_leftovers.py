"""What Mezmo did not take, kept within a bound."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import handler.delivery.leftovers
from handler.delivery.leftovers import Leftovers
from handler.events.documents import Limits, read_payload
from handler.lines.batches import Batch, Piece, Query
from handler.store.packing import pack_rejected
from tests.handler.cloudwatch import received


def messages(leftovers: Leftovers) -> list[str]:
    packed = leftovers.packed()
    return [
        msgspec.json.decode(event.message, type=str)
        for document in (read_payload(packed, Limits.of({})) if packed else ())
        for event in document.document.log_events
    ]


@given(
    documents=st.lists(st.integers(1, 6), min_size=1, max_size=6),
    left=st.data(),
    most=st.sampled_from([0, 1500, 8 << 20]),
)
def test_nothing_is_lost_twice_or_out_of_order_however_little_is_held(
    documents: list[int], left: st.DataObject, most: int
) -> None:
    """Lines first, in the order in which they were left, then documents of which nothing was sent."""
    leftovers = Leftovers(pack_rejected)
    lines: list[str] = []
    whole: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler.delivery.leftovers, "_MOST_HELD", most)
        for number, count in enumerate(documents):
            texts = [f"{number}.{place}" for place in range(count)]
            source = received(texts)
            if left.draw(st.booleans()):
                leftovers.add_document(source)
                whole += texts
                continue
            for place in range(count):
                if left.draw(st.booleans()):
                    line = json.dumps([{"line": texts[place]}]).encode()
                    leftovers.add(Batch(Query("host"), [Piece(line, 1, source, place)]), "why")
                    lines.append(texts[place])
    assert messages(leftovers) == lines + whole
    assert bool(leftovers) == bool(lines + whole)


def test_without_a_store_just_the_records_are_remembered() -> None:
    leftovers = Leftovers(None)
    source = msgspec.structs.replace(received(["a"]), record="7")
    leftovers.add(Batch(Query("host"), [Piece(b"[{}]", 1, source)]), "why")
    leftovers.add_document(msgspec.structs.replace(source, record="8"))
    assert leftovers.records == {"7", "8"}
    assert leftovers.packed() == b""
