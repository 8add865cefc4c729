"""A deployed forwarder as the doctor's patient: each link that can break, and what the doctor says of it."""

import json
import re
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mezmo_forwarder_commands.__main__ import main
from tests.pipeline.whole_way import KEY, WholeWay

Output = pytest.CaptureFixture[str]
Json = dict[str, Any]

SECRET, NAMED, STACK = "doctor-key", "/doctor/named", "Doctor"
# What tells of the past, and stays after a mend.
HISTORY = "last hour"


@dataclass
class Patient:
    """The deployed forwarder, and what its parts are called."""

    way: WholeWay
    capsys: Output

    def __post_init__(self) -> None:
        resources = self.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        self._ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
        self.function = self.id("ForwarderFunction")
        self.redrive = self.id("ForwarderRedriveFunction")
        self.bucket = self.id("ForwarderUndeliveredBucket")

    def id(self, logical_id: str) -> str:
        """Return a physical id by the logical one, without its hash."""
        (found,) = (
            physical
            for logical, physical in self._ids.items()
            if re.fullmatch(f"{logical_id}[0-9A-F]{{8}}", logical)
        )
        return str(found)

    def client(self, service: str) -> Any:
        return self.way.aws.client(service)

    def configuration(self, function: str) -> Json:
        found: Json = self.client("lambda").get_function_configuration(FunctionName=function)
        return found

    def update(self, **changes: object) -> None:
        """Update the function's configuration, and wait until it is."""
        functions = self.client("lambda")
        functions.update_function_configuration(FunctionName=self.function, **changes)
        waiter = functions.get_waiter("function_updated_v2")
        waiter.wait(FunctionName=self.function, WaiterConfig={"Delay": 0.2, "MaxAttempts": 100})

    def look(self, *options: str) -> tuple[int, Json]:
        """Run the doctor; return the exit status and what it says."""
        self.capsys.readouterr()
        status = main(["doctor", STACK, "--json", *options])
        return status, json.loads(self.capsys.readouterr().out)

    def complaints(self, *, past: bool = False) -> list[Json]:
        """Return what the doctor finds amiss now; of the past as well, if asked."""
        _, said = self.look()
        return [
            one for one in said["findings"] if one["verdict"] != "ok" and (past or one["area"] != HISTORY)
        ]

    def follow(self, remedy: str) -> None:
        """Do what a remedy says: the command at its end, by the API that the AWS CLI would call."""
        words = shlex.split(remedy[remedy.rindex(": aws ") + 2 :])
        service, operation, options = words[1], words[2].replace("-", "_"), words[3:]
        client = self.client(service)
        shape = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[operation]
        ).input_shape
        members = {name.lower(): name for name in shape.members}
        parameters = {}
        for option, value in zip(options[::2], options[1::2], strict=True):
            name = members[option.removeprefix("--").replace("-", "").lower()]
            kind = shape.members[name].type_name
            parameters[name] = value if kind == "string" else json.loads(value)
        getattr(client, operation)(**parameters)


Mend = Callable[[], object]
Break = Callable[[Patient], Mend | None]


def settings_of_another_release(patient: Patient) -> Mend:
    variables = patient.configuration(patient.function)["Environment"]["Variables"]
    name = "MEZMO_FORWARDER_SETTINGS"
    changed = {**variables, name: variables[name].replace('"schema":1', '"schema":2')}
    patient.update(Environment={"Variables": changed})
    return lambda: patient.update(Environment={"Variables": variables})


def another_runtime(patient: Patient) -> Mend:
    patient.update(Runtime="python3.12")
    return lambda: patient.update(Runtime="python3.13")


def a_quiet_log_level(patient: Patient) -> Mend:
    logging = patient.configuration(patient.function)["LoggingConfig"]
    patient.update(LoggingConfig={**logging, "ApplicationLogLevel": "ERROR"})
    return lambda: patient.update(LoggingConfig={**logging, "ApplicationLogLevel": "INFO"})


def no_concurrency(patient: Patient) -> None:
    patient.client("lambda").put_function_concurrency(
        FunctionName=patient.function, ReservedConcurrentExecutions=0
    )


def no_concurrency_of_the_redrive(patient: Patient) -> None:
    patient.client("lambda").put_function_concurrency(
        FunctionName=patient.redrive, ReservedConcurrentExecutions=0
    )


def no_failure_destination(patient: Patient) -> None:
    patient.client("lambda").delete_function_event_invoke_config(FunctionName=patient.function)


def no_invoke_permission(patient: Patient) -> None:
    _without_permission(patient, patient.function)


def no_permission_for_the_schedule(patient: Patient) -> None:
    _without_permission(patient, patient.redrive)


def _without_permission(patient: Patient, function: str) -> None:
    policy = json.loads(patient.client("lambda").get_policy(FunctionName=function)["Policy"])
    for statement in policy["Statement"]:
        patient.client("lambda").remove_permission(FunctionName=function, StatementId=statement["Sid"])


def a_role_without_its_policy(patient: Patient) -> Mend:
    return _without_policy(patient, "ForwarderRole")


def a_redrive_s_role_without_its_policy(patient: Patient) -> Mend:
    return _without_policy(patient, "ForwarderRedriveRole")


def _without_policy(patient: Patient, role: str) -> Mend:
    iam, name = patient.client("iam"), patient.id(role)
    policy, document = _policy_of(patient, role)
    iam.delete_role_policy(RoleName=name, PolicyName=policy)
    return lambda: iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def _policy_of(patient: Patient, role: str) -> tuple[str, Json]:
    """Return the name and the document of a role's only policy."""
    iam, name = patient.client("iam"), patient.id(role)
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return policy, iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]


def a_role_that_may_read_no_tags(patient: Patient) -> Mend:
    name = patient.id("ForwarderRole")
    policy, document = _policy_of(patient, "ForwarderRole")
    kept = [one for one in document["Statement"] if one["Action"] != "logs:ListTagsForResource"]
    assert len(kept) == len(document["Statement"]) - 1

    def put(found: Json) -> None:
        put_policy = patient.client("iam").put_role_policy
        put_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(found))

    put({**document, "Statement": kept})
    return lambda: put(document)


def a_bucket_with_a_key_that_is_not_granted(patient: Patient) -> Mend:
    s3, key = patient.client("s3"), patient.client("kms").create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=patient.bucket, ServerSideEncryptionConfiguration=rules)
    return lambda: s3.delete_bucket_encryption(Bucket=patient.bucket)


def another_field(patient: Patient) -> Mend:
    return _secret(patient, json.dumps({"MEZMO_KEY": KEY}))


def a_random_password(patient: Patient) -> Mend:
    return _secret(patient, json.dumps({"LOGDNA_KEY": "a~random(password"}))


def _secret(patient: Patient, value: str) -> Mend:
    put = patient.client("secretsmanager").put_secret_value
    put(SecretId=SECRET, SecretString=value)
    return lambda: put(SecretId=SECRET, SecretString=json.dumps({"LOGDNA_KEY": KEY}))


def a_deleted_secret(patient: Patient) -> Mend:
    patient.client("secretsmanager").delete_secret(SecretId=SECRET, RecoveryWindowInDays=7)
    return lambda: patient.client("secretsmanager").restore_secret(SecretId=SECRET)


def a_revoked_key(patient: Patient) -> Mend:
    keys = patient.way.mezmo.keys
    patient.way.mezmo.keys = {"f" * 32}
    return lambda: setattr(patient.way.mezmo, "keys", keys)


def a_log_group_made_again(patient: Patient) -> None:
    time.sleep(1.1)  # the stack's time has no fractions of a second
    patient.client("logs").delete_log_group(logGroupName=NAMED)
    patient.client("logs").create_log_group(logGroupName=NAMED)


def a_log_group_that_is_gone(patient: Patient) -> Mend:
    logs = patient.client("logs")
    (found,) = logs.describe_subscription_filters(logGroupName=NAMED)["subscriptionFilters"]
    logs.delete_log_group(logGroupName=NAMED)

    def mend() -> None:
        logs.create_log_group(logGroupName=NAMED)
        _put(logs, found)

    return mend


def a_filter_to_another_function(patient: Patient) -> None:
    logs, functions = patient.client("logs"), patient.client("lambda")
    (found,) = logs.describe_subscription_filters(logGroupName=NAMED)["subscriptionFilters"]
    functions.add_permission(
        FunctionName=patient.redrive,
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
    )
    _put(logs, {**found, "destinationArn": patient.configuration(patient.redrive)["FunctionArn"]})
    functions.remove_permission(FunctionName=patient.redrive, StatementId="logs")


def a_filter_with_another_pattern(patient: Patient) -> None:
    logs = patient.client("logs")
    (found,) = logs.describe_subscription_filters(logGroupName=NAMED)["subscriptionFilters"]
    _put(logs, {**found, "filterPattern": "ERROR"})


def _put(logs: Any, subscription: Json) -> None:
    wanted = ("logGroupName", "filterName", "filterPattern", "destinationArn")
    logs.put_subscription_filter(**{name: subscription[name] for name in wanted})


def a_schedule_that_is_disabled(patient: Patient) -> None:
    patient.client("events").disable_rule(Name=patient.id("ForwarderRedriveSchedule"))


def rejected_lines(patient: Patient) -> Mend:
    s3, key = patient.client("s3"), "rejected/2026/11/27/2026-11-27T09.00.00-1"
    s3.put_object(Bucket=patient.bucket, Key=key, Body=b"rejected")
    return lambda: s3.delete_object(Bucket=patient.bucket, Key=key)


def a_bucket_that_is_gone(patient: Patient) -> Mend:
    s3 = patient.client("s3")
    for entry in s3.list_objects_v2(Bucket=patient.bucket).get("Contents", []):
        s3.delete_object(Bucket=patient.bucket, Key=entry["Key"])
    s3.delete_bucket(Bucket=patient.bucket)
    place = {"LocationConstraint": patient.way.aws.environment["AWS_REGION"]}
    return lambda: s3.create_bucket(Bucket=patient.bucket, CreateBucketConfiguration=place)


def a_vpc_without_a_way_out(patient: Patient) -> Mend:
    ec2 = patient.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="doctor", Description="doctor", VpcId=vpc)["GroupId"]
    patient.update(VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]})
    return lambda: patient.update(VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})


def a_disabled_kms_key(patient: Patient) -> Mend:
    kms, secrets = patient.client("kms"), patient.client("secretsmanager")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    secrets.update_secret(SecretId=SECRET, KmsKeyId=key)
    kms.disable_key(KeyId=key)

    def mend() -> None:
        kms.enable_key(KeyId=key)
        secrets.update_secret(SecretId=SECRET, KmsKeyId="alias/aws/secretsmanager")

    return mend


# What is broken; which check says so, how, and in what words.
LINKS: list[tuple[Break, str, str, str]] = [
    (settings_of_another_release, "settings", "broken", "schema 2 is not known to this handler"),
    (another_runtime, "code", "broken", r"the runtime is python3\.12"),
    (a_quiet_log_level, "log level", "warning", "log level ERROR: Lambda drops"),
    (no_concurrency, "concurrency", "warning", "the function is paused"),
    (no_concurrency_of_the_redrive, "concurrency", "broken", "the re-drive never runs"),
    (no_failure_destination, "on failure", "broken", "its on-failure destination is none"),
    (no_invoke_permission, "invocation", "broken", "may not invoke the function, so it drops"),
    (no_permission_for_the_schedule, "re-drive", "broken", "EventBridge may not invoke the re-drive"),
    (a_role_without_its_policy, "role", "broken", "may not secretsmanager:GetSecretValue on"),
    (a_redrive_s_role_without_its_policy, "re-drive's role", "broken", "cannot send again what was kept"),
    (a_role_that_may_read_no_tags, "role", "warning", "ListTagsForResource on .*:/doctor/named and 1 more"),
    (a_bucket_with_a_key_that_is_not_granted, "role", "broken", "may not kms:GenerateDataKey on arn"),
    (another_field, "readable", "broken", "has no field 'LOGDNA_KEY'; its fields are: 'MEZMO_KEY'"),
    (a_random_password, "readable", "warning", "is not 32 hexadecimal digits"),
    (a_deleted_secret, "readable", "broken", "marked for deletion|scheduled for deletion"),
    (a_revoked_key, "accepted", "broken", "Mezmo refuses the key: 403"),
    (a_log_group_made_again, "filters", "broken", "/doctor/named has no filter .* made again after"),
    (a_log_group_that_is_gone, "filters", "broken", "there is no log group /doctor/named"),
    (a_filter_to_another_function, "filters", "broken", "leads to .*Redrive.* and not to this function"),
    (a_filter_with_another_pattern, "filters", "warning", "has the pattern 'ERROR'"),
    (a_schedule_that_is_disabled, "re-drive", "broken", "schedule is disabled"),
    (rejected_lines, "rejected", "warning", "refused lines for good: 1 object, "),
    (a_bucket_that_is_gone, "bucket", "broken", "there is no bucket"),
    (a_vpc_without_a_way_out, "network", "broken", r"has no route 0\.0\.0\.0/0"),
    (a_disabled_kms_key, "KMS keys", "broken", "the key of the secret, .* is Disabled"),
]
