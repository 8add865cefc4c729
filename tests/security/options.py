"""The options of a forwarder that say who may do what, and every two of them together, once each."""

from collections.abc import Callable
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_s3 import Bucket
from aws_cdk.aws_secretsmanager import Secret
from aws_cdk.aws_ssm import StringParameter

from mezmo_forwarder import (
    IngestionKey,
    LogGroupTags,
    MezmoLogForwarder,
    Multiline,
    Redaction,
    UndeliveredStore,
    VendorCode,
)
from tests.security.pairwise import Row, pairwise

ACCOUNT, REGION = "123456789012", "eu-west-3"
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:MezmoIngestionKey-a1b2c3"
KMS_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
STREAM_ARN = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/logs"

OPTIONS = {
    "code": ["ours", "vendor"],
    "key": ["secret", "secret+kms", "parameter", "reference"],
    "store": ["own", "brought", "none"],
    "encryption": ["aws", "own key", "known key"],
    "network": ["none", "vpc", "endpoints"],
    "role": ["own", "brought", "fixed"],
    "access": ["none", "groups", "account"],
    "source": ["groups", "stream", "scope", "account"],
    "watched": ["no", "yes"],
    "lines": ["plain", "shaped", "tagged"],
}


def allowed(row: Row) -> bool:
    """Whether the library takes these together."""
    vendor = row["code"] == "vendor"
    return not vendor or (row["key"] != "parameter" and row["source"] != "stream" and row["lines"] == "plain")


def rows() -> list[Row]:
    """Return the matrix."""
    return pairwise(OPTIONS, allowed)


def name(number: int) -> str:
    """Return the name of the stack of a row."""
    return f"Matrix{number}"


def app_of(matrix: list[Row], outdir: str) -> App:
    """Return an app with a stack a row."""
    app = App(outdir=outdir, context={"aws:cdk:disable-asset-staging": True}, analytics_reporting=False)
    for number, row in enumerate(matrix):
        # CloudWatch takes one policy in an account and region: whose these are must not be known.
        env = None if row["source"] == "account" else Environment(account=ACCOUNT, region=REGION)
        stack = Stack(app, name(number), env=env)
        forwarder_of(stack, row)
    return app


def forwarder_of(stack: Stack, row: Row) -> MezmoLogForwarder:
    """Make the forwarder of a row."""
    properties = {
        name: value for option, make in MAKERS.items() for name, value in make(stack, row[option]).items()
    }
    forwarder = MezmoLogForwarder(stack, "Forwarder", **properties)
    forwarder.subscribe(LogGroup.from_log_group_name(stack, "App", f"/aws/ecs/{stack.stack_name}"))
    if row["source"] == "stream":
        stream = kinesis.Stream.from_stream_attributes(
            stack, "Stream", stream_arn=STREAM_ARN, encryption_key=kms.Key.from_key_arn(stack, "K", KMS_ARN)
        )
        forwarder.add_kinesis_stream(stream)
    if row["source"] == "scope":
        LogGroup(stack, "Late", log_group_name=f"/late/{stack.stack_name}")
        forwarder.subscribe_all(stack)
    if row["source"] == "account":
        forwarder.subscribe_account()
    if row["watched"] == "yes":
        forwarder.add_alarms()
        forwarder.add_dashboard()
    if row["network"] == "endpoints":
        forwarder.add_vpc_endpoints()
    if row["access"] != "none":
        forwarder.allow_log_access(account_wide=row["access"] == "account")
    return forwarder


def _code(_stack: Stack, value: str) -> dict[str, Any]:
    code = lambda_.Code.from_inline("exports.handler = async () => {}")
    vendor = VendorCode.of(code, variables={"key": "LOGDNA_KEY"}, runtime=lambda_.Runtime.NODEJS_24_X)
    return {"code": vendor} if value == "vendor" else {}


def _key(stack: Stack, value: str) -> dict[str, Any]:
    key = kms.Key.from_key_arn(stack, "SecretKey", KMS_ARN) if "kms" in value else None
    secret = Secret.from_secret_attributes(
        stack, "Secret", secret_complete_arn=SECRET_ARN, encryption_key=key
    )
    if value == "parameter":
        parameter = StringParameter.from_secure_string_parameter_attributes(
            stack, "Parameter", parameter_name="/mezmo/key"
        )
        return {"ingestion_key": IngestionKey.from_ssm_parameter(parameter)}
    if value == "reference":
        return {"ingestion_key": IngestionKey.from_dynamic_reference(secret, field="LOGDNA_KEY")}
    return {"ingestion_key": IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY")}


def _store(stack: Stack, value: str) -> dict[str, Any]:
    if value == "brought":
        key = kms.Key.from_key_arn(stack, "BucketKey", KMS_ARN)
        bucket = Bucket.from_bucket_attributes(
            stack, "Bucket", bucket_name=f"undelivered-{stack.stack_name.lower()}", encryption_key=key
        )
        return {"undelivered_store": UndeliveredStore.from_bucket(bucket)}
    return {"undelivered_store": UndeliveredStore.none()} if value == "none" else {}


def _encryption(stack: Stack, value: str) -> dict[str, Any]:
    if value == "own key":
        return {"encryption_key": kms.Key(stack, "Key", enable_key_rotation=True)}
    return {"encryption_key": kms.Key.from_key_arn(stack, "Key", KMS_ARN)} if value == "known key" else {}


def _network(stack: Stack, value: str) -> dict[str, Any]:
    if value == "none":
        return {}
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-0123456789abcdef0",
        availability_zones=[f"{REGION}a", f"{REGION}b"],
        private_subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        private_subnet_route_table_ids=["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"],
    )
    proxy = {"HTTPS_PROXY": "http://proxy.example:3128"} if value == "endpoints" else {}
    return {"vpc": vpc, "environment": proxy}


def _role(stack: Stack, value: str) -> dict[str, Any]:
    if value == "brought":
        return {"role": iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))}
    if value == "fixed":
        arn = f"arn:aws:iam::{ACCOUNT}:role/Forwarder"
        return {"role": iam.Role.from_role_arn(stack, "Role", arn, mutable=False)}
    return {}


def _lines(_stack: Stack, value: str) -> dict[str, Any]:
    if value == "plain":
        return {}
    if value == "tagged":
        return {"log_group_tags": [LogGroupTags.all_as_tags()]}
    return {"redact": Redaction.all(), "multiline": Multiline.stack_traces(), "mezmo_tags": ["matrix"]}


MAKERS: dict[str, Callable[[Stack, str], dict[str, Any]]] = {
    "code": _code,
    "key": _key,
    "store": _store,
    "encryption": _encryption,
    "network": _network,
    "role": _role,
    "lines": _lines,
}
