"""The local AWS fires EventBridge's schedules, in a test's time, as AWS does."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import (
    WRITES_LOGS,
    Json,
    documents,
    eventually,
    log_lines,
    make_bucket,
    make_function,
    make_recorder,
    make_role,
    records,
    s3_rights,
)

SCALE = 0.005
"""A minute lasts 0.3 s."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    directory = tmp_path_factory.mktemp("aws")
    with LocalAws.from_environment(directory, schedule_scale=SCALE, retry_delay=0.05) as aws:
        yield aws


@pytest.fixture
def aws(running: LocalAws) -> Iterator[LocalAws]:
    yield running
    events = running.client("events")
    for rule in events.list_rules()["Rules"]:
        events.remove_targets(Rule=rule["Name"], Ids=["target"])
        events.delete_rule(Name=rule["Name"])


def rule_arn(name: str) -> str:
    return f"arn:aws:events:eu-west-3:000000000000:rule/{name}"


def schedule(aws: LocalAws, name: str, function: str, rate: str = "rate(1 minute)", **target: Any) -> None:
    """Make a rule of this name that invokes the function."""
    events = aws.client("events")
    events.put_rule(Name=name, ScheduleExpression=rate)
    events.put_targets(Rule=name, Targets=[{"Id": "target", "Arn": function, **target}])


def allow(aws: LocalAws, function: str, **source: str) -> None:
    aws.client("lambda").add_permission(
        FunctionName=function,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        **source,
    )


def test_a_rule_fires_again_and_again_with_its_constant_input(aws: LocalAws) -> None:
    function = make_recorder(aws, "constant")
    allow(aws, "constant", SourceArn=rule_arn("constant"))
    schedule(aws, "constant", function, Input='{"redrive": {"most": 3}}')
    seen = eventually(lambda: records(aws, "constant"), enough=lambda seen: len(seen) >= 5)
    assert seen[:5] == [{"redrive": {"most": 3}}] * 5


def test_a_longer_interval_is_kept_in_proportion(aws: LocalAws) -> None:
    for name, rate in (("often", "rate(1 minute)"), ("seldom", "rate(1 hour)")):
        function = make_recorder(aws, name)
        allow(aws, name)
        schedule(aws, name, function, rate)
    assert eventually(lambda: records(aws, "often"), enough=lambda seen: len(seen) >= 3)
    assert records(aws, "seldom") == []


def test_an_event_says_what_has_fired(aws: LocalAws) -> None:
    function = make_recorder(aws, "scheduled")
    allow(aws, "scheduled")
    schedule(aws, "scheduled", function)
    event, *_ = eventually(lambda: records(aws, "scheduled"))
    expected = {
        "version": "0",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "account": "000000000000",
        "region": "eu-west-3",
        "resources": [rule_arn("scheduled")],
        "detail": {},
    }
    assert {name: event.get(name) for name in expected} == expected
    assert {"id", "time"} < event.keys()


def test_an_input_is_transformed(aws: LocalAws) -> None:
    function = make_recorder(aws, "transformed")
    allow(aws, "transformed")
    transformer = {
        "InputPathsMap": {"kind": "$.detail-type"},
        "InputTemplate": '{"fired": <kind>, "by": "<aws.events.rule-name>"}',
    }
    schedule(aws, "transformed", function, InputTransformer=transformer)
    event, *_ = eventually(lambda: records(aws, "transformed"))
    assert event == {"fired": "Scheduled Event", "by": "transformed"}


@pytest.mark.parametrize(
    "source", [None, {"SourceArn": rule_arn("other")}, {"SourceAccount": "111111111111"}]
)
def test_a_rule_without_permission_invokes_nothing(
    aws: LocalAws, source: dict[str, str] | None, request: pytest.FixtureRequest
) -> None:
    name = f"forbidden-{request.node.callspec.indices['source']}"
    function = make_recorder(aws, name)
    if source:
        allow(aws, name, **source)
    schedule(aws, name, function)
    refused = f"{rule_arn(name)} may not invoke {function}"
    assert eventually(lambda: aws.log.read_text().count(refused), enough=lambda count: count >= 2) >= 2
    assert records(aws, name) == []
    if source:
        aws.client("lambda").remove_permission(FunctionName=name, StatementId="events")
    allow(aws, name, SourceArn=rule_arn(name), SourceAccount="000000000000")
    assert eventually(lambda: records(aws, name))


def test_a_disabled_rule_rests(aws: LocalAws) -> None:
    function = make_recorder(aws, "resting")
    other = make_recorder(aws, "awake")
    for name in ("resting", "awake"):
        allow(aws, name)
    events = aws.client("events")
    events.put_rule(Name="resting", ScheduleExpression="rate(1 minute)", State="DISABLED")
    events.put_targets(Rule="resting", Targets=[{"Id": "target", "Arn": function}])
    schedule(aws, "awake", other)
    assert eventually(lambda: records(aws, "awake"), enough=lambda seen: len(seen) >= 2)
    assert records(aws, "resting") == []
    events.enable_rule(Name="resting")
    assert eventually(lambda: records(aws, "resting"))


def test_what_a_rule_invokes_is_retried_and_stored(aws: LocalAws) -> None:
    make_bucket(aws, "failures")
    app = """
def handle(event, context):
    print("ATTEMPT", context.aws_request_id)
    raise ValueError("no")
"""
    role = make_role(aws, "failing-storing", WRITES_LOGS, *s3_rights("failures"))
    function = make_function(aws, "failing", {"app.py": app}, Role=role)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="failing",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failures"}},
    )
    allow(aws, "failing")
    schedule(aws, "failing", function, Input='{"number": 1}')
    failed: dict[str, Json] = eventually(lambda: documents(aws, "failures"))
    first = failed[min(failed)]
    lines = log_lines(aws, "/aws/lambda/failing")
    ids = [line.split()[1] for line in lines if line.startswith("ATTEMPT")]
    assert ids.count(first["requestContext"]["requestId"]) == 2
    assert first["requestPayload"] == json.loads('{"number": 1}')
