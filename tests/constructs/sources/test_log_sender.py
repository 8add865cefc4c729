"""The sending end: log groups, or a whole account, subscribed to another account's destination."""

import json
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Stack
from aws_cdk import aws_logs as logs

from mezmo_forwarder import MezmoLogReceiver, MezmoLogSender
from tests.constructs.subscriptions.test_subscribe_account import POLICY
from tests.constructs.subscriptions.test_subscription import FILTER, HERE, filters
from tests.constructs.synthesized import evaluate, only, resources

ARN = "arn:aws:logs:eu-west-3:999999999999:destination:mezmo"


def sender_of(stack: Stack, **properties: Any) -> MezmoLogSender:
    return MezmoLogSender(stack, "Sender", **{"destination_arn": ARN, **properties})


def group(stack: Stack, name: str = "/app") -> logs.ILogGroup:
    return logs.LogGroup.from_log_group_name(stack, f"Imported{name}", name)


def allowed(stack: Stack) -> list[str]:
    (statement,) = only(stack, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "logs:PutLogEvents"
    found = statement["Resource"]
    return [
        evaluate(one, {"AWS::Partition": "aws"}) for one in (found if isinstance(found, list) else [found])
    ]


def test_a_log_group_is_one_resource(stack: Stack) -> None:
    made = sender_of(stack).subscribe(group(stack), filter_pattern=logs.FilterPattern.any_term("ERROR"))

    assert isinstance(made, logs.SubscriptionFilter)
    subscription = only(stack, FILTER)
    assert subscription.pop("FilterName").startswith("mezmo-")
    assert subscription == {
        "DestinationArn": ARN,
        "FilterPattern": '"ERROR"',
        "LogGroupName": "/app",
    }
    assert resources(stack, "AWS::IAM::Role") == {}


def test_for_an_organization_with_a_role_that_is_ready_before(stack: Stack) -> None:
    sender = sender_of(stack, organization=True, distribution=logs.Distribution.RANDOM)
    sender.subscribe(group(stack, "/a"))
    logs.SubscriptionFilter(
        stack,
        "Filter",
        log_group=group(stack, "/b"),
        destination=sender,
        filter_pattern=logs.FilterPattern.all_events(),
    )

    (role,) = resources(stack, "AWS::IAM::Role")
    (policy,) = resources(stack, "AWS::IAM::Policy")
    for subscription in resources(stack, FILTER).values():
        assert subscription["Properties"]["RoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
        assert policy in subscription["DependsOn"]
    assert {one.get("Distribution") for one in filters(stack).values()} == {"Random", None}
    assert allowed(stack) == [
        f"arn:aws:logs:eu-west-3:123456789012:log-group:{name}:*" for name in ("/a", "/b")
    ]


def test_a_whole_account(stack: Stack) -> None:
    sender = sender_of(stack, organization=True, distribution=logs.Distribution.RANDOM)
    sender.subscribe_account(exclude_log_groups=[group(stack, "/not")])
    sender.subscribe(group(stack, "/single"))

    policy = only(stack, POLICY)
    (role,) = resources(stack, "AWS::IAM::Role")
    document = json.loads(evaluate(policy["PolicyDocument"], {}))
    assert document == {
        "DestinationArn": ARN,
        "RoleArn": f"${{{role}.Arn}}",
        "Distribution": "Random",
        "FilterPattern": "",
    }
    assert policy["SelectionCriteria"] == 'LogGroupName NOT IN ["/not", "/single"]'
    assert allowed(stack) == ["arn:aws:logs:eu-west-3:123456789012:log-group:*:*"]
    (found,) = resources(stack, POLICY).values()
    assert {*resources(stack, "AWS::IAM::Policy"), *resources(stack, FILTER)} <= {*found["DependsOn"]}


def test_nothing_left_out_is_no_criteria(stack: Stack) -> None:
    sender_of(stack).subscribe_account()

    assert "SelectionCriteria" not in only(stack, POLICY)


def test_the_pair_in_one_app(app: App) -> None:
    receiver = MezmoLogReceiver(
        Stack(app, "Receiving", env=HERE), "Receiver", accounts=["222222222222"], destination_name="mezmo"
    )
    sending = Stack(app, "Sending", env={"account": "222222222222", "region": "eu-west-3"})
    sender_of(sending, destination_arn=receiver.destination_arn).subscribe(group(sending))

    arn = "arn:${AWS::Partition}:logs:eu-west-3:123456789012:destination:mezmo"
    assert evaluate(only(sending, FILTER)["DestinationArn"], {}) == arn
    app.synth()


def test_an_arn_known_only_at_deployment(stack: Stack) -> None:
    sender_of(stack, destination_arn=CfnParameter(stack, "Arn").value_as_string).subscribe(group(stack))

    assert only(stack, FILTER)["DestinationArn"] == {"Ref": "Arn"}


@pytest.mark.parametrize(
    ("arn", "says"),
    [
        ("mezmo", 'destinationArn is "mezmo"; give the destinationArn of a MezmoLogReceiver'),
        (
            "arn:aws:kinesis:eu-west-3:999999999999:stream/logs",
            "give the destinationArn of a MezmoLogReceiver",
        ),
        (
            ARN.replace("eu-west-3", "us-east-1"),
            'of region "us-east-1" and the sender of "eu-west-3".*eu-west-3',
        ),
    ],
)
def test_what_cannot_be_is_refused(stack: Stack, arn: str, says: str) -> None:
    with pytest.raises(RuntimeError, match=says):
        sender_of(stack, destination_arn=arn)


def test_a_role_for_nothing_is_refused(app: App, stack: Stack) -> None:
    sender_of(stack, organization=True)
    with pytest.raises(RuntimeError, match="no log group is subscribed; call subscribe or subscribeAccount"):
        app.synth()
