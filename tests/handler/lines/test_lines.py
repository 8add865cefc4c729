"""Lines in the standard format."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.lines.lines import split_line
from handler.lines.names import names_of
from handler.settings import Settings
from tests.handler.cloudwatch import (
    FILTERS,
    FIRST_TIMESTAMP,
    GROUP,
    OWNER,
    STREAM,
    encode,
    make_event,
    read,
    received,
)
from tests.handler.doubles import make_settings

STANDARD = make_settings()
LARGE = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024"}


def lines_of(event: object, settings: Settings = STANDARD) -> list[dict[str, object]]:
    pieces = encode(settings, read(event, **LARGE))
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
                "aws_service": "lambda",
                "function": "checkout",
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
    pieces = encode(STANDARD, document, filtered=reasons.append)
    assert [line["line"] for piece in pieces for line in json.loads(piece.array)] == ["a", "b"]
    assert reasons == ["empty", "empty"]


def test_a_message_that_is_no_string_goes_as_its_text() -> None:
    messages = [{"a": 1}, 5, None, True]
    assert [line["line"] for line in lines_of(make_event(messages))] == ['{"a":1}', "5", "null", "true"]
    assert lines_of(make_event([12345]))[0]["line"] == "12345", "alone as well"


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
    pieces = encode(settings, read(make_event(messages), **LARGE))
    assert sum(piece.count for piece in pieces) == len(messages)
    assert all(len(piece.array) < 200_000 or piece.count == 1 for piece in pieces)
    assert all(piece.count == len(json.loads(piece.array)) for piece in pieces)
    assert len(pieces) < 30


def parts_of(message: str, **settings: object) -> list[dict[str, Any]]:
    return lines_of(make_event(["a", message, "b"]), make_settings(**settings))[1:-1]  # type: ignore[arg-type]


@pytest.mark.parametrize("fields", [["owner", "event_id"], ["group"], []])
def test_an_oversize_line_is_split_and_each_part_says_how_to_join_it(fields: list[str]) -> None:
    message = "é" * 20_000
    parts = parts_of(message, meta_fields=fields)
    assert "".join(part["line"] for part in parts) == message
    assert [len(part["line"].encode()) for part in parts] == [16_384, 16_384, 7_232]
    for number, part in enumerate(parts):
        assert part["timestamp"] == FIRST_TIMESTAMP + 1 + number
        assert part["app"] == "checkout"
        assert set(part["meta"]) == {*fields, "event_id", "part", "parts", "part_head", "part_tail"}
        assert part["meta"]["event_id"] == f"{1:056d}"
        assert (part["meta"]["part"], part["meta"]["parts"]) == (number + 1, 3)


def test_the_parts_of_a_json_message_are_json() -> None:
    message = json.dumps({"level": "error", "message": "x" * 40_000, "trace": "1-2"})
    parts = parts_of(message)
    documents = [json.loads(part["line"]) for part in parts]
    assert "".join(document.pop("message") for document in documents) == "x" * 40_000
    assert documents == [{"level": "error", "trace": "1-2"}] * 3
    head, tail = parts[0]["meta"]["part_head"], parts[0]["meta"]["part_tail"]
    joined = "".join(part["line"][head : len(part["line"]) - tail] for part in parts)
    assert message[:head] + joined + message[len(message) - tail :] == message


def test_truncated_a_line_says_how_much_is_left_out() -> None:
    (line,) = parts_of("x" * 40_000, oversize_lines="truncate")
    assert line["line"] == "x" * 16_384
    assert line["timestamp"] == FIRST_TIMESTAMP + 1
    assert line["meta"]["truncated_bytes"] == 40_000 - 16_384
    (line,) = parts_of(json.dumps({"m": "x" * 40_000, "level": "warn"}), oversize_lines="truncate")
    assert json.loads(line["line"])["level"] == "warn"


def test_whole_a_line_is_as_it_is() -> None:
    (line,) = parts_of("x" * 40_000, oversize_lines="whole")
    assert line["line"] == "x" * 40_000
    assert "part" not in line["meta"]


@pytest.mark.parametrize("policy", ["split", "truncate", "whole"])
def test_a_line_that_just_fits_is_left_alone(policy: str) -> None:
    for message in ("x" * 16_384, "\n" * 9_000 + "x", '"' * 16_384):
        (line,) = parts_of(message, oversize_lines=policy)
        assert (line["line"], "part" in line["meta"]) == (message, False)


@pytest.mark.parametrize("line_format", ["mezmo-lambda", "mezmo-lambda-raw"])
def test_the_formats_of_mezmo_s_lambda_are_whole_unless_asked_otherwise(line_format: str) -> None:
    message = "x" * 40_000
    (line,) = parts_of(message, line_format=line_format)
    assert message in line["line"]
    parts = parts_of(message, line_format=line_format, oversize_lines="split")
    texts = [part["line"] for part in parts]
    if line_format == "mezmo-lambda":
        texts = [json.loads(text)["message"] for text in texts]
        assert {part["meta"]["owner"] for part in parts} == {OWNER}
    assert "".join(texts) == message
    assert [part["meta"]["part"] for part in parts] == [1, 2, 3]
    assert all(part["file"] == STREAM for part in parts)


@given(st.lists(st.text(max_size=3) | st.sampled_from(["", "x" * 17_000, "é" * 9_000, "{" * 40_000])))
def test_each_line_knows_its_log_event(messages: list[str]) -> None:
    document = received(messages)
    pieces = encode(STANDARD, document)
    places = [place for piece in pieces for place in piece.events]
    lines = [line for piece in pieces for line in json.loads(piece.array)]
    ids = [json.loads(bytes(document.document.log_events[place].id)) for place in places]
    assert [line["meta"]["event_id"] for line in lines] == ids
    assert places == sorted(places)
    assert {*places} == {place for place, text in enumerate(messages) if text.rstrip(" \t\n\r\v\f")}


@pytest.mark.parametrize("line_format", ["standard", "mezmo-lambda", "mezmo-lambda-raw"])
def test_a_whole_line_can_be_split_later_and_a_part_cannot(line_format: str) -> None:
    settings = make_settings(line_format=line_format, oversize_lines="whole")
    (piece,) = encode(settings, received(["x" * 40_000]))
    names = names_of(settings, piece.source.document)
    parts = split_line(settings, piece, names)
    assert [part.count for part in parts] == [1, 1, 1]
    assert [[*part.events] for part in parts] == [[0]] * 3
    assert [split_line(settings, part, names) for part in parts] == [[], [], []]
    (short,) = encode(settings, received(["x"]))
    assert split_line(settings, short, names) == []


def test_what_a_message_says_of_itself_comes_with_its_line_alone() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    messages = [
        "text",
        '{"level":30,"msg":"pino"}',
        '{"level":"warn","msg":"Mezmo reads this"}',
        f'{{"severity":"ERROR","traceparent":"00-{trace}-00f067aa0ba902b7-01"}}',
        "{broken",
    ]
    lines = lines_of(make_event(messages, group="/app", stream="s"))
    assert [line.get("level") for line in lines] == [None, "INFO", None, "ERROR", None]
    assert [line["meta"].get("trace_id") for line in lines] == [None, None, None, trace, None]  # type: ignore[attr-defined]
    ids = [line["meta"]["event_id"] for line in lines]  # type: ignore[index]
    assert len(set(ids)) == len(ids)
    assert [line["line"] for line in lines] == messages


def test_a_part_says_what_its_message_said() -> None:
    message = json.dumps({"level": 50, "msg": "x" * 40_000})
    parts = lines_of(make_event([message], group="/app"))
    assert {part["level"] for part in parts} == {"ERROR"}
    assert len({part["meta"]["event_id"] for part in parts}) == 1  # type: ignore[index]


def test_nothing_is_read_of_messages_unless_it_is_wanted() -> None:
    settings = make_settings(recognize=False)
    (line,) = lines_of(make_event(['{"level":30}'], group="/ecs/app"), settings)
    assert "level" not in line
    assert line["app"] == "app"
    assert {*line["meta"]} == {"owner", "group", "stream", "event_id", "filters"}  # type: ignore[misc]


def test_meta_holds_the_fields_that_are_wanted_and_one_s_own() -> None:
    settings = make_settings(
        meta_fields=["service", "trace", "region", "account_alias"],
        meta={"team": "shop", "where": "{cluster}/{log}", "missing": "{container}", "pod_of": "{namespace}"},
        account_alias="prod",
        region="eu-west-3",
    )
    event = make_event(
        [json.dumps({"log": "hi", "kubernetes": {"namespace_name": "web", "pod_name": "p-1"}}), "text"],
        group="/aws/containerinsights/eu.prod/application",
    )
    told, plain = (line["meta"] for line in lines_of(event, settings))
    assert plain == {
        "account_alias": "prod",
        "region": "eu-west-3",
        "aws_service": "eks",
        "cluster": "eu.prod",
        "log": "application",
        "team": "shop",
        "where": "eu.prod/application",
    }
    assert told == plain | {"namespace": "web", "pod": "p-1", "pod_of": "web"}


def test_app_and_env_may_be_templates_over_what_a_message_names() -> None:
    settings = make_settings(app="{namespace}/{container}", env="{namespace}")
    kubernetes = {"namespace_name": "web", "pod_name": "p-1", "container_name": "nginx"}
    event = make_event(
        [json.dumps({"log": "hi", "kubernetes": kubernetes}), "text"],
        group="/aws/containerinsights/c/application",
    )
    told, plain = lines_of(event, settings)
    assert (told["app"], told["env"]) == ("web/nginx", "web")
    assert (plain["app"], plain.get("env")) == ("application", None)
