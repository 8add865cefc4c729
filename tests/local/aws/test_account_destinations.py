"""The local AWS lets log groups of one account and region send to a stream of another."""

import gzip
import json
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import Json, make_role

RECEIVER, SENDER = "000000000000", "222222222222"
PUTS_RECORDS: Json = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "*"}
STREAM = f"arn:aws:kinesis:eu-west-3:{RECEIVER}:stream/logs"


def trust(**condition: Json) -> Json:
    service = {"Service": "logs.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole", "Condition": condition}
    return {"Statement": [statement]}


def sources(*accounts: str) -> Json:
    return {"StringLike": {"aws:SourceArn": [f"arn:aws:logs:*:{account}:*" for account in accounts]}}


@pytest.fixture(scope="module")
def aws(aws: LocalAws) -> LocalAws:
    aws.client("kinesis").create_stream(StreamName="logs", ShardCount=1)
    make_role(aws, "both", PUTS_RECORDS, trust=trust(**sources(RECEIVER, SENDER)))
    make_role(aws, "receiver", PUTS_RECORDS, trust=trust(**sources(RECEIVER)))
    return aws


def destination(aws: LocalAws, name: str, *, role: str = "both", region: str = "eu-west-3") -> str:
    logs = aws.client("logs", region=region)
    made = logs.put_destination(
        destinationName=name, targetArn=STREAM, roleArn=f"arn:aws:iam::{RECEIVER}:role/{role}"
    )
    return str(made["destination"]["arn"])


def allow(aws: LocalAws, arn: str, **statement: Any) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "logs:PutSubscriptionFilter", "Resource": arn, **statement}
        ],
    }
    aws.client("logs", region=arn.split(":")[3]).put_destination_policy(
        destinationName=arn.rsplit(":", 1)[1], accessPolicy=json.dumps(document)
    )


def subscribe(aws: LocalAws, group: str, arn: str, *, region: str = "eu-west-3", **options: Any) -> Any:
    logs = aws.client("logs", account=SENDER, region=region)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="stream")
    logs.put_subscription_filter(
        logGroupName=group, filterName="filter", filterPattern="", destinationArn=arn, **options
    )
    return logs


def write(logs: Any, group: str, message: str) -> None:
    events = [{"timestamp": 1_795_000_000_000, "message": message}]
    logs.put_log_events(logGroupName=group, logStreamName="stream", logEvents=events)


def payloads(aws: LocalAws, group: str) -> list[Json]:
    kinesis = aws.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName="logs", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = kinesis.get_records(ShardIterator=iterator)["Records"]
    found = [json.loads(gzip.decompress(record["Data"])) for record in records]
    return [payload for payload in found if payload["logGroup"] == group]


def test_what_another_account_writes_lies_in_the_stream(aws: LocalAws) -> None:
    arn = destination(aws, "one")
    assert payloads(aws, "")[-1]["messageType"] == "CONTROL_MESSAGE"
    allow(aws, arn, Principal={"AWS": SENDER})
    logs = subscribe(aws, "/one", arn)
    write(logs, "/one", "hello")

    [payload] = payloads(aws, "/one")
    assert (payload["owner"], payload["subscriptionFilters"]) == (SENDER, ["filter"])
    assert [event["message"] for event in payload["logEvents"]] == ["hello"]


def test_from_another_region_and_with_its_name(aws: LocalAws) -> None:
    arn = destination(aws, "abroad", region="eu-west-1")
    allow(aws, arn, Principal={"AWS": SENDER})
    fields = {"emitSystemFields": ["@aws.account", "@aws.region"]}
    logs = subscribe(aws, "/abroad", arn, region="eu-west-1", **fields)
    write(logs, "/abroad", "hello")

    [payload] = payloads(aws, "/abroad")
    assert payload["logEvents"][0]["extractedFields"] == {
        "@aws.account": SENDER,
        "@aws.region": "eu-west-1",
    }
    with pytest.raises(logs.exceptions.InvalidParameterException, match="not of region eu-west-3"):
        subscribe(aws, "/at-home", arn)


def test_an_organization_wants_a_role(aws: LocalAws) -> None:
    arn = destination(aws, "organization")
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-localstack00"}}
    allow(aws, arn, Principal="*", Condition=condition)
    with pytest.raises(Exception, match="without roleArn"):
        subscribe(aws, "/without", arn)
    subscribe(aws, "/with", arn, roleArn=f"arn:aws:iam::{SENDER}:role/any")
    allow(aws, arn, Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-another000"}})
    with pytest.raises(Exception, match="not authorized"):
        subscribe(aws, "/other", arn, roleArn=f"arn:aws:iam::{SENDER}:role/any")


def test_who_is_not_let_in_is_refused(aws: LocalAws) -> None:
    arn = destination(aws, "closed")
    with pytest.raises(Exception, match="not authorized"):
        subscribe(aws, "/no-policy", arn)
    allow(aws, arn, Principal={"AWS": "333333333333"})
    with pytest.raises(Exception, match="not authorized"):
        subscribe(aws, "/another", arn)
    with pytest.raises(Exception, match="does not exist"):
        subscribe(aws, "/nothing", arn.replace("closed", "nothing"))


def test_a_role_that_trusts_for_the_receiver_alone_delivers_nothing(aws: LocalAws) -> None:
    arn = destination(aws, "distrusts", role="receiver")
    allow(aws, arn, Principal={"AWS": SENDER})
    write(subscribe(aws, "/distrusts", arn), "/distrusts", "hello")

    assert payloads(aws, "/distrusts") == []


def test_a_destination_needs_its_stream_and_its_role(aws: LocalAws) -> None:
    with pytest.raises(Exception, match="Could not deliver test message"):
        destination(aws, "no-role", role="none")
    logs = aws.client("logs")
    with pytest.raises(Exception, match="not supported"):
        logs.put_destination(destinationName="no", targetArn="arn:aws:sqs:eu-west-3:0:q", roleArn="role")


@pytest.mark.parametrize("policy", ["{", "x" * 5121, json.dumps({"Statement": [{"Action": "s3:*"}]})])
def test_a_policy_that_cannot_be_is_refused(aws: LocalAws, policy: str) -> None:
    destination(aws, "refuses")
    with pytest.raises(Exception, match="accessPolicy"):
        aws.client("logs").put_destination_policy(destinationName="refuses", accessPolicy=policy)
