"""What came in."""

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import CorruptEventError, EventTooLargeError, NotCloudWatchLogsError
from handler.events import segments
from handler.events.documents import Limits, Received, payload_of, read_payload
from tests.handler.cloudwatch import (
    FILTERS,
    FIRST_TIMESTAMP,
    GROUP,
    OWNER,
    STREAM,
    make_document,
    make_event,
    pack,
    read,
    to_json,
)

LIMITS = Limits.of({})


def read_all(event: object, limits: Limits = LIMITS) -> list[Received]:
    return list(read_payload(payload_of(event), limits))


def messages_of(event: object, limits: Limits = LIMITS) -> list[str]:
    return [
        json.loads(bytes(found.message))
        for received in read_all(event, limits)
        for found in received.document.log_events
    ]


def test_reads_what_cloudwatch_sends() -> None:
    received = read(make_event(["one", "two"]))
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
    assert read(make_event([text], message_type="CONTROL_MESSAGE", group="")).document.is_control
    assert read(pack(b'{"messageType":"CONTROL_MESSAGE"}')).document.is_control
    assert not read(make_event(["x"])).document.is_control


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
    received = read(pack(to_json(document)))
    assert received.lone_surrogates
    assert [bytes(e.message) for e in received.document.log_events] == [rb'"a\ud83db"', rb'"\udc00"']
    assert bytes(received.document.log_events[0].id) == '"1\ufffd"'.encode()
    assert received.document.log_stream == "s\ufffd"
    assert received.document.subscription_filters == ["f\ufffd"]
    assert not read(make_event(["\N{GRINNING FACE}"])).lone_surrogates


def test_nul_stays_an_escape() -> None:
    assert bytes(read(make_event(["a\0b"])).document.log_events[0].message) == rb'"a\u0000b"'


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
        read(event)
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
        (base64.b64encode(GZIP + b"no gzip at all, however long").decode(), "not gzip"),
        (pack(b'{"messageType"')["awslogs"]["data"], "corrupt event"),  # type: ignore[index]
        (pack(rb'{"x":"\ud800","messageType":"\q"}')["awslogs"]["data"], "corrupt event"),  # type: ignore[index]
        (pack(rb'{"x":"\ud800","messageType":[1]}')["awslogs"]["data"], "corrupt event"),  # type: ignore[index]
    ],
)
def test_refuses_what_is_damaged(data: str, says: str) -> None:
    with pytest.raises(CorruptEventError, match=says):
        read({"awslogs": {"data": data}})


def large(document: bytes, memory: str = "128") -> tuple[dict[str, object], Limits]:
    return pack(document), Limits.of({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory})


def test_what_memory_cannot_hold_at_once_is_read_in_segments() -> None:
    messages = [f"{number} " + "a" * (1 << 20) for number in range(40)]
    documents = read_all(make_event(messages))
    assert len(documents) > 5
    assert messages_of(make_event(messages)) == messages
    assert {(one.document.owner, one.document.log_group, one.document.log_stream) for one in documents} == {
        (OWNER, GROUP, STREAM)
    }
    assert {one.packed for one in documents} == {None}
    whole = read(make_event(["x"]))
    assert whole.packed == payload_of(make_event(["x"]))


def test_so_are_more_short_events_than_memory_can_hold_at_once() -> None:
    document = b'{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[%b]}' % b",".join(
        [b'{"id":"","timestamp":1,"message":""}'] * 240_000
    )
    assert len(messages_of(*large(document))) == 240_000
    assert len(read_all(*large(document))) > 5
    assert len(read_all(*large(document, "1024"))) == 1


def test_a_log_event_that_memory_cannot_hold_is_refused_with_the_remedy() -> None:
    event = make_event(["a" * (12 << 20)])
    with pytest.raises(
        EventTooLargeError, match=r"a log event has more than the 11,184,810 bytes.*more memory"
    ):
        messages_of(event)
    assert messages_of(event, Limits.of({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024"}))


def test_unpacking_that_takes_too_long_is_ended_with_the_remedy() -> None:
    event = make_event(["a" * (1 << 20)] * 30)
    with pytest.raises(
        EventTooLargeError, match=r"take longer to unpack than this function has.*more memory"
    ):
        list(read_payload(payload_of(event), LIMITS, expired=lambda: True))


nested = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


@given(
    st.lists(st.tuples(st.text(), nested)),
    st.dictionaries(st.text(max_size=4).filter(lambda name: name != "messageType"), nested, max_size=3),
    st.booleans(),
    st.booleans(),
    st.integers(1, 400),
)
def test_segments_hold_every_log_event_whatever_stands_in_and_around_them(
    messages: list[tuple[str, object]],
    around: dict[str, object],
    ascii_only: bool,
    events_first: bool,
    chunk: int,
) -> None:
    document = make_document(text for text, _ in messages)
    events: Any = document.pop("logEvents")
    for event, (_, more) in zip(events, messages, strict=True):
        event["more"] = more
    names = {f"x{name}": value for name, value in around.items()} | {"logEvent": ["logEvents"]}
    parts = [{"logEvents": events}, {**names, **document}]
    ordered = parts if events_first else parts[::-1]
    text = to_json({**ordered[0], **ordered[1]}, ascii_only=ascii_only)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "_CHUNK", chunk)
        found = list(read_payload(gzip.compress(text), Limits(size=1 << 20, cost=-1)))
    assert [json.loads(bytes(e.message)) for one in found for e in one.document.log_events] == [
        text for text, _ in messages
    ]
    assert {one.document.log_stream for one in found} == {STREAM}


def test_several_documents_may_follow_one_another() -> None:
    first, second = (payload_of(make_event([text])) for text in ("a", "b"))
    large_one = payload_of(make_event(["c" * (1 << 20)] * 20))
    documents = list(read_payload(first + large_one + second, LIMITS))
    texts = [json.loads(bytes(e.message))[0] for one in documents for e in one.document.log_events]
    assert "".join(texts) == "a" + "c" * 20 + "b"
    assert (documents[0].packed, documents[-1].packed) == (first, second)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (
            b'{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":"1","tim',
            CorruptEventError,
            "early",
        ),
        (b'{"messageType":"DATA_MESSAGE","logEvents":1}', NotCloudWatchLogsError, "no list of logEvents"),
        (
            b'{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":1',
            NotCloudWatchLogsError,
            "no list",
        ),
        (b'{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{}]}', NotCloudWatchLogsError, "id"),
        (b'{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[],}', CorruptEventError, "corrupt"),
        (b'["' + b"x" * (3 << 20) + b'"]', NotCloudWatchLogsError, "around its logEvents"),
        (b'{"logEvents":[]' + b" " * (3 << 20) + b"}", NotCloudWatchLogsError, "around its logEvents"),
    ],
)
def test_damaged_documents_that_are_read_in_segments(text: bytes, error: type[Exception], says: str) -> None:
    packed = gzip.compress(text)
    with pytest.raises(error, match=says):
        list(read_payload(packed[:-9] if says == "early" else packed, Limits(size=1 << 20, cost=-1)))


def test_takes_ten_thousand_events_and_messages_of_a_megabyte() -> None:
    assert len(messages_of(make_event(["x"] * 10_000))) == 10_000
    assert messages_of(make_event(["x" * (1 << 20)] * 6)) == ["x" * (1 << 20)] * 6
