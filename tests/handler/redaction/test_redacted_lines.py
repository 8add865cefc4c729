"""Redaction in lines: in every format, in names, and before a line is split."""

import json
from typing import Any

import msgspec
import pytest

from handler.lines.lines import split_line
from handler.lines.names import names_of
from handler.settings import Settings
from tests.handler.cloudwatch import encode, make_event, read, received
from tests.handler.doubles import make_settings

CARD, ADDRESS = "4111 1111 1111 1111", "bob@example.com"


def lines_of(event: object, settings: Settings) -> list[dict[str, Any]]:
    pieces = encode(settings, read(event, AWS_LAMBDA_FUNCTION_MEMORY_SIZE="1024"))
    return [line for piece in pieces for line in json.loads(piece.array)]


def settings_with(*rules: str, **more: Any) -> Settings:
    return make_settings(redact={"rules": [{"rule": rule} for rule in rules]}, **more)


@pytest.mark.parametrize("line_format", ["standard", "mezmo-lambda", "mezmo-lambda-raw"])
@pytest.mark.parametrize(
    "message", [f"{ADDRESS} {CARD}\n", "\ud83d " + ADDRESS + CARD, {"mail": ADDRESS, "card": CARD}]
)
def test_in_every_line_format(line_format: str, message: object) -> None:
    chosen = settings_with("email", "credit-card", line_format=line_format, oversize_lines="split")
    for messages in ([message], ["x", message], [message, "x" * 20_000 + ADDRESS]):
        sent = json.dumps(lines_of(make_event(messages), chosen))
        assert "[redacted:email]" in sent
        assert ADDRESS not in sent
        assert CARD not in sent


def test_before_a_line_is_split() -> None:
    chosen = settings_with("email")
    message = "x" * 16_380 + " " + ADDRESS
    lines = lines_of(make_event([message]), chosen)
    assert "".join(line["line"] for line in lines) == "x" * 16_380 + " [redacted:email]"
    whole = settings_with("email", oversize_lines="whole")
    (piece,) = encode(whole, received([message]))
    parts = split_line(whole, piece, names_of(whole, piece.source.document))
    assert len(parts) == 2
    assert ADDRESS not in str(parts)


def test_a_line_that_grows_too_long_is_split() -> None:
    chosen = settings_with("ipv6")
    message = "x" * 16_380 + " ::1"
    assert [line["meta"]["parts"] for line in lines_of(make_event([message]), chosen)] == [2, 2]


@pytest.mark.parametrize("line_format", ["standard", "mezmo-lambda", "mezmo-lambda-raw"])
def test_in_names(line_format: str) -> None:
    chosen = settings_with("ipv4", "email", line_format=line_format)
    group = "/ec2/10.0.0.1"
    event = make_event(["x"], group=group, stream="i/bob@example.com", filters=["f-10.0.0.1"])
    sent = json.dumps(lines_of(event, chosen))
    assert "10.0.0.1" not in sent
    assert "bob@" not in sent
    hostname = names_of(chosen, received(["x"], group=group).document).hostname
    assert hostname == ("ec2" if line_format == "standard" else "/ec2") + "/[redacted:ipv4]"
    if line_format == "standard":
        (line,) = lines_of(event, chosen)
        assert line["app"] == "[redacted:ipv4]"
        assert line["meta"]["stream"] == "i/[redacted:email]"


def test_what_is_received_is_left_for_the_store() -> None:
    document = received([ADDRESS], stream=ADDRESS)
    before = msgspec.json.encode(document.document)
    assert encode(settings_with("email"), document)
    assert msgspec.json.encode(document.document) == before


def test_off_is_off() -> None:
    (line,) = lines_of(make_event([f"{ADDRESS} {CARD}"]), make_settings())
    assert line["line"] == f"{ADDRESS} {CARD}"


@pytest.mark.parametrize("size", [10, 40_000])
def test_in_what_a_message_says_of_itself(size: int) -> None:
    """Its facts are read after it was redacted, also where it is split."""
    message = {"requestId": "r", "ip": "203.0.113.7", "httpMethod": "GET", "status": "404", "x": "x" * size}
    message |= {"requestTime": "23/Nov/2026:10:00:00 +0000", "routeKey": "GET /", "protocol": "HTTP/1.1"}
    event = make_event([json.dumps(message)], group="/aws/apigateway/shop", stream="s")
    assert "203.0.113.7" in json.dumps(lines_of(event, make_settings()))
    lines = lines_of(event, settings_with("ipv4"))
    assert "203.0.113.7" not in json.dumps(lines)
    assert {line["meta"]["http_status"] for line in lines} == {404}
