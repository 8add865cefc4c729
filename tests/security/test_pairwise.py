"""The matrix holds every two values that go together."""

from hypothesis import given
from hypothesis import strategies as st

from tests.security.pairwise import everything, pairs, pairwise

VALUES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True)


@given(st.dictionaries(st.sampled_from(["one", "two", "three", "four"]), VALUES, min_size=2))
def test_each_pair_that_is_allowed_meets(options: dict[str, list[str]]) -> None:
    def allowed(row: dict[str, str]) -> bool:
        return row.get("one") != "a" or row.get("two") != "b"

    chosen = pairwise(options, allowed)

    together = {pair for row in everything(options) if allowed(row) for pair in pairs(row)}
    assert {pair for row in chosen for pair in pairs(row)} == together
    assert all(map(allowed, chosen))
    assert len(chosen) <= len(together)
