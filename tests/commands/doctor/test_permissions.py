"""What the roles are asked for, and what is said of a right that one lacks, with IAM by a script."""

from collections.abc import Iterable
from typing import Any

import pytest

from mezmo_forwarder_commands.doctor import permissions
from mezmo_forwarder_commands.doctor.calls import CallError
from mezmo_forwarder_commands.doctor.findings import Answer
from tests.commands.doctor.scripted import DENIED, OURS, SETTINGS, Json, ScriptedCalls, function, subscribed
from tests.commands.doctor.scripted import deployment as deployed
from tests.commands.doctor.scripted import subscribed_account as of_account

KMS_KEY = "arn:aws:kms:eu-west-3:123456789012:key/1"
LOG_GROUP = "arn:aws:logs:eu-west-3:123456789012:log-group:"
TAGS = "logs:ListTagsForResource"
TAGGED = {**SETTINGS, "log_group_tags": [{"to": "tags", "keys": ["team"]}]}


class Simulated(ScriptedCalls):
    """IAM's simulation: allows all but some actions, and notes what it was asked.

    Args:
        denied: these actions.
        key: the KMS key of the bucket, as the bucket names it.
        manager: whose key that is.
    """

    def __init__(self, *denied: str, key: str = "", manager: str = "CUSTOMER") -> None:
        default = {"ApplyServerSideEncryptionByDefault": {"KMSMasterKeyID": key} if key else {}}
        super().__init__(
            {
                ("s3", "get_bucket_encryption"): {"ServerSideEncryptionConfiguration": {"Rules": [default]}},
                ("kms", "describe_key"): {"KeyMetadata": {"Arn": KMS_KEY, "KeyManager": manager}},
            }
        )
        self._denied = denied
        self.asked: list[tuple[str, str, str]] = []

    def call(self, service: str, method: str, **parameters: object) -> Json:
        if method != "simulate_principal_policy":
            return super().call(service, method, **parameters)
        actions, (resource,) = list_of(parameters["ActionNames"]), list_of(parameters["ResourceArns"])
        through = "".join(one["ContextKeyValues"][0] for one in list_of(parameters["ContextEntries"]))
        self.asked += [(action, resource, through) for action in actions]
        return {
            "EvaluationResults": [
                {"EvalActionName": one, "EvalDecision": "implicitDeny" if one in self._denied else "allowed"}
                for one in actions
            ]
        }


def list_of(value: object) -> list[Any]:
    assert isinstance(value, list)
    return value


def said(answers: Iterable[Answer]) -> list[tuple[str, str]]:
    return [(answer.verdict.value, answer.text) for answer in answers]


def test_a_role_is_asked_for_a_partial_arn_as_its_policy_has_it() -> None:
    calls = Simulated("s3:PutObject", "secretsmanager:GetSecretValue")
    answers = said(permissions.of_the_function(deployed(calls)))

    assert {verdict for verdict, _ in answers} == {"broken"}
    secret = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:key-AbCdEf"
    assert secret in {resource for _, resource, _ in calls.asked}
    assert any("s3:PutObject on arn:aws:s3:::store/undelivered/any" in text for _, text in answers)


@pytest.mark.parametrize("name", [KMS_KEY, "alias/store"])
def test_the_key_of_the_store(name: str) -> None:
    """By each role what the construct grants it, through S3."""
    calls = Simulated(key=name)
    patient = deployed(calls)

    def of_the_key() -> set[tuple[str, str]]:
        found = {(action, through) for action, resource, through in calls.asked if resource == KMS_KEY}
        calls.asked.clear()
        return found

    through = "s3.eu-west-3.amazonaws.com"
    assert [verdict for verdict, _ in said(permissions.of_the_function(patient))] == ["ok"]
    assert of_the_key() == {("kms:GenerateDataKey", through)}
    assert [verdict for verdict, _ in said(permissions.of_the_redrive(patient))] == ["ok"]
    assert of_the_key() == {("kms:GenerateDataKey", through), ("kms:Decrypt", through)}


def test_a_key_of_the_store_that_is_not_granted() -> None:
    patient = deployed(Simulated("kms:GenerateDataKey", "kms:Decrypt", key=KMS_KEY))
    (answer,) = permissions.of_the_function(patient)

    assert said([answer]) == [
        ("broken", f"forwarder may not kms:GenerateDataKey on {KMS_KEY}: it cannot keep what fails")
    ]
    assert "Bucket.from_bucket_attributes(encryption_key=...)" in answer.remedy
    (_, text), *more = said(permissions.of_the_redrive(patient))
    assert (more, f"may not kms:Decrypt and kms:GenerateDataKey on {KMS_KEY}" in text) == ([], True)


def test_a_key_of_s3_s_own_needs_no_right() -> None:
    calls = Simulated(key="arn:aws:kms:eu-west-3:123456789012:alias/aws/s3", manager="AWS")
    list(permissions.of_the_redrive(deployed(calls)))

    assert not any(action.startswith("kms:") for action, _, _ in calls.asked)


def test_whether_the_store_has_a_key_may_not_be_seen() -> None:
    calls = Simulated()
    calls.answers["s3", "get_bucket_encryption"] = DENIED

    with pytest.raises(CallError) as caught:
        list(permissions.of_the_function(deployed(calls)))
    assert (caught.value.denied, caught.value.action) == (True, "s3:GetEncryptionConfiguration")


@pytest.mark.parametrize(
    ("template", "settings", "groups"),
    [
        ({"One": subscribed("/a"), "Two": subscribed("/b"), "Again": subscribed("/a")}, TAGGED, ["/a", "/b"]),
        ({"One": subscribed("/a"), "Policy": of_account()}, TAGGED, ["any"]),
        ({"One": subscribed("/a")}, SETTINGS, []),
        ({}, TAGGED, []),
    ],
)
def test_the_tags_of_the_subscribed_log_groups(template: Json, settings: Json, groups: list[str]) -> None:
    calls = Simulated()
    patient = deployed(calls, of=function(settings=settings), template=OURS | template)

    for check in (permissions.of_the_function, permissions.of_the_redrive):
        ((verdict, text),) = said(check(patient))
        assert (verdict, "read log groups' tags" in text) == ("ok", bool(groups))
        asked = sorted(resource for action, resource, _ in calls.asked if action == TAGS)
        assert asked == [LOG_GROUP + group for group in groups]
        calls.asked.clear()


def test_tags_that_may_not_be_read_are_one_warning() -> None:
    template = OURS | {name: subscribed(f"/{name}") for name in ("a", "b", "c")}
    patient = deployed(Simulated(TAGS), of=function(settings=TAGGED), template=template)

    ((verdict, text),) = said(permissions.of_the_function(patient))
    assert verdict == "warning"
    assert text.startswith(f"forwarder may not {TAGS} on {LOG_GROUP}/a and 2 more: lines go without the tags")
