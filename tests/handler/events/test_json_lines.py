"""JSON printed over several lines."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.events.joining import join
from handler.settings import Multiline
from tests.handler.cloudwatch import (
    FIRST_TIMESTAMP,
    encode,
    make_document,
    pack,
    read,
    received,
    to_json,
)
from tests.handler.doubles import calls_of, make_settings

JSON = Multiline("json")
WITH_TRACES = Multiline("stack-traces", json=True)
OBJECT = {"level": "error", "user": {"id": 5, "tags": ["a", {"b": None}]}, "text": 'a "quoted" } { ] \\ é'}


def joined(messages: list[Any], multiline: Multiline = JSON) -> list[str]:
    return [
        json.loads(bytes(event.message)) for event in join(multiline, received(messages)).document.log_events
    ]


def printed(value: object, indent: int | str = 2) -> list[str]:
    return json.dumps(value, indent=indent).split("\n")


@pytest.mark.parametrize("multiline", [JSON, WITH_TRACES, Multiline("timestamp", json=True)])
@pytest.mark.parametrize("indent", [1, 2, 4, "\t"])
@pytest.mark.parametrize("end", ["", "\n", " \r\n"])
@pytest.mark.parametrize("value", [OBJECT, [OBJECT, OBJECT], [[1], [2]]])
def test_what_is_printed_over_several_lines_becomes_one(
    multiline: Multiline, indent: Any, end: str, value: object
) -> None:
    some = [line + end for line in printed(value, indent)]
    first, one, two, last = joined(["[INFO] {", *some, *some, "2026-11-27 next"], multiline)
    assert (first, last) == ("[INFO] {", "2026-11-27 next")
    assert json.loads(one) == json.loads(two) == value


def test_its_line_has_level_and_trace_and_all_ids() -> None:
    document = join(JSON, received(["x", *printed({"severity": "WARNING", "a": 1}), "y"]))
    (piece,) = encode(make_settings(), document)
    _, line, _ = json.loads(piece.array)
    assert (line["level"], line["timestamp"]) == ("WARN", FIRST_TIMESTAMP + 1)
    assert line["meta"]["event_id"] == f"{1:056d}"
    assert line["meta"]["event_ids"] == [f"{number:056d}" for number in (2, 3, 4)]


@pytest.mark.parametrize(
    "messages",
    [
        ["{", '  "a": 1'],  # never closed
        ["{", '  "a": 1', "}}"],
        ["{", '  "a": 1,', "}"],
        ["{", "  a: 1", "}"],
        ["{", '  "a": 1', "next", "}"],
        ["{", '  "a": 1', '{"whole":1}', "}"],
        ["{", 5, "}"],
        ["{ not", "json }"],
        ["[INFO] a", "[", "]x"],
        ["[", "1]2"],
        ['{"a": "', "\n", '"}'],
        ["{}", "[]", '{"a":{}}', '[{"a":1}]'],
        ["}", "]", "{", "{", "["],
        ["", " ", "{", "", " "],
        ["\ud83d", "{", '"a": "\\', '"'],
    ],
)
def test_what_is_no_json_together_stays_as_it_came(messages: list[object]) -> None:
    document = received(messages)
    after = join(JSON, document)
    assert after.document.log_events == document.document.log_events
    assert after.packed == document.packed


def test_what_is_no_json_goes_as_it_would_have_gone() -> None:
    trace = [
        "ERROR it failed {",
        "Traceback (most recent call last):",
        '  File "x.py", line 1',
        "ValueError: no",
    ]
    messages = ["{", '  "a": 1,', *trace]
    assert joined(messages, WITH_TRACES) == joined(messages, Multiline("stack-traces"))
    assert joined([*trace, *printed({"a": 1}), *trace, "{", " x"], WITH_TRACES) == [
        "\n".join(trace),
        '{\n  "a": 1\n}',
        "\n".join(trace),
        "{\n x",
    ]


def test_after_what_is_never_closed_the_next_is_found() -> None:
    one = printed(OBJECT)
    assert joined(["{", *one, "[", "[", *one[:-1], *one]) == [
        "{",
        "\n".join(one),
        "[",
        "[",
        *one[:-1],
        "\n".join(one),
    ]


def test_what_was_cut_within_a_string_is_whole_again() -> None:
    text = json.dumps({"a": "x" * 50, "b": [1, 2]})
    assert joined([text[:20], text[20:40], text[40:]]) == [text]


def test_white_space_within_a_string_stays() -> None:
    assert joined(['{"a": "b ', ' c"', "}"]) == ['{"a": "b  c"\n}']


def test_several_objects_in_one_event_stay_one_line() -> None:
    for text in ('{"a":1}{"a":2}', '{"a":1}\n{"a":2}'):
        assert joined([text, text]) == [text, text]
        (piece,) = encode(make_settings(), received([text]))
        assert [line["line"] for line in json.loads(piece.array)] == [text]


def test_bounds() -> None:
    one = printed({"a": 1, "b": 2, "c": 3})  # five events, 42 bytes as JSON text
    assert len(joined(one, Multiline("json", max_lines=5))) == 1
    assert joined(one, Multiline("json", max_lines=4)) == one
    wide = ["{", '"a": "' + "x" * 248, '"}']
    size = sum(len(to_json(line)) for line in wide)
    assert len(joined(wide, Multiline("json", max_bytes=size))) == 1
    assert joined(wide, Multiline("json", max_bytes=size - 1)) == wide
    document = make_document(one)
    for number, event in enumerate(document["logEvents"]):  # type: ignore[arg-type, var-annotated]
        event["timestamp"] = FIRST_TIMESTAMP + 100 * number
    late = read(pack(to_json(document)))
    assert len(join(Multiline("json", max_gap=0.1), late).document.log_events) == 1
    assert len(join(Multiline("json", max_gap=0.099), late).document.log_events) == 5


def test_long_ids_leave_it_as_it_came() -> None:
    document = make_document(printed([*range(98)]))
    for number, event in enumerate(document["logEvents"]):  # type: ignore[arg-type, var-annotated]
        event["id"] = f"{number:01000d}"
    assert len(join(JSON, read(pack(to_json(document)))).document.log_events) == 100


TEXTS = st.sampled_from(
    ["{", "[", "}", "]", '  "a": {', "  },", '  "b": 1', "x", '{"c":1}', '"d', "\\", "\ud83d"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
RUNS = st.lists(TEXTS, max_size=6) | st.dictionaries(st.text(max_size=4), VALUES, min_size=1).map(printed)
KINDS = st.sampled_from([JSON, WITH_TRACES, Multiline("json", max_lines=4, max_bytes=256)])


@given(st.lists(RUNS, max_size=8).map(lambda runs: [text for run in runs for text in run]), KINDS)
def test_no_id_and_no_character_is_lost(messages: list[str], multiline: Multiline) -> None:
    before = received(messages).document.log_events
    place = 0
    for event in join(multiline, received(messages)).document.log_events:
        some = before[place : place + 1 + len(event.event_ids)]
        place += len(some)
        assert (bytes(event.id), event.timestamp) == (bytes(some[0].id), some[0].timestamp)
        assert [*event.event_ids] == [json.loads(bytes(one.id)) for one in some[1:]]
        text, texts = json.loads(bytes(event.message)), [json.loads(bytes(one.message)) for one in some]
        assert text.replace("\n", "") == "".join(texts).replace("\n", "")
        assert len(some) <= multiline.max_lines
        assert all(b.timestamp - a.timestamp <= multiline.max_gap * 1000 for a, b in pairwise(some))
    assert place == len(before)


@given(VALUES.filter(lambda value: isinstance(value, dict) and value), st.integers(1, 4))
def test_any_object_printed_becomes_one_line(value: object, indent: int) -> None:
    assert [json.loads(text) for text in joined(["x", *printed(value, indent)])[1:]] == [value]


@pytest.mark.parametrize("messages", [["{"], ["["], ["{", "x"], ['{"', "x", "x"], ["[", " ["], ['{"a": "']])
def test_what_is_read_grows_with_the_lines_alone(messages: list[str]) -> None:
    def reads(count: int) -> int:
        document = received(messages * count)
        return calls_of(lambda: join(JSON, document))

    reads(10)
    assert reads(2_000) < 2.2 * reads(1_000)
