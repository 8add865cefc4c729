"""Whole invocations, against the stand-in for Mezmo over TLS."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.errors import (
    CorruptEventError,
    EventTooLargeError,
    ForwarderError,
    NotCloudWatchLogsError,
    UndeliveredError,
)
from local.mezmo import (
    NOT_JSON,
    PARTIAL_WITHOUT_LIST,
    Answer,
    CloseAfterAnswer,
    Drip,
    Hang,
    MezmoStandIn,
    PartialAnswer,
    Reset,
)
from tests.handler.cloudwatch import GROUP, make_event
from tests.handler.doubles import KEY, OTHER_KEY, Context
from tests.handler.forwarders import Configure, lines_at, log_line


def test_lines_arrive_over_one_connection_and_nothing_is_flagged(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    forwarder = configure(tags=["eu"], env="prod")
    forwarder.handle(make_event(["one\n", '{"level":"info"}\n', "zwölf\n\tmore"]), Context())
    forwarder.handle(make_event(["four"]), Context())
    assert lines_at(mezmo) == ["one", '{"level":"info"}', "zwölf\n\tmore", "four"]
    assert mezmo.flags == ()
    assert {request.status for request in mezmo.requests} == {200}
    assert len({request.connection for request in mezmo.requests}) == 1
    line = mezmo.lines[0]
    assert (line.hostname, line.app, line.env, line.tags) == ("checkout", "checkout", "prod", ("eu",))
    for text in capsys.readouterr().out.splitlines():
        assert len(text) < 400
        report = json.loads(text)
        assert report["level"] == "INFO"
        assert report["LinesReceived"] == report["LinesDelivered"]
        assert report["log_group"] == GROUP


@pytest.mark.parametrize("line_format", ["standard", "mezmo-lambda", "mezmo-lambda-raw"])
@pytest.mark.parametrize("kind", ["log-analysis", "pipeline"])
def test_large_payloads_arrive_whole_in_batches(
    mezmo: MezmoStandIn, configure: Configure, line_format: str, kind: str
) -> None:
    url = mezmo.pipeline_url("route") if kind == "pipeline" else None
    messages = [f"{number} " + "x" * 1000 for number in range(2500)]
    configure(url, kind=kind, line_format=line_format).handle(make_event(messages), Context())
    texts = lines_at(mezmo)
    if line_format == "mezmo-lambda" and kind == "log-analysis":
        texts = [json.loads(text)["message"] for text in texts]
    assert texts == messages
    assert len(mezmo.requests) > 2
    assert {request.status for request in mezmo.requests} == {200}


@pytest.mark.parametrize("policy", ["split", "whole"])
def test_a_message_of_a_megabyte_arrives_in_parts(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    """Whole, it is a batch of its own, which Mezmo finds too large; then it is split all the same."""
    message = "x" * 1_048_576 + "y"
    configure(oversize_lines=policy).handle(make_event(["before", message, "after"]), Context())
    texts = lines_at(mezmo)
    assert (texts[0], "".join(texts[1:-1]), texts[-1]) == ("before", message, "after")
    assert mezmo.flags == ()
    parts = mezmo.lines[1:-1]
    assert [line.meta["part"] for line in parts if line.meta] == [*range(1, 66)]
    assert len({line.meta["event_id"] for line in parts if line.meta}) == 1
    assert [line.timestamp - parts[0].timestamp for line in parts] == [*range(65)]
    report = log_line(capsys)
    assert (report["LinesReceived"], report["LinesDelivered"], report["level"]) == (67, 67, "INFO")


@pytest.mark.parametrize(
    "faults",
    [
        [Answer(503), Answer(500), Answer(501)],
        [Answer(429)],
        [Reset()],
        [Answer(415)],
        [Answer(413)],
        [PartialAnswer([200, 503, 200, 429]), PartialAnswer([500, 200])],
        [CloseAfterAnswer()],
        [NOT_JSON],
        [Drip(0.001)],
    ],
    ids=str,
)
def test_faults_that_pass_lose_and_double_nothing(
    mezmo: MezmoStandIn, configure: Configure, faults: list[object]
) -> None:
    mezmo.faults.script(faults)  # type: ignore[arg-type]
    forwarder = configure()
    forwarder.handle(make_event(["a", "b", "c", "d"]), Context())
    forwarder.handle(make_event(["e"]), Context())
    assert sorted(lines_at(mezmo)) == ["a", "b", "c", "d", "e"]
    assert mezmo.faults.remaining == 0


def test_a_reset_after_the_commit_doubles_and_loses_nothing(
    mezmo: MezmoStandIn, configure: Configure
) -> None:
    mezmo.faults.script([Reset(after_commit=True)])
    configure().handle(make_event(["a"]), Context())
    assert lines_at(mezmo) == ["a", "a"]


def test_retry_after_is_waited_for(mezmo: MezmoStandIn, configure: Configure) -> None:
    mezmo.faults.script([Answer(429, retry_after=1)])
    configure().handle(make_event(["a"]), Context())
    first, second = mezmo.requests
    assert second.time - first.time >= 1
    assert lines_at(mezmo) == ["a"]


@pytest.mark.parametrize("fault", [Hang(), Answer(503), Answer(404), PARTIAL_WITHOUT_LIST, Drip(5)], ids=str)
def test_what_stays_undelivered_fails_the_invocation_in_time(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str], fault: object
) -> None:
    mezmo.faults.always(fault)  # type: ignore[arg-type]
    started = time.monotonic()
    with pytest.raises(UndeliveredError, match=r"^0 of 2 lines delivered, 2 undelivered: ") as error:
        configure().handle(make_event(["a", "b"]), Context(seconds=2.5))
    assert time.monotonic() - started < 2.5
    report = log_line(capsys)
    assert (report["level"], report["message"]) == ("ERROR", str(error.value))
    assert (report["LinesReceived"], report["LinesUndelivered"]) == (2, 2)
    assert "LinesDelivered" not in report


def test_a_rotated_key_is_read_again(mezmo: MezmoStandIn, configure: Configure) -> None:
    environment = {"KEY": KEY}
    forwarder = configure(environment=environment)
    forwarder._sender._keys._environment = environment  # the dictionary that the test changes
    forwarder.handle(make_event(["a"]), Context())
    mezmo.keys = {OTHER_KEY}
    environment["KEY"] = OTHER_KEY
    forwarder.handle(make_event(["b"]), Context())
    assert lines_at(mezmo) == ["a", "b"]
    assert [request.status for request in mezmo.requests] == [200, 403, 200]


def test_a_wrong_key_is_tried_twice_and_never_shown(
    configure: Configure, mezmo: MezmoStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UndeliveredError, match="the ingestion key was refused: 403") as error:
        configure(environment={"KEY": OTHER_KEY}).handle(make_event(["a"]), Context())
    assert [request.status for request in mezmo.requests] == [403, 403]
    assert OTHER_KEY not in str(error.value) + capsys.readouterr().out


def test_a_destination_that_refuses_gzip_gets_none_for_the_life_of_the_process(
    mezmo: MezmoStandIn, configure: Configure
) -> None:
    mezmo.faults.script([Answer(415)])
    forwarder = configure()
    for message in ("a", "b"):
        forwarder.handle(make_event([message]), Context())
    assert [request.status for request in mezmo.requests] == [415, 200, 200]
    assert lines_at(mezmo) == ["a", "b"]


def test_a_control_message_is_skipped_and_counted(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure().handle(make_event(["health"], message_type="CONTROL_MESSAGE", group=""), Context())
    report = log_line(capsys)
    assert (report["message"], report["control_messages"]) == ("control message skipped", 1)
    assert mezmo.requests == ()


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, NotCloudWatchLogsError),
        ({"awslogs": {"data": "?"}}, CorruptEventError),
        (make_event(["a" * (20 << 20)]), EventTooLargeError),
    ],
)
def test_what_cannot_be_forwarded_fails_with_one_clear_line(
    configure: Configure, capsys: pytest.CaptureFixture[str], event: object, error: type[ForwarderError]
) -> None:
    with pytest.raises(error) as raised:
        configure().handle(event, Context())
    report = log_line(capsys)
    assert (report["level"], report["message"], report["error"]) == (
        "ERROR",
        str(raised.value),
        error.__name__,
    )


def test_the_forwarder_never_feeds_itself(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    forwarder = configure(environment={"KEY": KEY, "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/forwarder"})
    forwarder.handle(make_event(["a", "b"], group="/aws/lambda/forwarder"), Context())
    report = log_line(capsys)
    assert (report["level"], report["filters"]) == ("WARN", {"the forwarder's own log group": 2})
    assert (report["LinesReceived"], report["LinesFiltered"]) == (2, 2)
    assert "LinesDelivered" not in report
    forwarder.handle(make_event([json.dumps(report)], group="/aws/lambda/forwarder"), Context())
    assert capsys.readouterr().out == "", "a line about it would be the next event"
    assert mezmo.requests == ()
    forwarder.handle(make_event(["c"], group="/aws/lambda/forwarder-2"), Context())
    forwarder.handle({"mezmo_forwarder": "test"}, Context())
    assert lines_at(mezmo) == ["c", "Test line of mezmo-forwarder"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1c\x1d\x1e\x1f\x85"))))
def test_any_messages_arrive(mezmo: MezmoStandIn, configure: Configure, messages: list[str]) -> None:
    before = len(mezmo.lines)
    configure().handle(make_event(messages), Context())
    trimmed = [message.rstrip(" \t\n\r\v\f") for message in messages]
    assert lines_at(mezmo)[before:] == [text for text in trimmed if text]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([" ", "\t", "", "ERROR ", "é"]) | st.text(max_size=5), max_size=900))
def test_joined_lines_arrive_and_nothing_is_flagged(
    mezmo: MezmoStandIn, configure: Configure, messages: list[str]
) -> None:
    texts = [message + "x" for message in messages]
    before = len(mezmo.lines)
    forwarder = configure(multiline={"kind": "stack-traces"}, exclude=[{"by": "health-checks"}])
    forwarder.handle(make_event(texts, group="g" * 512, stream="s" * 512), Context())
    lines = mezmo.lines[before:]
    assert "\n".join(line.line for line in lines) == "\n".join(texts)
    metas: list[dict[str, Any]] = [line.meta or {} for line in lines]
    ids = [one for meta in metas for one in [meta["event_id"], *meta.get("event_ids", [])]]
    assert ids == [f"{number:056d}" for number in range(len(texts))]
    assert mezmo.flags == ()
