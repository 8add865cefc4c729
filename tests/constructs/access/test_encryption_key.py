"""One customer-managed key for all that the forwarder makes."""

from collections.abc import Callable

import pytest
from aws_cdk import App, Environment, NestedStack, Stack
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_s3 import Bucket
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder, UndeliveredStore, VendorCode
from tests.constructs.synthesized import SECRET_ARN, evaluate, only, resources, statements, warnings
from tests.constructs.test_policies import KMS_ARN

Make = Callable[..., MezmoLogForwarder]

KEY = "${KmsF7F05A5D.Arn}"


def key_policy(stack: Stack) -> list[dict[str, object]]:
    """Return what a stack's one key allows others than the account."""
    found = only(stack, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    return [statement for statement in found if "AWS" not in statement["Principal"]]


def test_bucket_log_group_and_variables_are_encrypted_with_it(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(encryption_key=kms.Key(stack, "Kms"))

    (rule,) = only(stack, "AWS::S3::Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert evaluate(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"], {}) == KEY
    assert evaluate(only(stack, "AWS::Logs::LogGroup")["KmsKeyId"], {}) == KEY
    for redrive in (False, True):
        assert evaluate(only(stack, "AWS::Lambda::Function", redrive=redrive)["KmsKeyArn"], {}) == KEY
    assert warnings(stack) == ""


def test_cloudwatch_logs_may_use_it_for_groups_of_the_stack_alone(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(encryption_key=kms.Key(stack, "Kms"))

    (allowed,) = key_policy(stack)
    assert allowed["Principal"] == {"Service": "logs.eu-west-3.amazonaws.com"}
    groups = "arn:${AWS::Partition}:logs:eu-west-3:123456789012:log-group:Logs-*"
    (condition,) = [allowed["Condition"]]
    assert condition.keys() == {"ArnLike"}  # type: ignore[attr-defined]
    assert evaluate(condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"], {}) == groups  # type: ignore[index]


def test_a_nested_stacks_name_is_known_at_deployment_only(stack: Stack) -> None:
    inner = NestedStack(stack, "Inner")
    MezmoLogForwarder(
        inner, "Forwarder", ingestion_key=secret_in(inner), encryption_key=kms.Key(stack, "Kms")
    )

    (allowed,) = key_policy(stack)
    assert "log-group:*" in str(allowed["Condition"])


def secret_in(stack: Stack) -> IngestionKey:
    return IngestionKey.from_secrets_manager(Secret.from_secret_complete_arn(stack, "Secret", SECRET_ARN))


def test_what_the_user_brings_keeps_its_own(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(
        encryption_key=kms.Key(stack, "Kms"),
        log_group=LogGroup(stack, "Group"),
        undelivered_store=UndeliveredStore.from_bucket(Bucket(stack, "Bucket")),
    )

    assert "KmsKeyId" not in only(stack, "AWS::Logs::LogGroup")
    assert "aws:kms" not in str(resources(stack, "AWS::S3::Bucket"))
    assert statements(stack, "kms") == statements(stack, "kms", redrive=True) == []
    assert key_policy(stack) == []
    assert "KmsKeyArn" in only(stack, "AWS::Lambda::Function")


def test_a_key_that_cdk_cannot_change_is_a_warning_with_the_statement(
    stack: Stack, make_forwarder: Make
) -> None:
    make_forwarder(encryption_key=kms.Key.from_key_arn(stack, "Kms", KMS_ARN))

    printed = warnings(stack)
    assert "mezmo-forwarder:encryptionKeyPolicy" in printed
    for needed in ("logs.eu-west-3.amazonaws.com", "kms:GenerateDataKey*", "log-group:Logs-*"):
        assert needed in printed


def test_no_warning_where_cloudwatch_logs_does_not_need_it(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(
        encryption_key=kms.Key.from_key_arn(stack, "Kms", KMS_ARN), log_group=LogGroup(stack, "Group")
    )

    assert warnings(stack) == ""


def test_another_stacks_key_is_referred_to_without_an_export(
    app: App, stack: Stack, make_forwarder: Make
) -> None:
    theirs = Stack(app, "Keys", env=Environment(account="123456789012", region="eu-west-3"))
    make_forwarder(encryption_key=kms.Key(theirs, "Kms"))

    assembly = app.synth()
    assert "Keys" in [found.id for found in assembly.get_stack_artifact("Logs").dependencies]
    assert Template.from_stack(theirs).find_outputs("*", {"Export": {}}) == {}
    for encrypted in (
        only(stack, "AWS::S3::Bucket")["BucketEncryption"],
        only(stack, "AWS::Logs::LogGroup")["KmsKeyId"],
        only(stack, "AWS::Lambda::Function")["KmsKeyArn"],
        statements(stack, "kms"),
    ):
        assert "Fn::GetStackOutput" in str(encrypted)
    (allowed,) = key_policy(theirs)
    assert "log-group:Logs-*" in str(allowed["Condition"])
    assert "mezmo-forwarder:encryptionKeyPolicy" not in warnings(stack)


def test_fails_with_an_alias(stack: Stack, make_forwarder: Make) -> None:
    with pytest.raises(RuntimeError, match=r"encryptionKey is the alias .*give the key itself"):
        make_forwarder(encryption_key=kms.Alias.from_alias_name(stack, "Kms", "alias/logs"))


def test_fails_with_a_key_of_another_region(stack: Stack, make_forwarder: Make) -> None:
    key = kms.Key.from_key_arn(stack, "Kms", KMS_ARN.replace("eu-west-3", "us-east-1"))
    with pytest.raises(RuntimeError, match=r'encryptionKey .*is of region "us-east-1"'):
        make_forwarder(encryption_key=key)


def test_vendor_code_has_its_variables_encrypted_too(
    stack: Stack, make_forwarder: Make, vendor: VendorCode
) -> None:
    make_forwarder(encryption_key=kms.Key(stack, "Kms"), code=vendor)

    assert evaluate(only(stack, "AWS::Lambda::Function")["KmsKeyArn"], {}) == KEY
    assert len(resources(stack, "AWS::KMS::Key")) == 1
