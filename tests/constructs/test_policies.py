"""What each role may do: every action on every resource, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.aws_s3 import Bucket
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, LogGroupTags, MezmoLogForwarder, UndeliveredStore, VendorCode
from tests.constructs.synthesized import SECRET_ARN, actions, evaluate, resources, statements

Make = Callable[..., MezmoLogForwarder]
Rights = dict[str, set[str]]

OWN_BUCKET = "${MezmoLogForwarderUndeliveredBucketEAB6BBEB.Arn}"
THEIR_BUCKET = "arn:${AWS::Partition}:s3:::theirs"
KMS_ARN = "arn:aws:kms:eu-west-3:123456789012:key/11111111-2222-3333-4444-555555555555"
STREAM_ARN = "arn:aws:kinesis:eu-west-3:123456789012:stream/logs"

LOG_GROUP = "${MezmoLogForwarderLogGroup5C0B30F7.Arn}"
LOGS: Rights = {"logs:CreateLogStream": {LOG_GROUP}, "logs:PutLogEvents": {LOG_GROUP}}
KEY: Rights = {"secretsmanager:GetSecretValue": {SECRET_ARN}}
THROUGH_S3 = {f"{KMS_ARN} through s3.eu-west-3.amazonaws.com"}
WRITES: Rights = {"kms:GenerateDataKey": THROUGH_S3}
READS_AND_WRITES: Rights = {"kms:Decrypt": THROUGH_S3, "kms:GenerateDataKey": THROUGH_S3}
VPC: Rights = {
    f"ec2:{action}": {"*"}
    for action in (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    )
}


def keeping(bucket: str) -> Rights:
    return {"s3:ListBucket": {bucket}, "s3:PutObject": {f"{bucket}/*"}}


def redriving(bucket: str) -> Rights:
    def below(*prefixes: str) -> set[str]:
        return {f"{bucket}/{prefix}/*" for prefix in prefixes}

    return {
        "s3:ListBucket": {bucket},
        "s3:GetObject": below("undelivered", "rejected", "aws/lambda", "redrive"),
        "s3:PutObject": below("undelivered", "rejected", "redrive"),
        "s3:DeleteObject": below("undelivered", "rejected", "aws/lambda"),
    }


def rights(stack: Stack, *, redrive: bool = False) -> Rights:
    """Return the resources that a function's policy allows each action on."""
    found: Rights = {}
    for statement in statements(stack, redrive=redrive):
        assert statement["Effect"] == "Allow"
        service = statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService")
        named: Any = statement["Resource"]
        for resource in named if isinstance(named, list) else [named]:
            text = evaluate(resource, {}) + (f" through {service}" if service else "")
            for action in actions(statement):
                found.setdefault(action, set()).add(text)
    return found


def encrypted(stack: Stack) -> UndeliveredStore:
    key = kms.Key.from_key_arn(stack, "Kms", KMS_ARN)
    bucket = Bucket.from_bucket_attributes(stack, "Theirs", bucket_name="theirs", encryption_key=key)
    return UndeliveredStore.from_bucket(bucket)


def test_with_a_bucket_of_its_own(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()

    assert rights(stack) == LOGS | KEY | keeping(OWN_BUCKET)
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(OWN_BUCKET)


def test_with_a_brought_bucket(stack: Stack, make_forwarder: Make) -> None:
    bucket = Bucket.from_bucket_name(stack, "Theirs", "theirs")
    make_forwarder(undelivered_store=UndeliveredStore.from_bucket(bucket))

    assert rights(stack) == LOGS | KEY | keeping(THEIR_BUCKET)
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(THEIR_BUCKET)


def test_with_a_brought_bucket_and_its_kms_key(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(undelivered_store=encrypted(stack))

    assert rights(stack) == LOGS | KEY | keeping(THEIR_BUCKET) | WRITES
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(THEIR_BUCKET) | READS_AND_WRITES


def test_with_a_key_of_its_own(stack: Stack, make_forwarder: Make) -> None:
    """The variables need no statement: Lambda lets the role decrypt them by a grant."""
    make_forwarder(encryption_key=kms.Key.from_key_arn(stack, "Kms", KMS_ARN))

    assert rights(stack) == LOGS | KEY | keeping(OWN_BUCKET) | WRITES
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(OWN_BUCKET) | READS_AND_WRITES


def test_with_a_key_of_the_secrets(stack: Stack, make_forwarder: Make) -> None:
    key = kms.Key.from_key_arn(stack, "Kms", KMS_ARN)
    secret = Secret.from_secret_attributes(
        stack, "Theirs", secret_complete_arn=SECRET_ARN, encryption_key=key
    )
    make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret))

    reading = {"kms:Decrypt": {f"{KMS_ARN} through secretsmanager.eu-west-3.amazonaws.com"}}
    assert rights(stack) == LOGS | KEY | keeping(OWN_BUCKET) | reading
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(OWN_BUCKET) | reading


def test_without_a_store(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(undelivered_store=UndeliveredStore.none())

    assert rights(stack) == LOGS | KEY
    assert resources(stack, "AWS::IAM::Role", redrive=True) == {}


def test_with_vendor_code(stack: Stack, make_forwarder: Make, vendor: VendorCode) -> None:
    make_forwarder(code=vendor)

    assert rights(stack) == LOGS | keeping(OWN_BUCKET)
    invoke = {"lambda:InvokeFunction": {"${MezmoLogForwarderFunctionCC3FBC19.Arn}"}}
    assert rights(stack, redrive=True) == LOGS | redriving(OWN_BUCKET) | invoke


@pytest.mark.parametrize("key_arn", [None, KMS_ARN])
def test_with_a_kinesis_stream(stack: Stack, make_forwarder: Make, key_arn: str | None) -> None:
    key = kms.Key.from_key_arn(stack, "Kms", key_arn) if key_arn else None
    stream = kinesis.Stream.from_stream_attributes(stack, "Stream", stream_arn=STREAM_ARN, encryption_key=key)
    make_forwarder().add_kinesis_stream(stream)

    reading: Rights = {
        f"kinesis:{action}": {STREAM_ARN}
        for action in (
            "DescribeStream",
            "DescribeStreamSummary",
            "GetRecords",
            "GetShardIterator",
            "ListShards",
        )
    }
    if key_arn:
        reading["kms:Decrypt"] = {f"{KMS_ARN} through kinesis.eu-west-3.amazonaws.com"}
    assert rights(stack) == LOGS | KEY | keeping(OWN_BUCKET) | reading
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(OWN_BUCKET)


def test_with_tags_of_log_groups(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder(log_group_tags=[LogGroupTags.as_tags("team")])
    forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/group"))

    arn = "arn:${AWS::Partition}:logs:eu-west-3:123456789012:log-group:/group"
    tags: Rights = {"logs:ListTagsForResource": {arn}}
    assert rights(stack) == LOGS | KEY | keeping(OWN_BUCKET) | tags
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(OWN_BUCKET) | tags


def test_in_a_vpc(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(vpc=ec2.Vpc(stack, "Vpc", nat_gateways=1, max_azs=1))

    assert rights(stack) == LOGS | KEY | keeping(OWN_BUCKET) | VPC
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(OWN_BUCKET) | VPC


def test_a_role_of_the_users_gets_both(stack: Stack, make_forwarder: Make) -> None:
    role = iam.Role(stack, "Theirs", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    make_forwarder(role=role)

    for redrive in (False, True):
        (policy,) = resources(stack, "AWS::IAM::Policy", redrive=redrive).values()
        assert policy["Properties"]["Roles"] == [stack.resolve(role.role_name)]
    assert rights(stack) == LOGS | KEY | keeping(OWN_BUCKET)
    assert rights(stack, redrive=True) == LOGS | KEY | redriving(OWN_BUCKET)


def test_roles_have_nothing_but_these_policies(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()

    for redrive in (False, True):
        (role,) = resources(stack, "AWS::IAM::Role", redrive=redrive).values()
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument"}
