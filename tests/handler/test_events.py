"""What came in."""

import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import CorruptEventError, EventTooLargeError, NotCloudWatchLogsError
from handler.events import Limits, read_event
from tests.handler.cloudwatch import (
    FILTERS,
    FIRST_TIMESTAMP,
    GROUP,
    OWNER,
    STREAM,
    make_document,
    make_event,
    pack,
    to_json,
)

LIMITS = Limits.of({})


def messages_of(event: object) -> list[str]:
    return [json.loads(bytes(e.message)) for e in read_event(event, LIMITS).document.log_events]


def test_reads_what_cloudwatch_sends() -> None:
    received = read_event(make_event(["one", "two"]), LIMITS)
    document = received.document
    assert (document.owner, document.log_group, document.log_stream) == (OWNER, GROUP, STREAM)
    assert document.subscription_filters == list(FILTERS)
    assert [(bytes(e.id), e.timestamp, bytes(e.message)) for e in document.log_events] == [
        (b'"%b"' % (b"0" * 56), FIRST_TIMESTAMP, b'"one"'),
        (b'"%b1"' % (b"0" * 55), FIRST_TIMESTAMP + 1, b'"two"'),
    ]
    assert received.size == len(to_json(make_document(["one", "two"])))


@given(st.lists(st.text()), st.booleans())
def test_every_message_arrives_as_it_was(messages: list[str], ascii_only: bool) -> None:
    event = pack(to_json(make_document(messages), ascii_only=ascii_only))
    assert messages_of(event) == messages


def test_tolerates_fields_of_the_future() -> None:
    document = make_document(["x"], policyLevel="ACCOUNT_LEVEL_POLICY")
    document["logEvents"][0]["extractedFields"] = {"@aws.account": "1"}  # type: ignore[index]
    assert messages_of(pack(to_json(document))) == ["x"]


def test_knows_a_control_message() -> None:
    text = "CWL CONTROL MESSAGE: Checking health of destination Firehose."
    assert read_event(
        make_event([text], message_type="CONTROL_MESSAGE", group=""), LIMITS
    ).document.is_control
    assert read_event(pack(b'{"messageType":"CONTROL_MESSAGE"}'), LIMITS).document.is_control
    assert not read_event(make_event(["x"]), LIMITS).document.is_control


def test_invalid_utf8_becomes_the_replacement_character() -> None:
    document = to_json(make_document(["a?b", "é" * 300_000])).replace(b"a?b", b"a\xff\xed\xa0\x80b")
    assert messages_of(pack(document)) == ["a" + "\ufffd" * 4 + "b", "é" * 300_000]


def test_a_character_on_the_border_of_two_slices_is_no_invalid_one() -> None:
    messages = ["x" * shift + "😀" * 70_000 for shift in range(4)]
    assert messages_of(make_event(messages)) == messages


def test_a_lone_surrogate_stays_in_messages_and_goes_from_names() -> None:
    document = make_document(
        ["a\ud83db", "\udc00"], stream="s\ud800", filters=["f\udfff"], future=[{"x": ["\ud800"]}]
    )
    document["logEvents"][0]["id"] = "1\udfff"  # type: ignore[index]
    received = read_event(pack(to_json(document)), LIMITS)
    assert received.lone_surrogates
    assert [bytes(e.message) for e in received.document.log_events] == [rb'"a\ud83db"', rb'"\udc00"']
    assert bytes(received.document.log_events[0].id) == '"1\ufffd"'.encode()
    assert received.document.log_stream == "s\ufffd"
    assert received.document.subscription_filters == ["f\ufffd"]
    assert not read_event(make_event(["\N{GRINNING FACE}"]), LIMITS).lone_surrogates


def test_nul_stays_an_escape() -> None:
    assert bytes(read_event(make_event(["a\0b"]), LIMITS).document.log_events[0].message) == rb'"a\u0000b"'


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({}, "an empty object"),
        ({"Records": [], "x": 1}, "'Records', 'x'"),
        ({"awslogs": {}}, "'awslogs'"),
        ({"awslogs": "x"}, "'awslogs'"),
        ({"awslogs": {"data": b"x"}}, "'awslogs'"),
        ([], "type list"),
        (None, "type NoneType"),
        ("x", "type str"),
        (pack(b"null"), "Expected `object`"),
        (pack(b"{}"), "messageType"),
        (pack(b'{"messageType":"DATA_MESSAGE"}'), "no logGroup"),
        (make_event(["x"], message_type="METRIC"), "'METRIC'"),
        (make_event(["x"], owner=1), "`$.owner`"),
        (
            make_event(["x"], logEvents=[{"id": "1", "timestamp": "now", "message": "x"}]),
            "logEvents[0].timestamp",
        ),
        (make_event(["x"], logEvents=[{"id": "1", "timestamp": 1}]), "`message`"),
    ],
)
def test_refuses_what_is_not_from_cloudwatch(event: object, says: str) -> None:
    with pytest.raises(NotCloudWatchLogsError, match="not a CloudWatch Logs event") as error:
        read_event(event, LIMITS)
    assert says in str(error.value)


GZIP = gzip.compress(to_json(make_document(["x" * 100])), mtime=0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("not base64!", "not base64"),
        ("é", "not base64"),
        (base64.b64encode(GZIP).decode() + "!", "not base64"),
        (base64.b64encode(b"no gzip at all, however long").decode(), "not gzip"),
        ("", "ends too early"),
        (base64.b64encode(GZIP[:30]).decode(), "ends too early"),
        (base64.b64encode(GZIP[:-8]).decode(), "ends too early"),
        (base64.b64encode(GZIP[:-8] + b"\0" * 8).decode(), "not gzip"),
        (base64.b64encode(GZIP + GZIP).decode(), "something follows"),
        (pack(b'{"messageType"')["awslogs"]["data"], "corrupt event"),  # type: ignore[index]
        (pack(rb'{"x":"\ud800","messageType":"\q"}')["awslogs"]["data"], "corrupt event"),  # type: ignore[index]
        (pack(rb'{"x":"\ud800","messageType":[1]}')["awslogs"]["data"], "corrupt event"),  # type: ignore[index]
    ],
)
def test_refuses_what_is_damaged(data: str, says: str) -> None:
    with pytest.raises(CorruptEventError, match=says):
        read_event({"awslogs": {"data": data}}, LIMITS)


def test_refuses_a_bomb_that_names_the_remedy() -> None:
    with pytest.raises(EventTooLargeError, match=r"unpack to more than the 20,971,520 bytes.*more memory"):
        read_event(make_event(["a" * (1 << 20)] * 30), LIMITS)


def test_refuses_more_short_events_than_memory_can_hold() -> None:
    document = b'{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[%b]}' % b",".join(
        [b'{"id":"","timestamp":1,"message":""}'] * 240_000
    )
    with pytest.raises(EventTooLargeError, match=r"240,000 log events.*more memory"):
        read_event(pack(document), LIMITS)
    assert len(
        read_event(pack(document), Limits.of({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"})).document.log_events
    )


def test_takes_ten_thousand_events_and_messages_of_a_megabyte() -> None:
    assert len(messages_of(make_event(["x"] * 10_000))) == 10_000
    assert messages_of(make_event(["x" * (1 << 20)] * 6)) == ["x" * (1 << 20)] * 6
