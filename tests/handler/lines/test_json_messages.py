"""JSON messages that Mezmo is kept from parsing, and their fields in `meta`."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.lines import json_messages
from handler.settings import Settings
from local.mezmo.line_rules import LineFlags, problem_of
from tests.handler.cloudwatch import encode, received
from tests.handler.doubles import make_settings

TEXT = make_settings(json_messages="text")
FLAT = make_settings(json_messages="flattened")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(autouse=True)
def _new_process() -> Iterator[None]:
    json_messages._names.clear()
    yield
    json_messages._names.clear()


def lines_of(settings: Settings, *messages: object) -> list[dict[str, Any]]:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in messages]
    return [line for piece in encode(settings, received(texts)) for line in json.loads(piece.array)]


def flat(message: object) -> dict[str, Any]:
    """Return what `meta` has of a message's fields."""
    (line,) = lines_of(FLAT, message)
    return {name: value for name, value in line.get("meta", {}).items() if name.startswith("json_")}


def test_by_default_a_line_is_its_message() -> None:
    (line,) = lines_of(make_settings(), '{"a.b":1}\n')
    assert line["line"] == '{"a.b":1}'
    assert not [name for name in line["meta"] if name.startswith("json_")]


@pytest.mark.parametrize("settings", [TEXT, FLAT])
@pytest.mark.parametrize(
    "message", ['{"a":1}', '{"a":1}\n', ' {\n  "a": 1\n}\r\n', "{}", '{"a":1}}', "{broken}"]
)
def test_an_object_is_whole_and_ends_in_a_space(settings: Settings, message: str) -> None:
    (line,) = lines_of(settings, message)
    assert line["line"] == message.rstrip() + " "


@pytest.mark.parametrize("settings", [TEXT, FLAT])
@pytest.mark.parametrize("message", ["text", "a {}", "[{}]", '"{}"', "{", "{a", '{"a":1} x'])
def test_other_messages_stay_as_they_are(settings: Settings, message: str) -> None:
    (line,) = lines_of(settings, message)
    assert line["line"] == message
    assert "level" not in line


@pytest.mark.parametrize("settings", [TEXT, FLAT, make_settings(json_messages="text", recognize=False)])
@pytest.mark.parametrize(
    ("message", "level"),
    [
        ({"level": "warning"}, "WARN"),
        ({"level": "info", "severity": "ERROR"}, "INFO"),
        ({"level": 50}, "ERROR"),
        ({"levelname": "CRITICAL"}, "CRITICAL"),
        ({"level": "audit"}, "audit"),
        ({"level": "x\n" * 500}, "x_" * 40),
        ({"level": ""}, None),
        ({"level": ["info"]}, None),
    ],
)
def test_its_level_is_told_since_mezmo_looks_for_none(
    settings: Settings, message: object, level: str | None
) -> None:
    (line,) = lines_of(settings, message)
    assert line.get("level") == level


def test_what_is_recognized_stays() -> None:
    message = {"level": "error", "trace_id": TRACE, "requestId": "x"}
    (plain,), (line,) = lines_of(make_settings(), message), lines_of(FLAT, message)
    assert line["level"] == "ERROR"
    assert line["meta"] == {
        **plain["meta"],
        "json_texts": {"level": "error", "trace_id": TRACE, "requestId": "x"},
    }
    assert line["meta"]["trace_id"] == TRACE
    assert line["meta"]["request_id"] == "x"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"a.b": "x"}, {"json_texts": {"a_b": "x"}}),
        ({"a": {"b-c": {"d e": "x"}}}, {"json_texts": {"a_b_c_d_e": "x"}}),
        ({"a": 1, "b": 1.5, "c": -2}, {"json_numbers": {"a": 1, "b": 1.5, "c": -2}}),
        ({"a": True, "b": None, "c": "", "d": [], "e": {}}, {"json_texts": {"a": "true"}}),
        ({"a": [1, {"b": 2}]}, {"json_texts": {"a": '[1,{"b":2}]'}}),
        ({"a": 2**63}, {"json_texts": {"a": str(2**63)}}),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, {"json_texts": {"a_b_c_d": '{"e":1}'}}),
        ({"a": {"b": {"c": {"d": 1}}}}, {"json_numbers": {"a_b_c_d": 1}}),
        ({"orders": {"o-12345": 1, "o": 2}}, {"json_texts": {"orders": '{"o-12345":1,"o":2}'}}),
        ({"a": {"": 1}}, {"json_texts": {"a": '{"":1}'}}),
        ({"12345": 1, "ipv4": 2}, {"json_numbers": {"ipv4": 2}, "json_left_out": 1}),
        ({"x" * 65: 1, "x" * 64: 2}, {"json_numbers": {"x" * 64: 2}, "json_left_out": 1}),
        ({"a_b": 1, "a": {"b": 2}}, {"json_numbers": {"a_b": 1}, "json_left_out": 1}),
        ({"a": "é" * 300}, {"json_texts": {"a": "é" * 256}}),
        ({"é": 1}, {"json_numbers": {"_": 1}}),
        ("{}", {}),
        ('{"a":1', {}),
        ('{"a":"\\ud800"}', {}),
        ("text", {}),
    ],
)
def test_the_rules(message: object, expected: dict[str, Any]) -> None:
    assert flat(message) == expected


def test_a_field_has_one_type_whatever_messages_say() -> None:
    assert [flat({"a": value}) for value in (1, "1", True, [1], {"b": 1})] == [
        {"json_numbers": {"a": 1}},
        {"json_texts": {"a": "1"}},
        {"json_texts": {"a": "true"}},
        {"json_texts": {"a": "[1]"}},
        {"json_numbers": {"a_b": 1}},
    ]


def letters(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(number))


def test_a_message_gives_as_many_fields_and_bytes_as_there_is_room_for() -> None:
    many = flat({letters(number): number for number in range(60)})
    assert (len(many["json_numbers"]), many["json_left_out"]) == (50, 10)
    wide = flat({letters(number): "x" * 256 for number in range(40)})
    assert sum(map(len, [*wide["json_texts"], *wide["json_texts"].values()])) <= 4096
    assert len(wide["json_texts"]) + wide["json_left_out"] == 40


def test_all_messages_together_name_300_fields() -> None:
    found: set[str] = set()
    for start in range(0, 1000, 10):
        found |= {*flat({letters(n): n for n in range(start, start + 10)}).get("json_numbers", {})}
    assert len(found) == 300
    assert flat({letters(0): 1, letters(999): 1}) == {"json_numbers": {"a": 1}, "json_left_out": 1}


def test_of_a_message_that_is_too_large_no_fields_are_taken() -> None:
    lines = lines_of(FLAT, {"level": "error", "a": "x" * 66_000})
    assert {line["level"] for line in lines} == {"ERROR"}
    assert not any("json_texts" in line["meta"] for line in lines)


def test_in_parts_the_fields_stand_in_the_first() -> None:
    lines = lines_of(FLAT, {"a": 1, "b": "x" * 40_000})
    assert ["json_numbers" in line["meta"] for line in lines] == [True, False, False]
    assert json.loads("".join(line["line"] for line in lines)) == {"a": 1, "b": "x" * 40_000}


def test_without_meta_fields_they_are_there_all_the_same() -> None:
    (line,) = lines_of(make_settings(json_messages="flattened", meta_fields=[]), {"a": 1})
    assert line["meta"] == {"json_numbers": {"a": 1}}


@pytest.mark.parametrize("line_format", ["mezmo-lambda", "mezmo-lambda-raw"])
def test_the_formats_of_mezmo_s_lambda_are_hers_byte_for_byte(line_format: str) -> None:
    plain = lines_of(make_settings(line_format=line_format), {"a.b": 1})
    assert lines_of(make_settings(line_format=line_format, json_messages="flattened"), {"a.b": 1}) == plain


KEYS = st.text(max_size=5) | st.sampled_from(
    ["a.b", "level", "_account", "_retention", "a", "b", "line", "app"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=6), st.sampled_from([TEXT, FLAT]))
def test_whatever_messages_hold_mezmo_changes_nothing(messages: list[object], settings: Settings) -> None:
    flags = LineFlags()
    lines = lines_of(settings, *messages)
    for line, message in zip(lines, messages, strict=True):
        assert problem_of(line) is None
        assert flags.of(line) == []
        assert line["line"] == json.dumps(message) + " "
        assert not any(
            "." in name for kind in ("json_texts", "json_numbers") for name in line["meta"].get(kind, ())
        )
