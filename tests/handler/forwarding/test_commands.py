"""What the function can be told by hand: a test line, and a backfill."""

import pytest

from local.mezmo import Answer, MezmoStandIn
from tests.handler.cloudwatch import make_event
from tests.handler.doubles import KEY, Context
from tests.handler.forwarders import Configure, lines_at, log_line


def test_the_test_event_says_where_the_line_went(mezmo: MezmoStandIn, configure: Configure) -> None:
    environment = {
        "KEY": KEY,
        "AWS_LAMBDA_FUNCTION_NAME": "Fn",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/Fn.x",
    }
    answer = configure(environment=environment).handle({"mezmo_forwarder": "test"}, Context())
    assert answer == {
        "status": "delivered",
        "reason": None,
        "http_status": 200,
        "address": mezmo.log_analysis_url,
        "key_source": "environment variable KEY",
        "hostname": "Fn_x",
        "app": "Fn.x",
        "version": "0.0.0",
    }
    (line,) = mezmo.lines
    assert (line.line, line.hostname, line.app) == ("Test line of Fn", "Fn_x", "Fn.x")
    assert line.meta is not None
    assert line.meta["owner"] == "123456789012"
    assert mezmo.flags == ()


def test_the_test_line_is_sent_whatever_lines_are_wanted(mezmo: MezmoStandIn, configure: Configure) -> None:
    wanted, unwanted = {"by": "pattern", "pattern": "nothing"}, {"by": "pattern", "pattern": "Test"}
    forwarder = configure(include=[wanted], exclude=[unwanted], sampling=[{"share": 0}])
    answer = forwarder.handle({"mezmo_forwarder": "test"}, Context())
    assert (answer or {})["status"] == "delivered"
    assert lines_at(mezmo) == ["Test line of mezmo-forwarder"]


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (Answer(404), "undelivered", "404"),
        (Answer(400, '{"error":"Missing param hostname."}'), "rejected", "400 Missing param hostname."),
        (Answer(403), "undelivered", "the ingestion key was refused: 403"),
    ],
)
def test_the_test_event_returns_what_went_wrong(
    mezmo: MezmoStandIn, configure: Configure, fault: Answer, status: str, reason: str
) -> None:
    mezmo.faults.always(fault)
    answer = configure(mezmo.log_analysis_url).handle({"mezmo_forwarder": "test"}, Context())
    assert answer is not None
    assert (answer["status"], answer["http_status"]) == (status, fault.status)
    assert str(answer["reason"]).startswith(reason)


def test_the_test_event_without_a_key_or_a_server(configure: Configure) -> None:
    answer = configure(environment={}).handle({"mezmo_forwarder": "test"}, Context())
    assert answer is not None
    assert answer["status"] == "undelivered"
    assert "environment variable KEY is not set" in str(answer["reason"])
    answer = configure("http://127.0.0.1:1/v1/x", kind="pipeline").handle(
        {"mezmo_forwarder": "test"}, Context(2)
    )
    assert answer is not None
    assert (answer["http_status"], answer["hostname"]) == (None, None)
    assert "Connection refused" in str(answer["reason"])


def test_a_backfill_is_told_what_became_of_its_events(
    mezmo: MezmoStandIn, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    event = make_event(["one", " ", "x" * 20_000]) | {"mezmo_forwarder": "backfill"}
    told = configure().handle(event, Context())

    outcome = {"delivered": 3, "filtered": 1, "stored": 0, "rejected": 0, "undelivered": 0}
    assert told == {"events": 3, "joined": 0, "received": 4, **outcome, "reason": ""}
    assert len(lines_at(mezmo)) == 3
    report = log_line(capsys)
    assert report["backfill"] is True
    assert "OldestLineAge" not in report, "old lines are no fault of the forwarder's"


def test_a_backfill_sees_itself_to_what_is_left(mezmo: MezmoStandIn, configure: Configure) -> None:
    mezmo.faults.always(Answer(503))
    told = configure().handle(make_event(["one", "two"]) | {"mezmo_forwarder": "backfill"}, Context(3))

    assert told
    assert (told["events"], told["received"], told["undelivered"]) == (2, 2, 2)
    assert "503" in str(told["reason"])


def test_a_backfill_s_check_sends_nothing(mezmo: MezmoStandIn, configure: Configure) -> None:
    event = make_event([], message_type="CONTROL_MESSAGE") | {"mezmo_forwarder": "backfill"}
    told = configure().handle(event, Context())

    assert told
    assert set(told.values()) == {0, ""}
    assert not mezmo.requests
