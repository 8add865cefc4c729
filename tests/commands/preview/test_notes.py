"""What is said about names, times and JSON."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from handler.lines import json_messages
from tests.commands.preview.samples import STANDARD, notes_of, see
from tests.handler.cloudwatch import FIRST_TIMESTAMP
from tests.handler.doubles import make_settings


@pytest.fixture(autouse=True)
def _new_process() -> Iterator[None]:
    json_messages._names.clear()
    yield
    json_messages._names.clear()


def names(messages: list[object], **document: Any) -> list[list[str]]:
    entries = see(messages, **document).entries
    return [[note.text for note in entry.notes if note.kind == "names"] for entry in entries]


def test_who_wrote_a_line_and_what_templates_may_use() -> None:
    kubernetes = {"kubernetes": {"namespace_name": "shop", "container_name": "c" * 200}, "log": "x"}
    stream = "web/nginx/0123456789abcdef0123456789abcdef"
    assert names(["text", ""]) == [["service lambda; templates may use {function}=checkout"], []]
    assert names(["x"], group="/ecs/shop", stream=stream) == [
        ["service ecs; templates may use {service}=web, {container}=nginx, {family}=shop"]
    ]
    (note,) = names(["x", json.dumps(kubernetes)], group="/any")[1]
    assert note == f"service kubernetes; templates may use {{container}}={'c' * 60}, {{namespace}}=shop"
    assert names(["x"], group="/any", stream="any") == [[]]


def test_of_which_service_is_not_said_where_nothing_is_recognized() -> None:
    seen = see(["x"], make_settings(recognize=False))
    assert [note.kind for entry in seen.entries for note in entry.notes] == []


def test_a_time_of_the_message_s_is_said() -> None:
    times = [FIRST_TIMESTAMP + 1500, FIRST_TIMESTAMP - 2000, "never"]
    messages = [json.dumps({"time": time}) for time in times]
    assert notes_of(see(messages, make_settings(timestamp_field="time"))) == [
        ["time: from the message's time, 1,500 ms later than its event's"],
        ["time: from the message's time, 2,001 ms earlier than its event's"],
        [],
    ]


def test_what_mezmo_indexes_wrongly_is_said() -> None:
    messages = [
        '{"a":{"b":{"c":1}}}',
        '{"a.b":{"c":{"d":{"e":1}}},"_account":1}',
        json.dumps(dict.fromkeys(map(str, range(51)), 1)),
        '{"a.b":1',
        "text {}",
        '{"a.b":' * 2000 + "}" * 2000,
    ]
    told = "warning: Mezmo indexes this JSON with losses: "
    assert notes_of(see(messages)) == [
        [],
        [f"{told}dots in its keys, more than three levels, _account removed; see json_messages"],
        [f"{told}51 fields; see json_messages"],
        [],
        [],
        [],
    ]


def test_what_is_done_to_json_is_said() -> None:
    messages = ['{"a.b":1,"c":"x","12345":2}', "text", '{"a"', "{}"]
    assert notes_of(see(messages, make_settings(json_messages="text"))) == [
        ["json: kept as text by a space at its end"],
        [],
        [],
        ["json: kept as text by a space at its end"],
    ]
    assert notes_of(see(messages, make_settings(json_messages="flattened")))[0] == [
        "json: kept as text by a space at its end, 2 fields of it in meta, 1 left out"
    ]


def test_json_over_several_events_is_one_entry() -> None:
    seen = see(["{", ' "a": 1', "}", "x"], make_settings(multiline={"kind": "json"}))
    assert notes_of(seen) == [["joined: 3 events"], []]
    assert STANDARD.multiline is None
