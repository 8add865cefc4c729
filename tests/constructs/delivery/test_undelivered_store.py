"""Where what is undelivered is kept: a bucket of the forwarder's, one that is brought, or none."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template
from aws_cdk.aws_s3 import Bucket
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder, UndeliveredStore, VendorCode
from tests.constructs.synthesized import SECRET_ARN, only, resources, warnings

Make = Callable[..., MezmoLogForwarder]

BUCKET = "AWS::S3::Bucket"
HERE = Environment(account="123456789012", region="eu-west-3")
ARN = {"Fn::GetAtt": ["MezmoLogForwarderUndeliveredBucketEAB6BBEB", "Arn"]}


def expirations(stack: Stack) -> dict[str, int]:
    """Return the days after which the bucket's objects expire, by prefix."""
    rules = only(stack, BUCKET)["LifecycleConfiguration"]["Rules"]
    return {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}


def test_bucket_by_default(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()

    bucket = only(stack, BUCKET)
    assert expirations(stack) == {"undelivered/": 30, "aws/lambda/": 30, "rejected/": 90}
    (incomplete,) = (rule for rule in bucket.pop("LifecycleConfiguration")["Rules"] if "Prefix" not in rule)
    assert incomplete["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert bucket == {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    }
    (statement,) = only(stack, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert forwarder.undelivered_bucket
    assert stack.resolve(forwarder.undelivered_bucket.bucket_arn) == ARN


def test_the_bucket_and_nothing_else_is_kept_when_the_stack_goes(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/group"))

    kept = {
        found["Type"]
        for found in Template.from_stack(stack).to_json()["Resources"].values()
        if "Retain" in (found.get("DeletionPolicy"), found.get("UpdateReplacePolicy"))
    }
    assert kept == {BUCKET}
    (bucket,) = resources(stack, BUCKET).values()
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_bucket_as_asked_for(stack: Stack, make_forwarder: Make) -> None:
    store = UndeliveredStore.bucket(
        undelivered_expiration=Duration.days(7),
        rejected_expiration=Duration.days(CfnParameter(stack, "Days", type="Number").value_as_number),
        removal_policy=RemovalPolicy.DESTROY,
    )
    make_forwarder(undelivered_store=store)

    assert expirations(stack) == {"undelivered/": 7, "aws/lambda/": 7, "rejected/": {"Ref": "Days"}}
    (bucket,) = resources(stack, BUCKET).values()
    assert bucket["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize(
    ("store", "message"),
    [
        (
            UndeliveredStore.bucket(undelivered_expiration=Duration.hours(36)),
            r"undeliveredExpiration is 1\.5; give a whole number from 1 to \d+ days",
        ),
        (
            UndeliveredStore.bucket(rejected_expiration=Duration.days(0)),
            "rejectedExpiration is 0; give a whole",
        ),
    ],
)
def test_expiration_that_s3_does_not_know_is_refused(
    make_forwarder: Make, store: UndeliveredStore, message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_forwarder(undelivered_store=store)


def test_what_lambda_gives_up_goes_to_the_bucket_once_the_role_may_write_there(
    stack: Stack, make_forwarder: Make
) -> None:
    make_forwarder()

    (invocation,) = resources(stack, "AWS::Lambda::EventInvokeConfig").values()
    assert invocation["Properties"]["DestinationConfig"] == {"OnFailure": {"Destination": ARN}}
    (policy_id,) = resources(stack, "AWS::IAM::Policy")
    assert policy_id in invocation["DependsOn"]


def test_what_lambda_gives_up_of_a_vendors_code_is_kept_too(stack: Stack, make_forwarder: Make) -> None:
    code = lambda_.Code.from_inline("exports.handler = async () => {}")
    make_forwarder(code=VendorCode.mezmo_cloudwatch(code))

    invocation = only(stack, "AWS::Lambda::EventInvokeConfig")
    assert invocation["DestinationConfig"] == {"OnFailure": {"Destination": ARN}}


def test_none(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder(undelivered_store=UndeliveredStore.none())

    assert (forwarder.undelivered_bucket, forwarder.redrive_function) == (None, None)
    assert resources(stack, BUCKET) == {}
    assert resources(stack, "AWS::Lambda::Function", redrive=True) == {}
    assert "DestinationConfig" not in only(stack, "AWS::Lambda::EventInvokeConfig")
    assert warnings(stack) == ""


def test_brought_bucket_is_left_as_it_is(stack: Stack, make_forwarder: Make) -> None:
    bucket = Bucket(stack, "Theirs", bucket_name="theirs")
    forwarder = make_forwarder(undelivered_store=UndeliveredStore.from_bucket(bucket))

    assert only(stack, BUCKET) == {"BucketName": "theirs"}
    assert resources(stack, "AWS::S3::BucketPolicy") == {}
    assert forwarder.undelivered_bucket
    assert forwarder.undelivered_bucket.node.path == bucket.node.path


def test_brought_bucket_of_another_stack(app: App, stack: Stack, make_forwarder: Make) -> None:
    bucket = Bucket(Stack(app, "Buckets", env=HERE), "Theirs")
    make_forwarder(undelivered_store=UndeliveredStore.from_bucket(bucket))

    destination = only(stack, "AWS::Lambda::EventInvokeConfig")["DestinationConfig"]["OnFailure"]
    assert "Fn::ImportValue" in destination["Destination"]


@pytest.mark.parametrize("again", ["the same", "imported", "the other's own"])
def test_one_bucket_for_two_forwarders_is_refused(stack: Stack, make_forwarder: Make, again: str) -> None:
    bucket: Any = Bucket(stack, "Theirs", bucket_name="theirs")
    own = again == "the other's own"
    first = make_forwarder("First", undelivered_store=None if own else UndeliveredStore.from_bucket(bucket))
    if own:
        bucket = first.undelivered_bucket
    elif again == "imported":
        bucket = Bucket.from_bucket_name(stack, "Again", "theirs")

    with pytest.raises(RuntimeError, match="already that of Logs/First.*give each forwarder a bucket"):
        make_forwarder("Second", undelivered_store=UndeliveredStore.from_bucket(bucket))


def forwarder_in(stack: Stack, store: UndeliveredStore | None = None) -> MezmoLogForwarder:
    secret = Secret.from_secret_complete_arn(stack, "Secret", SECRET_ARN)
    key = IngestionKey.from_secrets_manager(secret)
    return MezmoLogForwarder(stack, "Forwarder", ingestion_key=key, undelivered_store=store)


def test_one_bucket_for_two_forwarders_of_two_apps() -> None:
    for _ in range(2):
        stack = Stack(App(), "Logs")
        bucket = Bucket.from_bucket_name(stack, "Bucket", "theirs")
        forwarder_in(stack, UndeliveredStore.from_bucket(bucket))


def test_the_same_stack_in_two_regions(app: App) -> None:
    for region in ("eu-west-3", "us-east-1"):
        forwarder_in(Stack(app, region, stack_name="Logs", env=Environment(region=region)))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"region": "us-east-1"}, 'of region "us-east-1" and the forwarder of "eu-west-3"; Lambda writes'),
        ({"account": "999999999999"}, 'of account "999999999999" and .*let S3 replicate it'),
    ],
)
def test_bucket_of_another_place_is_refused(
    stack: Stack, make_forwarder: Make, place: dict[str, str], message: str
) -> None:
    bucket = Bucket.from_bucket_attributes(stack, "Theirs", bucket_name="theirs", **place)  # type: ignore[arg-type]

    with pytest.raises(RuntimeError, match=f'undeliveredStore\'s bucket "theirs" is {message}'):
        make_forwarder(undelivered_store=UndeliveredStore.from_bucket(bucket))
