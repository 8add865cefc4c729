"""Batches bounded by bytes."""

import json
from collections.abc import Iterable
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from handler.lines.batches import Batch, Batcher, Piece, Query
from tests.handler.cloudwatch import received

SOURCE = received(["x"])


def piece(lines: list[str]) -> Piece:
    return Piece(msgspec.json.encode(lines), len(lines), SOURCE)


def make_batches(pieces: Iterable[Piece], limit: int, hostname: str = "host") -> list[Batch]:
    batcher = Batcher(limit)
    return [batch for part in pieces for batch in batcher.add(Query(hostname), part)] + [*batcher.flush()]


def lines_of(batch: Batch) -> list[str]:
    return [str(line) for line in json.loads(b"".join(batch.parts(b"[", b"]")))]


def size_of(batch: Batch) -> int:
    return len(b"".join(batch.parts(b"", b"")))


pieces = st.lists(st.lists(st.text(max_size=30), min_size=1, max_size=8))


@given(pieces, st.integers(1, 200))
def test_every_line_once_in_order_within_the_limit(lines: list[list[str]], limit: int) -> None:
    batches = make_batches(map(piece, lines), limit)
    assert [line for batch in batches for line in lines_of(batch)] == [
        line for part in lines for line in part
    ]
    for batch in batches:
        assert batch.count == len(lines_of(batch))
        assert size_of(batch) <= limit or batch.count == 1
    for batch, following in pairwise(batches):  # full but for a piece
        assert size_of(batch) + 1 + len(following.pieces[0].elements) > limit


@given(st.lists(st.lists(st.text(max_size=9), min_size=1), min_size=1).filter(lambda p: sum(map(len, p)) > 1))
def test_halves_are_the_whole(lines: list[list[str]]) -> None:
    batch = Batch(Query("host"), [piece(part) for part in lines])
    first, second = batch.halves()
    assert lines_of(first) + lines_of(second) == lines_of(batch)
    assert abs(first.count - second.count) <= 1


@given(st.lists(st.tuples(st.text(max_size=9), st.booleans()), min_size=1))
def test_picks_the_chosen(lines: list[tuple[str, bool]]) -> None:
    batch = Batch(Query("host"), [piece([line for line, _ in lines])])
    assert lines_of(batch.pick(taken for _, taken in lines)) == [line for line, taken in lines if taken]


def test_the_limit_is_exact() -> None:
    parts = [piece(["x" * 8]) for _ in range(4)]  # ten bytes each with the quotes
    assert [batch.count for batch in make_batches(parts, 21)] == [2, 2]
    assert [batch.count for batch in make_batches(parts, 20)] == [1, 1, 1, 1]
    assert [batch.count for batch in make_batches(parts, 43)] == [4]


def test_a_batch_has_one_hostname_and_its_lines_in_order() -> None:
    batcher = Batcher(100)
    parts = [(f"host {number % 7}", piece([f"{number}" + "x" * 40])) for number in range(50)]
    batches: list[Batch] = []
    for hostname, part in parts:
        batches += batcher.add(Query(hostname), part)
    batches += batcher.flush()
    assert sum(batch.count for batch in batches) == 50
    for number in range(7):
        query = Query(f"host {number}")
        lines = [line for batch in batches if batch.query == query for line in lines_of(batch)]
        assert lines == [f"{one}" + "x" * 40 for one in range(number, 50, 7)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60)), max_size=60))
def test_of_many_hostnames_no_more_than_four_batches_wait(lines: list[tuple[int, int]]) -> None:
    batcher = Batcher(60)
    waiting = 0
    for host, length in lines:
        part = piece(["x" * length])
        waiting += len(part.elements)
        waiting -= sum(
            len(one.elements) for batch in batcher.add(Query(f"{host}"), part) for one in batch.pieces
        )
        assert waiting <= 4 * 60
