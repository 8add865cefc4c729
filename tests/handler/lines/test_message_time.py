"""The time inside a JSON message."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.events.joining import join
from handler.lines.lines import split_line
from handler.lines.message_time import milliseconds_of
from handler.lines.names import names_of
from handler.settings import Multiline, Settings
from local.mezmo.line_rules import LineFlags, problem_of
from local.simulation import SimulatedMezmo
from local.simulation.house import KEY, House
from tests.handler.cloudwatch import FIRST_TIMESTAMP, encode, make_event, received
from tests.handler.doubles import make_settings

SECOND = FIRST_TIMESTAMP // 1000
TIMED = make_settings(timestamp_field="time")


def lines_of(settings: Settings, *messages: object) -> list[dict[str, Any]]:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in messages]
    return [line for piece in encode(settings, received(texts)) for line in json.loads(piece.array)]


@pytest.mark.parametrize(
    "value",
    [
        SECOND + 5,
        SECOND + 5.0,
        (SECOND + 5) * 1000,
        (SECOND + 5) * 1000 + 0.7,
        (SECOND + 5) * 10**6 + 999,
        (SECOND + 5) * 10**9 + 999_999,
        str(SECOND + 5),
        f"{SECOND + 5}.000000001",
        str((SECOND + 5) * 10**9),
        f"{datetime.fromtimestamp(SECOND + 5, UTC):%FT%T}Z",
        f"{datetime.fromtimestamp(SECOND + 5, UTC):%F %T,000}",
        f"{datetime.fromtimestamp(SECOND + 5, UTC):%FT%T.000999999}+00:00",
        f"{datetime.fromtimestamp(SECOND + 5, timezone(timedelta(hours=5.5))):%FT%T}+0530",
        f"{datetime.fromtimestamp(SECOND + 5, UTC):%Y%m%dT%H%M%S}Z",
    ],
)
def test_every_way_to_write_a_time(value: object) -> None:
    (line,) = lines_of(TIMED, {"time": value})
    assert line["timestamp"] == (SECOND + 5) * 1000
    assert line["meta"]["event_timestamp"] == FIRST_TIMESTAMP


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "now",
        "2026-11-18",
        "2026-11-18T11:46:60Z",
        "11:46:45 today or so",
        "9" * 400,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        0,
        -SECOND,
        5,
        -1.5,
        1e300,
        10**30,
        [SECOND],
        {"s": SECOND},
        SECOND + 2 * 3600 + 1,
        SECOND - 14 * 86400 - 1,
    ],
)
def test_what_cannot_be_the_message_s_time_leaves_the_event_s(value: object) -> None:
    (line,) = lines_of(TIMED, {"time": value})
    assert line["timestamp"] == FIRST_TIMESTAMP
    assert "event_timestamp" not in line["meta"]


@pytest.mark.parametrize("seconds", [-14 * 86400, 2 * 3600])
def test_as_far_from_the_event_s_own_as_cloudwatch_takes_events(seconds: int) -> None:
    (line,) = lines_of(TIMED, {"time": SECOND + seconds})
    assert line["timestamp"] == FIRST_TIMESTAMP + seconds * 1000


@pytest.mark.parametrize(
    "message",
    [
        "text",
        "{",
        '{"time":1795000005',
        '{"time":1795000005}{"time":1795000005}',
        '["time", 1795000005]',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"time":' * 100_000,
        '{"other":1795000005}',
        '{"time":1795000005} and more',
    ],
)
def test_a_message_without_it_has_its_event_s(message: str) -> None:
    line = lines_of(TIMED, message)[0]
    assert line["timestamp"] == FIRST_TIMESTAMP
    assert "event_timestamp" not in line["meta"]


def test_nothing_is_read_unless_it_is_asked_for() -> None:
    (line,) = lines_of(make_settings(), {"time": SECOND + 5})
    assert line["timestamp"] == FIRST_TIMESTAMP


def test_a_path_with_dots_is_a_name_or_the_way_to_a_field() -> None:
    settings = make_settings(timestamp_field="log.time")
    assert lines_of(settings, {"log.time": SECOND + 5})[0]["timestamp"] == FIRST_TIMESTAMP + 5000
    assert lines_of(settings, {"log": {"time": SECOND + 5}})[0]["timestamp"] == FIRST_TIMESTAMP + 5000
    assert lines_of(settings, {"log": [SECOND + 5]})[0]["timestamp"] == FIRST_TIMESTAMP


def test_white_space_around_an_object_changes_nothing() -> None:
    (line,) = lines_of(TIMED, '\n  {\n  "time": 1795000005,\n  "severity": "WARNING"\n}\n')
    assert (line["timestamp"], line["level"]) == (FIRST_TIMESTAMP + 5000, "WARN")


@pytest.mark.parametrize("fields", [[], ["event_id"], ["event_id", "service", "trace"]])
@pytest.mark.parametrize("more", [{}, {"severity": "ERROR"}, {"trace_id": "4bf92f3577b34da6" * 2}])
def test_but_for_the_two_times_a_line_is_as_it_would_be(fields: list[str], more: dict[str, str]) -> None:
    messages = [{"time": SECOND + 5, **more}, "text", {"time": SECOND, **more}, {"time": "never", **more}]
    plain = lines_of(make_settings(meta_fields=fields), *messages)
    timed = lines_of(make_settings(meta_fields=fields, timestamp_field="time"), *messages)
    for place, moment in ((0, FIRST_TIMESTAMP + 5000), (2, FIRST_TIMESTAMP)):
        plain[place]["timestamp"] = moment
        plain[place]["meta"] = {**plain[place].get("meta", {}), "event_timestamp": FIRST_TIMESTAMP + place}
    assert timed == plain


@pytest.mark.parametrize("line_format", ["mezmo-lambda", "mezmo-lambda-raw"])
def test_in_the_formats_of_mezmo_s_lambda_as_well(line_format: str) -> None:
    settings = make_settings(line_format=line_format, timestamp_field="time")
    timed, own = lines_of(settings, {"time": SECOND + 5}, "text")
    assert (timed["timestamp"], timed["meta"]["event_timestamp"]) == (FIRST_TIMESTAMP + 5000, FIRST_TIMESTAMP)
    assert (own["timestamp"], "event_timestamp" in own["meta"]) == (FIRST_TIMESTAMP + 1, False)


def test_a_number_that_is_redacted_tells_the_time_before() -> None:
    redact = {"rules": [{"rule": "number", "pattern": r"\d{13}"}]}
    moment = FIRST_TIMESTAMP + 5000
    (line,) = lines_of(make_settings(timestamp_field="time", redact=redact), {"time": moment})
    assert (line["timestamp"], line["line"]) == (moment, '{"time": "[redacted:number]"}')


def test_parts_are_a_millisecond_apart_from_the_message_s_time_on() -> None:
    message = json.dumps({"time": SECOND + 5, "text": "x" * 40_000})
    parts = lines_of(TIMED, message)
    assert [part["timestamp"] - FIRST_TIMESTAMP for part in parts] == [5000, 5001, 5002]
    assert {part["meta"]["event_timestamp"] for part in parts} == {FIRST_TIMESTAMP}
    (cut,) = lines_of(make_settings(timestamp_field="time", oversize_lines="truncate"), message)
    assert (cut["timestamp"], cut["meta"]["event_timestamp"]) == (FIRST_TIMESTAMP + 5000, FIRST_TIMESTAMP)
    document = received([message])
    (piece,) = encode(make_settings(timestamp_field="time", oversize_lines="whole"), document)
    later = split_line(TIMED, piece, names_of(TIMED, document.document))
    assert [json.loads(part.array)[0] for part in later] == parts


def test_a_joined_object_tells_the_time_too() -> None:
    document = join(Multiline("json"), received(["x", "{", f'  "time": {SECOND + 5}', "}"]))
    (piece,) = encode(TIMED, document)
    _, line = json.loads(piece.array)
    assert line["timestamp"] == FIRST_TIMESTAMP + 5000
    assert (line["meta"]["event_timestamp"], len(line["meta"]["event_ids"])) == (FIRST_TIMESTAMP + 1, 2)


def test_for_one_subscription_alone_and_again_from_the_store() -> None:
    times: list[tuple[str, int]] = []
    mezmo = SimulatedMezmo(
        KEY,
        code=lambda _: 200 if house.world.now > 60 else 503,
        on_line=lambda text, moment, _now: times.append((text, moment)),
    )
    house = House(mezmo=mezmo, subscriptions={"mine": {"timestamp_field": "time"}})
    for name in ("mine", "other"):
        house.send(make_event([json.dumps({"time": SECOND + 5, "of": name})], filters=[name]))
    house.redrive_every(300)
    with house.lived_in():
        house.aws.run(3600, done=lambda: not house.aws.pending and not house.waiting)
    assert {json.loads(text)["of"]: moment for text, moment in times} == {
        "mine": FIRST_TIMESTAMP + 5000,
        "other": FIRST_TIMESTAMP,
    }


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.datetimes().map(str)
    | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    | st.integers(-(10**20), 10**20).map(str)
)


@given(st.lists(VALUES, max_size=5))
def test_whatever_stands_there_mezmo_takes_the_line(values: list[object]) -> None:
    flags = LineFlags()
    for line in lines_of(TIMED, *({"time": value} for value in values)):
        assert problem_of(line) is None
        assert flags.of(line) == []
        own = line["meta"].get("event_timestamp", FIRST_TIMESTAMP)
        assert -14 * 86_400_000 <= line["timestamp"] - own <= 2 * 3_600_000


@given(st.integers(10**14, 10**16 - 1), st.sampled_from([0, 3, 6, 9]))
def test_numbers_and_texts_tell_the_same(whole: int, digits: int) -> None:
    aware = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=whole)
    number = whole * 1000 // 10 ** (9 - digits)
    exact = whole // 1000 if digits else whole // 10**6 * 1000
    assert milliseconds_of(number) == milliseconds_of(str(number)) == exact
    assert milliseconds_of(aware.isoformat()[:-6]) == milliseconds_of(aware.isoformat(" ")) == whole // 1000
