"""What the local CloudWatch Logs matches, and how it packs events: the parts that need no server."""

import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.aws.overlay.filter_patterns import UnsupportedPatternError, compile_pattern
from local.aws.overlay.payloads import (
    LogEvent,
    data_payloads,
    event_id,
    lambda_event,
)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("", "anything", None),
        ("  ", "anything", None),
        ("ERROR", "an ERROR here", "an error here"),
        ("ERROR timeout", "timeout after ERROR", "ERROR"),
        ('"exit code 1"', "with exit code 1.", "exit code: 1"),
        (r'"say \"no\""', 'I say "no"', "I say no"),
        ("?ERROR ?WARN", "a WARN", "an INFO"),
        ('?"disk full"', "disk full!", "disk is full"),
        ('{ $.level = "ERROR" }', '{"level": "ERROR"}', '{"level": "INFO"}'),
        ('{ $.level = "ERROR" }', '{"level":"ERROR"}', '"level" = "ERROR"'),
        ("{$.request.status = 500}", '{"request": {"status": 500}}', '{"status": 500}'),
        ('{ $.level != "INFO" }', '{"level": "ERROR"}', '{"other": 1}'),
    ],
)
def test_a_pattern_selects_messages(pattern: str, matching: str, other: str | None) -> None:
    matches = compile_pattern(pattern)
    assert matches(matching)
    assert other is None or not matches(other)


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR -timeout",
        "[ip, user, ...]",
        "%ERROR%",
        "ERROR ?WARN",
        "time-out",
        '{ $.level = "E*" }',
        '{ $.level = "A" || $.level = "B" }',
        "{ $.level IS NULL }",
        '"open',
    ],
)
def test_a_pattern_outside_the_known_grammar_is_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError, match="does not simulate"):
        compile_pattern(pattern)


def events_of(messages: list[str]) -> list[LogEvent]:
    return [
        {"id": event_id(number), "timestamp": number, "message": message}
        for number, message in enumerate(messages)
    ]


@given(st.lists(st.text(min_size=1, max_size=300), max_size=30), st.integers(200, 2000))
def test_events_are_split_in_order_without_loss_over_bounded_payloads(
    messages: list[str], maximum: int
) -> None:
    events = events_of(messages)
    payloads = list(
        data_payloads(
            owner="1", log_group="g", log_stream="s", filters=["f"], events=iter(events), maximum=maximum
        )
    )
    decoded = [json.loads(payload)["logEvents"] for payload in payloads]
    assert [event for batch in decoded for event in batch] == events
    assert all(decoded)
    assert all(
        len(payload) <= maximum or len(batch) == 1 for payload, batch in zip(payloads, decoded, strict=True)
    )
    # No event would have fitted into the payload before its own.
    assert all(
        len(payload) + 1 + len(json.dumps(after[0], ensure_ascii=False, separators=(",", ":")).encode())
        > maximum
        for payload, after in zip(payloads, decoded[1:], strict=False)
    )


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    [payload] = data_payloads(
        owner="1", log_group="g", log_stream="s", filters=[], events=events_of(["a\ud800b"])
    )
    assert json.loads(payload)["logEvents"][0]["message"] == "a?b"


@given(st.lists(st.integers(min_value=0, max_value=10**14), min_size=2, max_size=20, unique=True))
def test_an_events_id_has_56_digits_in_the_order_of_time(timestamps: list[int]) -> None:
    ids = [event_id(timestamp) for timestamp in timestamps]
    assert all(len(id_) == 56 and id_.isdigit() for id_ in ids)
    assert sorted(ids) == [id_ for _, id_ in sorted(zip(timestamps, ids, strict=True))]


@given(st.binary(max_size=2000))
def test_a_payload_is_wrapped_in_gzip_and_base64(payload: bytes) -> None:
    assert gzip.decompress(base64.b64decode(lambda_event(payload)["awslogs"]["data"])) == payload
