"""Lines in the standard format."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.lines import encode_lines
from handler.settings import Settings
from tests.handler.cloudwatch import (
    FILTERS,
    FIRST_TIMESTAMP,
    GROUP,
    OWNER,
    STREAM,
    make_event,
    read,
    received,
)
from tests.handler.doubles import make_settings

STANDARD = make_settings()
LARGE = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024"}


def lines_of(event: object, settings: Settings = STANDARD) -> list[dict[str, object]]:
    pieces = encode_lines(settings, read(event, **LARGE), filtered=lambda _: None)
    return [line for piece in pieces for line in json.loads(piece.array)]


def texts_of(messages: list[str], settings: Settings = STANDARD) -> list[object]:
    return [line["line"] for line in lines_of(make_event(messages), settings)]


def test_a_line_with_everything_by_default() -> None:
    assert lines_of(make_event(["hello\n"])) == [
        {
            "line": "hello",
            "timestamp": FIRST_TIMESTAMP,
            "app": "checkout",
            "meta": {
                "owner": OWNER,
                "group": GROUP,
                "stream": STREAM,
                "event_id": "0" * 56,
                "filters": list(FILTERS),
            },
        }
    ]


@given(st.lists(st.text().map(lambda text: text + "x")))
def test_texts_pass_as_they_are(messages: list[str]) -> None:
    assert texts_of(messages) == messages


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ('{"level":"info","message":"x"}\n', '{"level":"info","message":"x"}'),
        ("C:\\n \r\n", "C:\\n"),
        ("  a\n\tb\n\n", "  a\n\tb"),
        ("a\0b\0", "a\0b\0"),
        ("a\u00a0", "a\u00a0"),
        ("\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m"),
    ],
)
def test_only_white_space_at_the_end_is_cut(message: str, line: str) -> None:
    assert texts_of([message]) == [line]


def test_lone_surrogates_become_the_replacement_character() -> None:
    assert texts_of(["a\ud83d \n", "😀\udc00"]) == ["a\ufffd", "😀\ufffd"]


def test_what_is_empty_is_filtered_and_counted() -> None:
    reasons: list[str] = []
    document = received(["", "a", " \r\n", "b"])
    pieces = list(encode_lines(STANDARD, document, filtered=reasons.append))
    assert [line["line"] for piece in pieces for line in json.loads(piece.array)] == ["a", "b"]
    assert reasons == ["empty", "empty"]


def test_a_message_that_is_no_string_goes_as_its_text() -> None:
    messages = [{"a": 1}, 5, None, True]
    assert [line["line"] for line in lines_of(make_event(messages))] == ['{"a":1}', "5", "null", "true"]


def test_app_and_env_as_configured() -> None:
    (line,) = lines_of(make_event(["x"]), make_settings(app="shop", env="prod"))
    assert (line["app"], line["env"]) == ("shop", "prod")
    assert list(line) == ["line", "timestamp", "app", "env", "meta"]


@pytest.mark.parametrize("fields", [["event_id"], ["filters", "owner"], ["group", "stream"]])
def test_meta_holds_the_chosen_fields(fields: list[str]) -> None:
    (line,) = lines_of(make_event(["x"]), make_settings(meta_fields=fields))
    assert list(line["meta"]) == fields  # type: ignore[call-overload]


def test_names_may_hold_what_means_something_to_a_template() -> None:
    names = {"group": "/100%/%b%%d", "stream": '%s\0\1\n"\\', "filters": ["%(x)s"], "owner": "é%"}
    (line,) = lines_of(make_event(["%b %d"], **names), make_settings(env="%d"))
    assert (line["line"], line["app"], line["env"]) == ("%b %d", "%b%%d", "%d")
    assert line["meta"] == {**names, "event_id": "0" * 56}


def test_no_meta_without_fields() -> None:
    (line,) = lines_of(make_event(["x"]), make_settings(meta_fields=[]))
    assert list(line) == ["line", "timestamp", "app"]


@pytest.mark.parametrize("line_format", ["standard", "mezmo-lambda", "mezmo-lambda-raw"])
def test_pieces_are_small_but_for_lines_that_are_not(line_format: str) -> None:
    messages = ["a" * 40] * 900 + ["b" * 200_000] + ["c" * 4000] * 100 + ["d"]
    settings = make_settings(line_format=line_format, oversize_lines="whole")
    pieces = list(encode_lines(settings, read(make_event(messages), **LARGE), filtered=print))
    assert sum(piece.count for piece in pieces) == len(messages)
    assert all(len(piece.array) < 200_000 or piece.count == 1 for piece in pieces)
    assert all(piece.count == len(json.loads(piece.array)) for piece in pieces)
    assert len(pieces) < 30
