"""No update leaves a subscription filter without its permission or function, not for a moment."""

import inspect
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_s3 import Bucket
from aws_cdk.aws_secretsmanager import Secret
from aws_cdk.aws_ssm import StringParameter

from mezmo_forwarder import (
    IngestionKey,
    JsonMessages,
    LineFilter,
    LineFormat,
    LogGroupTags,
    MetaField,
    MetricsDetail,
    MezmoDestination,
    MezmoLogForwarder,
    MezmoLogForwarderProps,
    Multiline,
    OversizeLines,
    Redaction,
    RedactionKeep,
    Sampling,
    UndeliveredStore,
    VendorCode,
)
from tests.constructs.synthesized import resources

FILTER = "AWS::Logs::SubscriptionFilter"
FUNCTION = "AWS::Lambda::Function"
PERMISSION = "AWS::Lambda::Permission"

Properties = Callable[[Stack], dict[str, Any]]


def network(stack: Stack) -> dict[str, Any]:
    """Return a VPC to run in."""
    return {
        "vpc": ec2.Vpc.from_vpc_attributes(
            stack,
            "Vpc",
            vpc_id="vpc-1",
            availability_zones=["eu-west-3a"],
            private_subnet_ids=["subnet-1"],
            isolated_subnet_ids=["subnet-2"],
        )
    }


def isolated(stack: Stack) -> dict[str, Any]:
    subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    return {**network(stack), "vpc_subnets": subnets}


def guarded(stack: Stack) -> dict[str, Any]:
    group = ec2.SecurityGroup.from_security_group_id(stack, "SecurityGroup", "sg-1")
    return {**network(stack), "security_groups": [group]}


def dual_stack(stack: Stack) -> dict[str, Any]:
    return {**network(stack), "ipv6_allowed_for_dual_stack": True}


def encrypted(stack: Stack) -> dict[str, Any]:
    return {"encryption_key": kms.Key(stack, "Key")}


def parameter_key(stack: Stack) -> dict[str, Any]:
    parameter = StringParameter.from_secure_string_parameter_attributes(
        stack, "Parameter", parameter_name="/key"
    )
    return {"ingestion_key": IngestionKey.from_ssm_parameter(parameter)}


def vendors_code(_: Stack) -> dict[str, Any]:
    code = lambda_.Code.from_inline("exports.handler = async () => {}")
    return {"code": VendorCode.mezmo_cloudwatch(code)}


def layered(stack: Stack) -> dict[str, Any]:
    layer = lambda_.LayerVersion.from_layer_version_arn(
        stack, "Layer", "arn:aws:lambda:eu-west-3:1:layer:tools:1"
    )
    return {"layers": [layer]}


def users_role(stack: Stack) -> dict[str, Any]:
    return {"role": iam.Role(stack, "Theirs", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))}


def users_log_group(stack: Stack) -> dict[str, Any]:
    return {"log_group": logs.LogGroup(stack, "Own")}


def brought_bucket(stack: Stack) -> dict[str, Any]:
    return {"undelivered_store": UndeliveredStore.from_bucket(Bucket(stack, "Theirs"))}


def kept_for_a_week(_: Stack) -> dict[str, Any]:
    return {"undelivered_store": UndeliveredStore.bucket(undelivered_expiration=Duration.days(7))}


def hashing(stack: Stack) -> dict[str, Any]:
    key = Secret.from_secret_name_v2(stack, "HashKey", "hash-key")
    return {"redact": [Redaction.email(keep=RedactionKeep.HASH)], "redact_hash_key": key}


# A change of each property: another value, or what makes the changed forwarder's properties in a stack.
# What a property changes together with another is compared with a forwarder that has the other: BEFORE.
CHANGES: dict[str, Any] = {
    "app": "billing",
    "architecture": lambda_.Architecture.X86_64,
    "code": vendors_code,
    "description": "Logs",
    "destination": MezmoDestination.pipeline("route"),
    "encryption_key": encrypted,
    "environment": {"HTTPS_PROXY": "http://proxy:3128"},
    "exclude": [LineFilter.health_checks()],
    "function_name": "forwarder",
    "hostname": "audit",
    "ingestion_key": parameter_key,
    "ipv6_allowed_for_dual_stack": dual_stack,
    "key_lifetime": Duration.minutes(10),
    "layers": layered,
    "line_format": LineFormat.MEZMO_LAMBDA,
    "log_group": users_log_group,
    "log_group_tags": [LogGroupTags.as_tags("team")],
    "log_retention": logs.RetentionDays.ONE_WEEK,
    "logging_format": lambda_.LoggingFormat.TEXT,
    "include": [LineFilter.pattern("a")],
    "max_event_age": Duration.hours(1),
    "memory_size": 256,
    "meta_fields": [MetaField.GROUP],
    "meta": {"team": "shop"},
    "recognize": False,
    "account_alias": "ours",
    "metrics_detail": MetricsDetail.LOG_GROUP,
    "mezmo_env": "prod",
    "mezmo_tags": ["eu"],
    "multiline": Multiline.stack_traces(),
    "oversize_lines": OversizeLines.WHOLE,
    "redact": [Redaction.email()],
    "redact_hash_key": hashing,
    "redrive_interval": Duration.hours(1),
    "redrive_rate": Size.kibibytes(64),
    "reserved_concurrent_executions": 5,
    "sampling": [Sampling.share(0.5)],
    "retry_attempts": 0,
    "role": users_role,
    "runtime": lambda_.Runtime.PYTHON_3_14,
    "security_groups": guarded,
    "timeout": Duration.minutes(2),
    "timestamp_field": "time",
    "json_messages": JsonMessages.TEXT,
    "tracing": lambda_.Tracing.ACTIVE,
    "undelivered_store": kept_for_a_week,
    "undelivered_store brought": brought_bucket,
    "undelivered_store none": lambda _: {"undelivered_store": UndeliveredStore.none()},
    "vpc": network,
    "vpc_subnets": isolated,
}
BEFORE: dict[str, Properties] = {
    "ipv6_allowed_for_dual_stack": network,
    "security_groups": network,
    "vpc_subnets": network,
}
REPLACED = {"function_name": {FUNCTION, "AWS::Lambda::EventInvokeConfig", PERMISSION}}


def synthesized(directory: Path, properties: Properties, *, stream: bool) -> Stack:
    """Synthesize a forwarder with a subscription, and with a stream unless it runs what reads none."""
    context = {"aws:cdk:disable-asset-staging": True}
    app = App(outdir=str(directory), context=context, analytics_reporting=False)
    stack = Stack(app, "Logs", env=Environment(account="123456789012", region="eu-west-3"))
    secret = Secret.from_secret_name_v2(stack, "Secret", "MezmoIngestionKey")
    given = {"ingestion_key": IngestionKey.from_secrets_manager(secret), **properties(stack)}
    forwarder = MezmoLogForwarder(stack, "MezmoLogForwarder", **given)
    forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/app"))
    if stream:
        arn = "arn:aws:kinesis:eu-west-3:123456789012:stream/logs"
        forwarder.add_kinesis_stream(kinesis.Stream.from_stream_arn(stack, "Stream", arn))
    app.synth()
    return stack


def difference(before: Path, after: Path, stacks: int | None = 1) -> str:
    """Return what CDK's CLI says that a deployment of the second assembly over the first would do."""
    cdk = shutil.which("cdk")
    assert cdk, "run this in the development environment"
    template = before / "Logs.template.json"
    finished = subprocess.run(
        [cdk, "diff", "Logs", "--app", str(after), "--template", str(template), "--no-notices"],
        cwd=after,
        env={**os.environ, "CDK_HOME": str(after), "CI": "true", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    if stacks is not None:
        assert f"Number of stacks with differences: {stacks}" in finished.stdout, finished.stdout
    return finished.stdout


def test_every_property_has_its_change() -> None:
    properties = inspect.signature(MezmoLogForwarderProps.__init__).parameters.keys() - {"self"}

    assert {name.split()[0] for name in CHANGES} == properties


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_replaced_but_by_its_name(tmp_path: Path, name: str) -> None:
    change = CHANGES[name]
    before, after = tmp_path / "before", tmp_path / "after"
    synthesized(before, BEFORE.get(name, lambda _: {}), stream=name != "code")
    changed = change if callable(change) else lambda _: {name: change}
    synthesized(after, changed, stream=name != "code")

    printed = difference(before, after)
    replaced = re.findall(r"^\[~\] (AWS::\S+) .* (?:replace|may be replaced)$", printed, re.MULTILINE)
    assert set(replaced) == REPLACED.get(name, set()), printed
    removed = re.findall(r"^\[-\] (AWS::\S+) (\S+)", printed, re.MULTILINE)
    needed = {FILTER, FUNCTION, PERMISSION, "AWS::Lambda::EventSourceMapping"}
    assert [found for found in removed if found[0] in needed and "Redrive" not in found[1]] == [], printed


@pytest.mark.parametrize("name", [None, *(name for name in CHANGES if callable(CHANGES[name]))])
def test_filter_waits_for_permission_and_function(tmp_path: Path, name: str | None) -> None:
    properties: Properties = CHANGES[name] if name else lambda _: {}
    stack = synthesized(tmp_path, properties, stream=name != "code")

    ((function_id, _),) = resources(stack, FUNCTION).items()
    ((permission_id, permission),) = resources(stack, PERMISSION).items()
    (subscription,) = resources(stack, FILTER).values()
    assert subscription["DependsOn"] == [permission_id]
    assert subscription["Properties"]["DestinationArn"] == {"Fn::GetAtt": [function_id, "Arn"]}
    assert permission["Properties"]["FunctionName"] == {"Fn::GetAtt": [function_id, "Arn"]}
