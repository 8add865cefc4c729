"""The local AWS sends log events to Kinesis streams as CloudWatch Logs does."""

import gzip
import json
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import (
    READS_STREAMS,
    WRITES_LOGS,
    Json,
    data_records,
    eventually,
    log_lines,
    make_function,
    make_recorder,
    make_role,
    make_stream,
    write,
)

PUTS_RECORDS: Json = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "*"}


@pytest.fixture(scope="module")
def aws(aws: LocalAws) -> LocalAws:
    make_role(aws, "delivers", PUTS_RECORDS, trust=trust())
    return aws


def trust(service: str = "logs.amazonaws.com", **conditions: Json) -> Json:
    """Return a trust policy as CloudWatch Logs' documentation has it."""
    statement: Json = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Statement": [{**statement, **({"Condition": conditions} if conditions else {})}]}


def arn(stream: str) -> str:
    return f"arn:aws:kinesis:eu-west-3:000000000000:stream/{stream}"


def make_kinesis(aws: LocalAws, name: str) -> str:
    aws.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    return arn(name)


def subscribe(aws: LocalAws, group: str, stream: str, **options: Any) -> None:
    settings = {
        "filterName": "filter",
        "filterPattern": "",
        "roleArn": "arn:aws:iam::000000000000:role/delivers",
        **options,
    }
    aws.client("logs").put_subscription_filter(logGroupName=group, destinationArn=arn(stream), **settings)


def stored(aws: LocalAws, stream: str) -> list[Json]:
    """Return the records that lie in a stream, as Kinesis has them."""
    kinesis = aws.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found: list[Json] = kinesis.get_records(ShardIterator=iterator)["Records"]
    return found


def payloads(aws: LocalAws, stream: str) -> list[Json]:
    return [json.loads(gzip.decompress(record["Data"])) for record in stored(aws, stream)]


def messages(aws: LocalAws, stream: str) -> list[str]:
    """Return the log messages in a stream, without those of CONTROL_MESSAGEs."""
    found = payloads(aws, stream)
    data = [payload for payload in found if payload["messageType"] == "DATA_MESSAGE"]
    return [event["message"] for payload in data for event in payload["logEvents"]]


def test_what_is_written_lies_in_the_stream_compressed(aws: LocalAws) -> None:
    make_stream(aws, "/app/receives")
    make_kinesis(aws, "receives")
    subscribe(aws, "/app/receives", "receives", filterPattern="?one ?zwei")
    write(aws, "/app/receives", "one", "nothing", "zwei ü ✓")
    greeting, data = payloads(aws, "receives")
    assert greeting["messageType"] == "CONTROL_MESSAGE"
    assert [event["message"] for event in greeting["logEvents"]] == [
        "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."
    ]
    assert {name: value for name, value in data.items() if name != "logEvents"} == {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": "/app/receives",
        "logStream": "stream",
        "subscriptionFilters": ["filter"],
    }
    assert [event["message"] for event in data["logEvents"]] == ["one", "zwei ü ✓"]


@pytest.mark.parametrize(("distribution", "keys"), [("ByLogStream", 1), ("Random", 3), (None, 1)])
def test_a_log_stream_goes_to_one_shard_unless_at_random(
    aws: LocalAws, distribution: str | None, keys: int
) -> None:
    name = f"spread-{distribution}"
    make_stream(aws, f"/app/{name}")
    make_kinesis(aws, name)
    subscribe(aws, f"/app/{name}", name, **({"distribution": distribution} if distribution else {}))
    for message in ("one", "two", "three"):
        write(aws, f"/app/{name}", message)
    assert len({record["PartitionKey"] for record in stored(aws, name)[1:]}) == keys


def test_an_event_has_one_id_wherever_it_goes(aws: LocalAws) -> None:
    make_stream(aws, "/app/both")
    make_kinesis(aws, "both")
    function = make_recorder(aws, "both")
    subscribe(aws, "/app/both", "both")
    aws.client("logs").put_subscription_filter(
        logGroupName="/app/both", filterName="function", filterPattern="", destinationArn=function
    )
    write(aws, "/app/both", "one", "two")
    [record] = eventually(lambda: data_records(aws, "both"))
    assert record["logEvents"] == payloads(aws, "both")[1]["logEvents"]


OURS = {"aws:SourceArn": "arn:aws:logs:eu-west-3:000000000000:*"}
THEIRS = {"aws:SourceArn": "arn:aws:logs:eu-west-3:111111111111:*"}
NOT_DELIVERED = (
    "Could not deliver test message to specified Kinesis stream. "
    "Check if the given kinesis stream is in ACTIVE state."
)


@pytest.mark.parametrize(
    ("statements", "trusts", "accepted"),
    [
        ([PUTS_RECORDS], trust(), True),
        ([PUTS_RECORDS], trust("logs.eu-west-3.amazonaws.com"), True),
        ([PUTS_RECORDS], trust(StringLike=OURS), True),
        ([{**PUTS_RECORDS, "Resource": arn("guarded")}], trust(), True),
        ([], trust(), False),
        ([{**PUTS_RECORDS, "Action": "kinesis:PutRecords"}], trust(), False),
        ([{**PUTS_RECORDS, "Resource": arn("other")}], trust(), False),
        ([PUTS_RECORDS], None, False),
        ([PUTS_RECORDS], trust("lambda.amazonaws.com"), False),
        ([PUTS_RECORDS], trust(StringLike=THEIRS), False),
    ],
)
def test_a_subscription_needs_a_role_that_logs_may_use_to_put_records(
    aws: LocalAws, statements: list[Json], trusts: Json, accepted: bool, request: pytest.FixtureRequest
) -> None:
    if "guarded" not in aws.client("kinesis").list_streams()["StreamNames"]:
        make_kinesis(aws, "guarded")
        make_stream(aws, "/app/guarded")
    name = f"guarded-{next(iter(request.node.callspec.indices.values()))}"
    role = make_role(aws, name, *statements, trust=trusts)
    if accepted:
        subscribe(aws, "/app/guarded", "guarded", roleArn=role)
        return
    with pytest.raises(aws.client("logs").exceptions.InvalidParameterException) as error:
        subscribe(aws, "/app/guarded", "guarded", roleArn=role)
    assert error.value.response["Error"]["Message"] == NOT_DELIVERED


def test_a_subscription_needs_a_role_and_a_stream_at_all(aws: LocalAws) -> None:
    make_stream(aws, "/app/needs")
    make_kinesis(aws, "needs")
    logs = aws.client("logs")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="cannot be used without roleArn"):
        logs.put_subscription_filter(
            logGroupName="/app/needs", filterName="f", filterPattern="", destinationArn=arn("needs")
        )
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Could not deliver test message"):
        subscribe(aws, "/app/needs", "nowhere")
    assert logs.describe_subscription_filters(logGroupName="/app/needs")["subscriptionFilters"] == []


def test_nothing_is_delivered_once_the_role_has_lost_its_right(aws: LocalAws) -> None:
    make_stream(aws, "/app/revoked")
    make_kinesis(aws, "revoked")
    role = make_role(aws, "revoked", PUTS_RECORDS, trust=trust())
    subscribe(aws, "/app/revoked", "revoked", roleArn=role)
    iam = aws.client("iam")
    iam.delete_role_policy(RoleName="revoked", PolicyName="policy")
    write(aws, "/app/revoked", "lost")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [PUTS_RECORDS]})
    iam.put_role_policy(RoleName="revoked", PolicyName="policy", PolicyDocument=policy)
    write(aws, "/app/revoked", "delivered")
    assert messages(aws, "revoked") == ["delivered"]
    assert "Not delivered from /app/revoked" in aws.log.read_text()


def test_what_is_written_reaches_a_function_by_way_of_the_stream(aws: LocalAws) -> None:
    make_stream(aws, "/app/through")
    make_kinesis(aws, "through")
    app = """
import base64, gzip
def handle(event, context):
    for record in event["Records"]:
        print("GOT", gzip.decompress(base64.b64decode(record["kinesis"]["data"])).decode())
"""
    role = make_role(aws, "through-reading", WRITES_LOGS, READS_STREAMS)
    make_function(aws, "through", {"app.py": app}, Role=role)
    aws.client("lambda").create_event_source_mapping(
        FunctionName="through", EventSourceArn=arn("through"), StartingPosition="TRIM_HORIZON"
    )
    subscribe(aws, "/app/through", "through")
    write(aws, "/app/through", "hello")
    assert eventually(
        lambda: [line for line in log_lines(aws, "/aws/lambda/through") if "GOT" in line and "hello" in line]
    )
