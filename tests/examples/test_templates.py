"""What single examples make, by their templates."""

import json
from pathlib import Path

from tests.examples.conftest import Synthesized
from tests.security.findings import lint


def test_account_wide(synthesized: Synthesized) -> None:
    example = synthesized("account_wide")

    (policy,) = example.resources("AWS::Logs::AccountPolicy")
    for left_out in ("/vpc/flow-logs", "/aws/lambda/orders", "MezmoLogForwarderLogGroup"):
        assert left_out in str(policy["SelectionCriteria"])
    assert len(example.resources("AWS::Logs::SubscriptionFilter")) == 1
    # CloudWatch Logs', and that of the re-drive's schedule
    assert len(example.resources("AWS::Lambda::Permission")) == 2


def test_cross_account(synthesized: Synthesized) -> None:
    stacks = synthesized("cross_account").stacks
    receiving, sending = (
        [resource["Type"] for resource in stacks[name].values() if resource["Type"] != "AWS::CDK::Metadata"]
        for name in ("MezmoReceiving", "MezmoSending")
    )

    assert receiving.count("AWS::Logs::Destination") == 1
    assert receiving.count("AWS::Lambda::EventSourceMapping") == 1
    assert sending == ["AWS::Logs::SubscriptionFilter"] * 2
    assert "destination:mezmo" in str(stacks["MezmoSending"])


def test_organization(synthesized: Synthesized, tmp_path: Path) -> None:
    example = synthesized("organization")
    (stack_set,) = example.resources("AWS::CloudFormation::StackSet")
    template = tmp_path / "sender.template.json"
    template.write_text(stack_set["TemplateBody"], encoding="utf-8")
    resources = json.loads(stack_set["TemplateBody"])["Resources"].values()

    assert len(stack_set["TemplateBody"]) <= 51_200, "what CloudFormation takes without a bucket"
    assert lint(template) == []
    assert sorted(resource["Type"] for resource in resources) == [
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Logs::AccountPolicy",
    ], "no code, no key"
    (policy,) = (found["Properties"] for found in resources if found["Type"] == "AWS::Logs::AccountPolicy")
    (own,) = example.resources("AWS::Logs::LogGroup")
    assert own["LogGroupName"] in policy["SelectionCriteria"], "it would be fed with its own lines"
    (group,) = stack_set["StackInstancesGroup"]
    assert len(group["Regions"]) == len(example.resources("AWS::Logs::Destination"))
