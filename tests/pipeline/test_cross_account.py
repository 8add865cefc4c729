"""From log groups of two other accounts to lines at Mezmo, by templates on both sides."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, BootstraplessSynthesizer, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_logs import LogGroup

from local.aws import LocalAws
from local.mezmo import MezmoStandIn
from mezmo_forwarder import MezmoLogSender
from tests.pipeline.test_whole_way import existing
from tests.pipeline.whole_way import WholeWay, make_secret

pytestmark = pytest.mark.slow

Deploy = Callable[..., WholeWay]

BY_NUMBER, BY_ORGANIZATION = "222222222222", "333333333333"


def sender_template(destination_arn: str, *, organization: bool) -> str:
    """Return the template of an account that sends one group by a filter, and the others by its policy."""
    stack = Stack(App(), "Sending", synthesizer=BootstraplessSynthesizer())
    sender = MezmoLogSender(stack, "Sender", destination_arn=destination_arn, organization=organization)
    single = LogGroup.from_log_group_name(stack, "Single", "/single")
    sender.subscribe(single, filter_name="single", emit_system_fields=True)
    sender.subscribe_account(policy_name="account")
    return json.dumps(Template.from_stack(stack).to_json())


def finished(formation: Any, how: str) -> str:
    formation.get_waiter(f"stack_{how}_complete").wait(
        StackName="Sending", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    return how


def write(logs: Any, group: str, text: str) -> None:
    logs.create_log_stream(logGroupName=group, logStreamName="stream")
    logs.put_log_events(
        logGroupName=group,
        logStreamName="stream",
        logEvents=[{"timestamp": 1_795_000_000_000, "message": text}],
    )


def test_two_accounts_send(whole_way: Deploy, aws: LocalAws, mezmo: MezmoStandIn) -> None:
    make_secret(aws, "receiver-key")
    before = existing(aws)
    way = whole_way("receiver.py")
    arn = way.outputs("Receiving")["Destination"]
    for account in (BY_NUMBER, BY_ORGANIZATION):
        logs = aws.client("logs", account=account)
        formation = aws.client("cloudformation", account=account)
        for group in ("/single", "/other"):
            logs.create_log_group(logGroupName=group)
        formation.create_stack(
            StackName="Sending",
            TemplateBody=sender_template(arn, organization=account == BY_ORGANIZATION),
            Capabilities=["CAPABILITY_IAM"],
        )
        finished(formation, "create")
        write(logs, "/single", f"single of {account}")
        write(logs, "/other", f"other of {account}")

    lines = {line.line: line.meta or {} for line in way.lines(4)}
    assert {text: (meta["owner"], meta["group"], meta["filters"]) for text, meta in lines.items()} == {
        f"{name} of {account}": (account, f"/{name}", [by])
        for account in (BY_NUMBER, BY_ORGANIZATION)
        for name, by in (("single", "single"), ("other", "account"))
    }
    assert {meta["region"] for meta in lines.values()} == {"eu-west-3"}

    for account in (BY_NUMBER, BY_ORGANIZATION):
        formation = aws.client("cloudformation", account=account)
        formation.delete_stack(StackName="Sending")
        finished(formation, "delete")
        logs = aws.client("logs", account=account)
        filters = logs.describe_subscription_filters(logGroupName="/single")["subscriptionFilters"]
        policies = logs.describe_account_policies(policyType="SUBSCRIPTION_FILTER_POLICY")["accountPolicies"]
        assert (filters, policies) == ([], [])
    way.destroy()
    assert existing(aws) == before
    assert mezmo.flags == ()
