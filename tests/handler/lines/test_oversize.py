"""Lines in parts."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handler.lines.oversize import LONGEST_LINE, Parts, is_oversize, split


def join(parts: Parts) -> str:
    """Put a text together again, by the rule that `meta` gives its reader."""
    middle = "".join(part[parts.head : len(part) - parts.tail] for part in parts.texts)
    some = parts.texts[0]
    return some[: parts.head] + middle + some[len(some) - parts.tail :]


def size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


texts = st.text(st.characters(exclude_categories=[]), min_size=1)


@given(texts, st.integers(4, 60))
def test_a_text_in_parts_gives_itself_back(text: str, longest: int) -> None:
    parts = split(text, longest)
    assert join(parts) == text
    assert all(0 < size(part) <= longest for part in parts.texts)


@given(texts.filter(lambda text: text.isascii()), st.integers(4, 60))
def test_there_are_as_few_parts_as_can_be(text: str, longest: int) -> None:
    if not text.startswith("{"):
        assert len(split(text, longest).texts) == -(-len(text) // longest)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=9), values, max_size=4),
    st.text(min_size=1, max_size=9),
    st.text(min_size=3000, max_size=6000),
    st.fixed_dictionaries({"ensure_ascii": st.booleans(), "indent": st.sampled_from([None, 2])}),
    st.integers(2100, 2600),
)
@example({}, "message", "😀" * 3000, {"ensure_ascii": True}, 2100)
@example({}, "message", '\\"' * 3000, {"ensure_ascii": True}, 2100)
def test_a_json_object_is_split_into_objects(
    around: dict[str, Any], name: str, long: str, style: dict[str, Any], longest: int
) -> None:
    document = {**around, name: long}
    text = json.dumps(document, **style)
    parts = split(text, longest)
    assert join(parts) == text
    assert all(size(part) <= longest for part in parts.texts)
    if size(text) - size(json.dumps(long, **style)) > 1000:
        return  # too much else
    objects = [json.loads(part) for part in parts.texts]
    assert "".join(part.pop(name) for part in objects) == long
    assert all(part == {key: value for key, value in document.items() if key != name} for part in objects)


def test_the_longest_string_may_be_deep_inside_and_is_no_name() -> None:
    document = {"level": "error", "x" * 3000: 1, "log": [{"stack": "y" * 2500}]}
    parts = split(json.dumps(document), 5000)
    objects = [json.loads(part) for part in parts.texts]
    assert "".join(part["log"][0]["stack"] for part in objects) == "y" * 2500
    assert {part["level"] for part in objects} == {"error"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({str(number): number for number in range(5000)}),  # no string makes enough of it
        json.dumps({f"{number:05}": number for number in range(1130)} | {"s": "x" * 9000}),  # no room for it
        json.dumps({f"{number:04}" * 30: "short" for number in range(200)}),  # names do
        json.dumps(["x" * 40_000]),  # no object
        '{"a":"' + "x" * 40_000 + '"]}',  # no JSON
        '{"a":' * 5000 + '"' + "x" * 40_000 + '"' + "}" * 5000,  # too deep to look into
    ],
)
def test_what_cannot_be_split_into_objects_is_split_as_text(text: str) -> None:
    parts = split(text)
    assert (parts.head, parts.tail) == (0, 0)
    assert "".join(parts.texts) == text
    assert max(map(size, parts.texts)) <= LONGEST_LINE


@pytest.mark.parametrize(
    ("text", "oversize"),
    [
        ("x" * 16_384, False),
        ("x" * 16_385, True),
        ("é" * 8192, False),
        ("é" * 8193, True),
        ("\n" * 9000, False),
    ],
)
def test_bytes_of_utf8_count(text: str, oversize: bool) -> None:
    assert is_oversize(text) == oversize
