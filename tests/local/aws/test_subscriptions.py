"""The local AWS subscribes, delivers and gives up as CloudWatch Logs and Lambda do."""

import json
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import (
    WRITES_LOGS,
    Json,
    allow_logs,
    data_records,
    eventually,
    log_lines,
    make_function,
    make_recorder,
    make_role,
    make_stream,
    records,
    write,
)


def subscribe(aws: LocalAws, group: str, function: str, name: str = "filter", pattern: str = "") -> None:
    aws.client("logs").put_subscription_filter(
        logGroupName=group, filterName=name, filterPattern=pattern, destinationArn=function
    )


def refusal(error: pytest.ExceptionInfo[Any]) -> tuple[str, str]:
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


def test_what_is_written_reaches_the_function_as_cloudwatch_sends_it(aws: LocalAws) -> None:
    function = make_recorder(aws, "receives")
    make_stream(aws, "/app/receives")
    subscribe(aws, "/app/receives", function, "by-name")
    write(aws, "/app/receives", "one", "zwei ü ✓", '{"three": 3}')
    [record] = eventually(lambda: data_records(aws, "receives"))
    assert {name: value for name, value in record.items() if name != "logEvents"} == {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": "/app/receives",
        "logStream": "stream",
        "subscriptionFilters": ["by-name"],
    }
    assert [event["message"] for event in record["logEvents"]] == ["one", "zwei ü ✓", '{"three": 3}']
    ids = [event["id"] for event in record["logEvents"]]
    assert len(set(ids)) == 3
    assert all(len(id_) == 56 and id_.isdigit() for id_ in ids)
    assert all(isinstance(event["timestamp"], int) for event in record["logEvents"])


def test_subscribing_sends_a_control_message(aws: LocalAws) -> None:
    function = make_recorder(aws, "greeted")
    make_stream(aws, "/app/greeted")
    subscribe(aws, "/app/greeted", function)
    [record] = eventually(lambda: records(aws, "greeted"))
    assert record["messageType"] == "CONTROL_MESSAGE"
    assert [event["message"] for event in record["logEvents"]] == [
        "CWL CONTROL MESSAGE: Checking health of destination Lambda function."
    ]


GROUP = "arn:aws:logs:eu-west-3:000000000000:log-group:/app/guarded"


@pytest.mark.parametrize(
    ("source", "accepted"),
    [
        ({"SourceAccount": "000000000000"}, True),
        ({"SourceAccount": "111111111111"}, False),
        ({"SourceArn": f"{GROUP}:*"}, True),
        ({"SourceArn": "arn:aws:logs:eu-west-3:000000000000:log-group:/app/*"}, True),
        ({"SourceArn": "arn:aws:logs:*:000000000000:*"}, True),
        ({"SourceArn": GROUP}, False),
        ({"SourceArn": "arn:aws:logs:eu-west-3:000000000000:log-group:/other:*"}, False),
        ({"SourceArn": "arn:aws:logs:*"}, False),
        ({"SourceArn": f"{GROUP}:*", "SourceAccount": "111111111111"}, False),
        ({}, True),
        (None, False),
    ],
)
def test_a_subscription_needs_a_permission_that_covers_the_log_group(
    aws: LocalAws, source: dict[str, str] | None, accepted: bool, request: pytest.FixtureRequest
) -> None:
    name = f"guarded-{request.node.callspec.id}".replace("source", "s")
    function = make_function(aws, name, {"app.py": "def handle(event, context): pass"})
    logs = aws.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix="/app/guarded")["logGroups"]:
        make_stream(aws, "/app/guarded")
    if source is not None:
        allow_logs(aws, name, **source)
    if accepted:
        subscribe(aws, "/app/guarded", function)
        return
    with pytest.raises(logs.exceptions.InvalidParameterException) as error:
        subscribe(aws, "/app/guarded", function, "refused")
    code, message = refusal(error)
    assert code == "InvalidParameterException"
    assert message == (
        "Could not execute the lambda function. "
        "Make sure you have given CloudWatch Logs permission to execute your function."
    )


def test_nothing_is_delivered_once_the_permission_is_gone(aws: LocalAws) -> None:
    function = make_recorder(aws, "revoked")
    make_stream(aws, "/app/revoked")
    subscribe(aws, "/app/revoked", function)
    functions = aws.client("lambda")
    policy = json.loads(functions.get_policy(FunctionName="revoked")["Policy"])
    functions.remove_permission(FunctionName="revoked", StatementId=policy["Statement"][0]["Sid"])
    write(aws, "/app/revoked", "lost")
    allow_logs(aws, "revoked", SourceAccount="000000000000")
    write(aws, "/app/revoked", "delivered")
    [record] = eventually(lambda: data_records(aws, "revoked"))
    assert [event["message"] for event in record["logEvents"]] == ["delivered"]


def test_a_function_that_is_not_there_cannot_be_subscribed(aws: LocalAws) -> None:
    make_stream(aws, "/app/nowhere")
    with pytest.raises(aws.client("logs").exceptions.InvalidParameterException, match="Could not execute"):
        subscribe(aws, "/app/nowhere", "arn:aws:lambda:eu-west-3:000000000000:function:nowhere")


def test_a_sixth_filter_is_refused_and_an_update_is_not(aws: LocalAws) -> None:
    function = make_recorder(aws, "sixth")
    make_stream(aws, "/app/sixth")
    for number in range(5):
        subscribe(aws, "/app/sixth", function, f"filter-{number}")
    with pytest.raises(aws.client("logs").exceptions.LimitExceededException):
        subscribe(aws, "/app/sixth", function, "filter-5")
    subscribe(aws, "/app/sixth", function, "filter-4", "ERROR")


def test_a_pattern_that_is_not_simulated_is_refused(aws: LocalAws) -> None:
    function = make_recorder(aws, "pattern")
    make_stream(aws, "/app/pattern")
    with pytest.raises(aws.client("logs").exceptions.InvalidParameterException, match="does not simulate"):
        subscribe(aws, "/app/pattern", function, pattern="[ip, user, ...]")


def test_a_pattern_selects_and_two_filters_of_one_function_send_an_event_once(aws: LocalAws) -> None:
    function = make_recorder(aws, "selects")
    make_stream(aws, "/app/selects")
    subscribe(aws, "/app/selects", function, "errors", '?"ERROR" ?"WARN"')
    subscribe(aws, "/app/selects", function, "billing", '"billing"')
    write(aws, "/app/selects", "ERROR in billing", "WARN", "billing closed", "nothing")
    found = eventually(lambda: data_records(aws, "selects"), enough=lambda seen: len(seen) == 3)
    assert {
        (tuple(record["subscriptionFilters"]), event["message"])
        for record in found
        for event in record["logEvents"]
    } == {
        (("errors", "billing"), "ERROR in billing"),
        (("errors",), "WARN"),
        (("billing",), "billing closed"),
    }


def test_a_large_write_is_split_over_bounded_events(aws: LocalAws) -> None:
    function = make_recorder(aws, "large", MemorySize=512)
    make_stream(aws, "/app/large")
    subscribe(aws, "/app/large", function)
    # 900 kB of log are over 1 MB of JSON, for each of the quotation marks is escaped.
    messages = [f"{number:04d} {'x' * 400}{chr(34) * 400}" for number in range(1100)]
    write(aws, "/app/large", *messages)
    count = len(messages)
    found = eventually(
        lambda: data_records(aws, "large"),
        enough=lambda seen: sum(len(record["logEvents"]) for record in seen) >= count,
    )
    assert len(found) == 2
    assert sorted(event["message"] for record in found for event in record["logEvents"]) == messages


def test_a_function_is_not_fed_by_its_own_log_group(aws: LocalAws) -> None:
    make_stream(aws, "/own")
    function = make_recorder(aws, "own", LoggingConfig={"LogGroup": "/own"})
    make_stream(aws, "/app/own")
    subscribe(aws, "/own", function)
    subscribe(aws, "/app/own", function)
    write(aws, "/own", "by hand")
    write(aws, "/app/own", "from elsewhere")
    lines = eventually(lambda: log_lines(aws, "/own"), enough=lambda seen: "from elsewhere" in str(seen))
    assert not [line for line in lines if line.startswith("RECORD") and "by hand" in line]


S3_RIGHTS: list[Json] = [
    {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::failures/*"},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::failures"},
]


@pytest.mark.parametrize(("retries", "attempts"), [(None, 3), (0, 1), (1, 2)])
def test_a_failing_event_is_retried_as_configured_and_then_stored(
    aws: LocalAws, retries: int | None, attempts: int
) -> None:
    name = f"fails-{attempts}"
    storage = aws.client("s3")
    if not storage.list_buckets()["Buckets"]:
        storage.create_bucket(
            Bucket="failures", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
        )
    function = make_recorder(aws, name, Role=make_role(aws, f"{name}-storing", WRITES_LOGS, *S3_RIGHTS))
    make_stream(aws, f"/app/{name}")
    subscribe(aws, f"/app/{name}", function)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failures"}},
        **({} if retries is None else {"MaximumRetryAttempts": retries}),
    )
    write(aws, f"/app/{name}", "please fail")

    def stored() -> list[Json]:
        prefix = f"aws/lambda/async/{name}/"
        found: list[Json] = storage.list_objects_v2(Bucket="failures", Prefix=prefix).get("Contents", [])
        return found

    [item] = eventually(stored)
    document = json.loads(storage.get_object(Bucket="failures", Key=item["Key"])["Body"].read())
    assert len(data_records(aws, name)) == attempts
    assert document["requestContext"]["condition"] == "RetriesExhausted"
    assert document["requestContext"]["approximateInvokeCount"] == attempts
    assert document["requestContext"]["functionArn"] == f"{function}:$LATEST"
    assert document["requestPayload"].keys() == {"awslogs"}
    assert document["responsePayload"]["errorMessage"] == "told to fail"


@pytest.mark.parametrize(
    ("destination", "rights", "message"),
    [
        ("arn:aws:s3:::failures", [], "call PutObject on S3"),
        ("arn:aws:s3:::failures", S3_RIGHTS[:1], "call ListBucket on S3"),
        ("arn:aws:s3:::other", S3_RIGHTS, "call PutObject on S3"),
        ("arn:aws:s3:::failures", S3_RIGHTS, None),
        ("arn:aws:sqs:eu-west-3:000000000000:queue", S3_RIGHTS, "call SendMessage on SQS"),
        ("arn:aws:sns:eu-west-3:000000000000:topic", S3_RIGHTS, "call Publish on SNS"),
        ("arn:aws:lambda:eu-west-3:000000000000:function:f", S3_RIGHTS, "call InvokeFunction on LAMBDA"),
        (
            "arn:aws:sqs:eu-west-3:000000000000:queue",
            [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
            None,
        ),
    ],
)
def test_a_destination_needs_the_roles_right_to_it(
    aws: LocalAws,
    destination: str,
    rights: list[Json],
    message: str | None,
    request: pytest.FixtureRequest,
) -> None:
    name = f"configured-{next(iter(request.node.callspec.indices.values()))}"
    app = {"app.py": "def handle(event, context): pass"}
    make_function(aws, name, app, Role=make_role(aws, f"{name}-storing", *rights))
    functions = aws.client("lambda")

    def configure() -> None:
        functions.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnFailure": {"Destination": destination}}
        )

    if message is None:
        configure()
        return
    with pytest.raises(functions.exceptions.InvalidParameterValueException) as error:
        configure()
    assert refusal(error)[1] == f"The provided execution role does not have permissions to {message}"
