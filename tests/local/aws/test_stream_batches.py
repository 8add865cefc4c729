"""What of a failed batch of stream records is tried again."""

from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.aws.overlay.stream_batches import Batch, Failure, failure_in, following

NUMBERS = ["10", "20", "30"]


@pytest.mark.parametrize("answer", [None, "", {}, [], {"other": 1}, {"batchItemFailures": None}])
def test_an_answer_without_failures_is_success(answer: Any) -> None:
    assert failure_in(answer, NUMBERS) is None
    assert failure_in({"batchItemFailures": []}, NUMBERS) is None


@pytest.mark.parametrize(
    "items",
    [
        [{"itemIdentifier": ""}],
        [{"itemIdentifier": None}],
        [{"itemIdentifier": "40"}],
        [{"itemIdentifier": 20}],
        [{"identifier": "20"}],
        [{"itemIdentifier": "20"}, {"itemIdentifier": "40"}],
        ["20"],
        "20",
    ],
)
def test_an_identifier_that_is_not_the_batchs_fails_it_whole(items: Any) -> None:
    assert failure_in({"batchItemFailures": items}, NUMBERS) == Failure(0, complete=True)


@pytest.mark.parametrize("answer", ["done", ["done"], 1])
def test_an_answer_of_another_shape_fails_the_batch_whole(answer: Any) -> None:
    assert failure_in(answer, NUMBERS) == Failure(0, complete=True)


@pytest.mark.parametrize(
    ("failed", "first"), [(["20"], 1), (["30", "20"], 1), (["30"], 2), (["30", "10"], 0)]
)
def test_the_lowest_sequence_number_is_where_to_go_on(failed: list[str], first: int) -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
    assert failure_in(answer, NUMBERS) == Failure(first, complete=False)


RECORDS: list[Any] = list("abcde")


@pytest.mark.parametrize(
    ("failure", "bisect", "expected"),
    [
        (Failure(), False, ["abcde"]),
        (Failure(), True, ["ab", "cde"]),
        (Failure(2, complete=False), False, ["cde"]),
        (Failure(2, complete=False), True, ["cde"]),
        (Failure(0, complete=False), True, ["abcde"]),
    ],
)
def test_what_is_tried_next(failure: Failure, bisect: bool, expected: list[str]) -> None:
    batches = following(Batch(RECORDS, 1), failure, bisect=bisect)
    assert ["".join(map(str, batch.records)) for batch in batches] == expected


def test_only_the_very_batch_counts_its_invocations_on() -> None:
    batch = Batch(RECORDS, 3)
    assert following(batch, Failure(), bisect=False) == [batch]
    for other in following(batch, Failure(), bisect=True):
        assert other.invocations == 0
    [rest] = following(batch, Failure(1, complete=False), bisect=True)
    assert rest.invocations == 0


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_bisecting_gives_up_the_bad_records_alone_and_keeps_the_order(bad: list[bool]) -> None:
    records: list[Any] = list(enumerate(bad))
    batches = deque([Batch(records)])
    done: list[Any] = []
    given_up: list[Any] = []
    while batches:
        batch = batches.popleft()
        if not any(is_bad for _, is_bad in batch.records):
            done += batch.records
            continue
        rest = following(batch, Failure(), bisect=True)
        if rest == [batch]:
            given_up += batch.records
        else:
            batches.extendleft(reversed(rest))
    assert done == [record for record in records if not record[1]]
    assert given_up == [record for record in records if record[1]]
