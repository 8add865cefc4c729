"""The receiving end of other accounts' log events: destination, stream, role, and who may send."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk import aws_kinesis as kinesis
from aws_cdk.aws_kms import Key

from mezmo_forwarder import KinesisStreamOptions, MezmoLogForwarder, MezmoLogReceiver
from tests.constructs.synthesized import evaluate, only, resources

Make = Callable[..., MezmoLogForwarder]

DESTINATION = "AWS::Logs::Destination"
ORGANIZATION = "o-a1b2c3d4e5"
SENDER = "222222222222"
HERE = Environment(account="123456789012", region="eu-west-3")


def receiver_of(stack: Stack, **properties: Any) -> MezmoLogReceiver:
    return MezmoLogReceiver(stack, "Receiver", **{"accounts": [SENDER], **properties})


def allowed(stack: Stack) -> list[dict[str, Any]]:
    """Return the statements of the destination's access policy."""
    policy = json.loads(evaluate(only(stack, DESTINATION)["DestinationPolicy"], {"AWS::Partition": "aws"}))
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def trusted(stack: Stack) -> list[dict[str, Any]]:
    (role,) = (
        found["Properties"]
        for name, found in resources(stack, "AWS::IAM::Role").items()
        if "Receiver" in name
    )
    statements = role["AssumeRolePolicyDocument"]["Statement"]
    assert {one["Principal"]["Service"] for one in statements} == {"logs.amazonaws.com"}
    return [one["Condition"] for one in statements]


def test_everything_it_takes(app: App, stack: Stack, make_forwarder: Make) -> None:
    made = receiver_of(stack, forwarder=make_forwarder(), destination_name="mezmo")

    destination = only(stack, DESTINATION)
    stream = only(stack, "AWS::Kinesis::Stream")
    mapping = only(stack, "AWS::Lambda::EventSourceMapping")
    assert destination["DestinationName"] == "mezmo"
    assert destination["TargetArn"] == mapping["EventSourceArn"]
    assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert stream["StreamEncryption"] == {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    arn = "arn:aws:logs:eu-west-3:123456789012:destination:mezmo"
    assert evaluate(stack.resolve(made.destination_arn), {"AWS::Partition": "aws"}) == arn
    assert allowed(stack) == [
        {
            "Effect": "Allow",
            "Action": ["logs:PutSubscriptionFilter", "logs:PutAccountPolicy"],
            "Resource": arn,
            "Principal": {"AWS": [SENDER]},
        }
    ]
    app.synth()


def test_the_role_may_write_to_the_stream_before_the_destination_tries_it(stack: Stack) -> None:
    receiver_of(stack)

    statements = only(stack, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert [(one["Action"], one["Resource"]) for one in statements] == [
        ("kinesis:PutRecord", only(stack, DESTINATION)["TargetArn"])
    ]
    (destination,) = resources(stack, DESTINATION).values()
    (policy,) = resources(stack, "AWS::IAM::Policy")
    assert policy in destination["DependsOn"]


def test_it_trusts_cloudwatch_logs_for_itself_and_for_who_sends(stack: Stack) -> None:
    receiver_of(stack, organization_id=ORGANIZATION)

    first, second = trusted(stack)
    arns = [evaluate(arn, {"AWS::Partition": "aws"}) for arn in first["StringLike"]["aws:SourceArn"]]
    assert arns == ["arn:aws:logs:eu-west-3:123456789012:*", f"arn:aws:logs:eu-west-3:{SENDER}:*"]
    assert second == {"StringEquals": {"aws:SourceOrgID": ORGANIZATION}}


def test_an_organization_may_send(stack: Stack) -> None:
    receiver_of(stack, accounts=None, organization_id=ORGANIZATION)

    (statement,) = allowed(stack)
    assert statement["Principal"] == "*"
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}


def test_a_stream_of_another_region_and_its_key(stack: Stack) -> None:
    key = Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:123456789012:key/1")
    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/logs"
    stream = kinesis.Stream.from_stream_attributes(stack, "Stream", stream_arn=arn, encryption_key=key)
    receiver_of(stack, stream=stream)

    assert resources(stack, "AWS::Kinesis::Stream") == {}
    assert only(stack, DESTINATION)["TargetArn"] == arn
    (_, use) = only(stack, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert (use["Action"], use["Resource"]) == ("kms:GenerateDataKey", key.key_arn)
    assert use["Condition"] == {"StringEquals": {"kms:ViaService": "kinesis.eu-west-1.amazonaws.com"}}


def test_how_the_stream_is_read(stack: Stack, make_forwarder: Make) -> None:
    options = KinesisStreamOptions(batch_size=7)
    receiver_of(stack, forwarder=make_forwarder(), stream_options=options)

    assert only(stack, "AWS::Lambda::EventSourceMapping")["BatchSize"] == 7


def test_accounts_known_only_at_deployment(stack: Stack) -> None:
    receiver_of(stack, accounts=[CfnParameter(stack, "Account").value_as_string])

    policy = evaluate(
        only(stack, DESTINATION)["DestinationPolicy"], {"Account": SENDER, "AWS::Partition": "aws"}
    )
    assert json.loads(policy)["Statement"][0]["Principal"] == {"AWS": [SENDER]}


def test_the_name_is_the_same_at_every_synthesis() -> None:
    names = set()
    for _ in range(2):
        stack = Stack(App(), "Logs", env=HERE)
        receiver_of(stack)
        names.add(only(stack, DESTINATION)["DestinationName"])
    assert len(names) == 1


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"accounts": None}, "neither organizationId nor accounts is given"),
        ({"accounts": []}, "neither organizationId nor accounts is given"),
        ({"accounts": ["12345"]}, 'accounts holds "12345"; give the 12 digits'),
        ({"organization_id": "ou-1234-abcd"}, 'organizationId is "ou-1234-abcd"'),
        ({"destination_name": "a:b"}, 'destinationName is "a:b"'),
        ({"stream_options": KinesisStreamOptions()}, "streamOptions is given without a forwarder"),
        ({"accounts": [f"{number:012d}" for number in range(400)]}, "accounts are 400.*bytes.*5120"),
    ],
)
def test_what_cannot_be_is_refused(stack: Stack, properties: dict[str, Any], says: str) -> None:
    with pytest.raises(RuntimeError, match=says):
        receiver_of(stack, **properties)
