"""What single examples make, by their templates."""

from tests.examples.conftest import Synthesized


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
