"""Checks 7 to 9 of the stand-in: what is asked of each line, and what is changed without a word."""

import json
from typing import Any

import pytest

from local.mezmo import FlagKind
from tests.local.mezmo.sender import a_line, stand_in


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in a_line().items() if name not in names}


BAD = {
    "an unknown key": a_line(host="h"),
    "a reserved key": a_line(_account="a"),
    "no object": "hello",
    "no line": without("line"),
    "an empty line": a_line(""),
    "a line that is no string": a_line(line=1),
    "no timestamp": without("timestamp"),
    "a timestamp in seconds": a_line(timestamp=1_700_000_000),
    "a timestamp in microseconds": a_line(timestamp=1_700_000_000_123_000),
    "a fractional timestamp": a_line(timestamp=1_700_000_000_123.0),
    "a timestamp in a string": a_line(timestamp="1700000000123"),
    "neither app nor file": without("app"),
    "an empty app": a_line(app=""),
    "an app that is no string": a_line(app=["a"]),
    "a long app": a_line(app="a" * 513),
    "a long file": a_line(file="f" * 513),
    "a long level": a_line(level="l" * 81),
    "a level that is null": a_line(level=None),
    "an env that is no string": a_line(env=1),
    "a meta that is no object": a_line(meta="meta"),
    "a meta that is null": a_line(meta=None),
    "a large meta": a_line(meta={"a": "ü" * 16_381}),  # {"a":"..."} is 8 bytes, and each ü 2
    "a label that is no object": a_line(label="label"),
    "a label with a number": a_line(label={"a": 1}),
    "an annotation with an object": a_line(annotation={"a": {}}),
}

GOOD = {
    "the longest fields": a_line(app="a" * 512, level="l" * 80),
    "the longest file": {**without("app"), "file": "f" * 512},
    "the largest meta": a_line(meta={"a": "ü" * 16_380}),
    "the earliest timestamp": a_line(timestamp=10**12),
    "the latest timestamp": a_line(timestamp=10**13 - 1),
    "everything": a_line(level="info", env="e", meta={}, label={"a": "b"}, annotation={"c": "d"}),
    "white space": a_line(" "),
}


@pytest.mark.parametrize("line", GOOD.values(), ids=GOOD)
def test_a_good_line_is_taken_without_a_flag(line: dict[str, Any]) -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines(line).status == 200
        assert [committed.fields for committed in mezmo.lines] == [line]
        assert mezmo.flags == ()


@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_a_bad_line_among_good_ones_is_marked_and_not_committed(line: Any) -> None:
    with stand_in() as (mezmo, sender):
        reply = sender.lines(a_line("before"), line, a_line("after"))
        assert reply.status == 207
        assert reply.json == {"status": [200, 400, 200]}
        assert [committed.line for committed in mezmo.lines] == ["before", "after"]
        assert [committed.index for committed in mezmo.lines] == [0, 2]
        (request,) = mezmo.requests
        assert [received.committed for received in request.lines] == [True, False, True]
        assert [received.problem is None for received in request.lines] == [True, False, True]
        assert request.lines[1].value == line


@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_nothing_but_bad_lines_is_400(line: Any) -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines(line, line).status == 400
        assert sender.array(line).status == 400
        assert mezmo.lines == ()


def test_a_pipelines_lines_are_marked_one_by_one_too() -> None:
    with stand_in() as (mezmo, sender):
        reply = sender.array(a_line(""), a_line("good"))
        assert (reply.status, reply.json) == (207, {"status": [400, 200]})
        assert [committed.line for committed in mezmo.lines] == ["good"]


FLAGGED = {
    "a long line": (a_line("a" * 16_385), FlagKind.LINE_TRUNCATED),
    "app and file": (a_line(file="stream"), FlagKind.APP_DROPPED),
    "a deep meta": (a_line(meta={"a": {"b": {"c": {}}}}), FlagKind.META_TOO_DEEP),
    "a deep array": (a_line(meta={"a": {"b": [["c"]]}}), FlagKind.META_TOO_DEEP),
    "a reserved key in meta": (a_line(meta={"_account": "a"}), FlagKind.RESERVED_KEY_REMOVED),
    "a reserved key in JSON text": (a_line('{"_retention": 1}'), FlagKind.RESERVED_KEY_REMOVED),
    "a mixed array": (a_line(meta={"a": ["x", 1]}), FlagKind.META_TYPE_CHANGED),
}

NOT_FLAGGED = {
    "the longest line": a_line("ü" * 8192),
    "a meta of three levels": a_line(meta={"a": {"b": {"c": "d"}}}),
    "a reserved key in text": a_line("_account"),
    "a reserved key below the root": a_line('{"a": {"_account": 1}}'),
    "text like JSON": a_line("{not JSON}"),
    "an array of one type": a_line(meta={"a": ["x", "y"]}),
}


@pytest.mark.parametrize(("line", "kind"), FLAGGED.values(), ids=FLAGGED)
def test_what_mezmo_changes_is_accepted_and_flagged(line: dict[str, Any], kind: FlagKind) -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines(a_line(), line).status == 200
        assert [(flag.kind, flag.request, flag.line) for flag in mezmo.flags] == [(kind, 1, 1)]
        assert mezmo.requests[0].flags == mezmo.flags
        assert len(mezmo.lines) == 2


@pytest.mark.parametrize("line", NOT_FLAGGED.values(), ids=NOT_FLAGGED)
def test_what_mezmo_leaves_alone_is_not_flagged(line: dict[str, Any]) -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines(line).status == 200
        assert mezmo.flags == ()


def test_a_long_line_is_kept_to_its_limit_in_bytes_between_characters() -> None:
    with stand_in() as (mezmo, sender):
        sender.lines(a_line("a" + "ü" * 8192))
        assert mezmo.lines[0].line == "a" + "ü" * 8191


def test_file_takes_the_place_of_app() -> None:
    with stand_in() as (mezmo, sender):
        sender.lines(a_line(app="api", file="stream"))
        sender.lines({**without("app"), "file": "other"})
        assert [line.app for line in mezmo.lines] == ["stream", "other"]


@pytest.mark.parametrize(
    ("before", "after", "flagged"),
    [
        ("text", 1, True),
        (1, "text", True),
        (True, 1, True),
        ("text", ["text"], True),
        ({"b": 1}, "text", True),
        ({"b": 1}, {"b": "text"}, True),
        (["text"], [1], True),
        (1, 1.5, False),
        ("text", None, False),
        ([], ["text"], False),
        ({"b": 1}, {"c": "text"}, False),
    ],
)
def test_a_meta_field_that_changes_type_between_requests_is_flagged(
    before: object, after: object, flagged: bool
) -> None:
    with stand_in() as (mezmo, sender):
        for value in (before, before, after):
            assert sender.lines(a_line(meta={"a": value})).status == 200
        kinds = [(flag.kind, flag.request) for flag in mezmo.flags]
        assert kinds == ([(FlagKind.META_TYPE_CHANGED, 3)] if flagged else [])


def test_a_refused_line_leaves_no_flag_and_no_type_behind() -> None:
    with stand_in() as (mezmo, sender):
        sender.lines(a_line("", meta={"a": 1, "_account": 1}), target="/logs/ingest?hostname=a.b")
        sender.send(json.dumps({"lines": [a_line(meta={"a": "text"})]}).encode())
        assert mezmo.flags == ()
