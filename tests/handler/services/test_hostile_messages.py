"""Any message at all, by each reader of a service's messages."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.handler.services.readers import READERS, SAMPLES, assert_valid_facts

_ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1-2", "Root=", "-", "info"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return {*value}.union(*map(_keys, value.values()))
    return set()


_MESSAGES = [message for _, sample in SAMPLES for message in sample.messages]
_OBJECTS = [message for message in _MESSAGES if isinstance(message, dict)]
_KEYS = st.sampled_from(sorted(set().union(*map(_keys, _OBJECTS)) | {"level", "severityNumber", "trace_id"}))
_TYPE = st.sampled_from(["platform.report", "platform.", "ExecutionFailed"])


@st.composite
def hostile_objects(draw: st.DrawFn) -> dict[str, Any]:
    """Objects of the samples, with anything in the place of some of their fields."""
    message = dict(draw(st.sampled_from(_OBJECTS)))
    return {
        **message,
        **draw(st.dictionaries(_KEYS, _ANY | st.dictionaries(_KEYS, _ANY) | _TYPE, max_size=4)),
    }


@st.composite
def hostile_texts(draw: st.DrawFn) -> str:
    """Texts of the samples, cut and with something put in."""
    text = draw(st.sampled_from([m if isinstance(m, str) else json.dumps(m) for m in _MESSAGES]))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return (
        text[:start]
        + draw(st.text(max_size=5) | st.sampled_from(["\t", "\n", '"', "\\", " ", "[", ":"]))
        + text[end:]
    )


def literal_of(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace")


@settings(max_examples=300)
@given(message=hostile_objects())
def test_any_object_gives_facts_that_mezmo_takes(message: dict[str, Any]) -> None:
    literal = literal_of(json.dumps(message))
    for read in READERS.values():
        assert_valid_facts(read(literal))


@settings(max_examples=300)
@given(message=hostile_texts() | st.text())
def test_any_text_gives_facts_that_mezmo_takes(message: str) -> None:
    literal = literal_of(message)
    for read in READERS.values():
        assert_valid_facts(read(literal))


@given(st.binary() | st.sampled_from([b'"', b'""', b"{}", b"1", b'"{', b'"{"', b'"\xff\xfe', b'"[\\ud800"']))
def test_anything_at_all_does_no_harm(literal: bytes) -> None:
    for read in READERS.values():
        assert_valid_facts(read(literal))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 200_000,
        "[" * 1_000_000,
        '{"kubernetes":' * 50_000 + "1" + "}" * 50_000,
        json.dumps({f"key{number}": number for number in range(60_000)}),
        json.dumps({"level": "x" * 1_000_000, "log": '{"' * 400_000, "requestId": "x" * 100_000}),
        '{"trace_id":"' + "Root=" * 200_000 + '"}',
        "REPORT RequestId: " + "\tDuration: 1 ms" * 70_000,
        "2026-11-23 10:00:00 UTC" + ":" * 1_000_000,
        "# User@Host: " * 80_000,
        "2 " * 500_000,
        "x" * 1_000_000,
        '{"log":"{\\"level\\":\\"\\ud800\\"}","kubernetes":{}}',
    ],
    ids=lambda text: text[:12],
)
def test_large_and_deep_messages_do_no_harm(reader: str, text: str) -> None:
    assert_valid_facts(READERS[reader](literal_of(text)))


def test_objects_of_any_depth_do_no_harm() -> None:
    for depth in range(1, 1200):
        nested = "[" * depth + "]" * depth
        for name in ("kubernetes", "log_processed", "level", "record"):
            text = f'{{"kubernetes":{{}},"type":"platform.","record":{{}},"{name}":{nested}}}'
            assert_valid_facts(READERS["_containers"](literal_of(text)))
            assert_valid_facts(READERS["_lambda"](literal_of(text)))
