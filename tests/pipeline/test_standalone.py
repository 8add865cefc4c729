"""The standalone template and its zip, deployed without CDK: by the commands of its document."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.aws.local_aws import REGION
from local.mezmo import MezmoStandIn
from standalone.__main__ import write
from tests.documents.markdown import Fence, fences
from tests.examples.terminal import Terminal, is_run
from tests.pipeline.whole_way import WholeWay, make_secret

pytestmark = pytest.mark.slow

STACK = "mezmo-logs"
ECS, ORDERS, LATER = "/aws/ecs/MyApplicationLogGroup", "/aws/lambda/orders", "/app/later"
POLICIES = "SUBSCRIPTION_FILTER_POLICY"


class Standalone:
    """The stack: from files in a bucket, by parameters."""

    def __init__(self, aws: LocalAws, terminal: Terminal, files: Path) -> None:
        self._aws = aws
        self._terminal = terminal
        self._files = files
        self._formation = aws.client("cloudformation")
        (code,) = files.glob("*.zip")
        self._values = {
            "arn:aws:secretsmanager:REGION:ACCOUNT:secret:MezmoIngestionKey-a1b2c3": make_secret(aws, "key"),
            "VERSION": code.stem.removeprefix("mezmo-forwarder-"),
            "BUCKET": "zips-of-mine",
            "REGION": REGION,
        }

    def follow(self, fence: Fence, **values: str) -> None:
        """Run a block of the document's commands, with values for its words in capitals."""
        text = fence.text
        for word, value in (self._values | values).items():
            text = text.replace(word, value)
        self._terminal.run(text, self._files)

    def update(self, **parameters: str) -> None:
        """Give parameters other values; the others keep theirs."""
        (stack,) = self._formation.describe_stacks(StackName=STACK)["Stacks"]
        kept = {one["ParameterKey"] for one in stack["Parameters"]} - set(parameters)
        self._formation.update_stack(
            StackName=STACK,
            UsePreviousTemplate=True,
            Parameters=[
                *({"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()),
                *({"ParameterKey": key, "UsePreviousValue": True} for key in kept),
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        self._wait("update")

    def delete(self) -> None:
        self._formation.delete_stack(StackName=STACK)
        self._wait("delete")

    def _wait(self, what: str) -> None:
        waiter = self._formation.get_waiter(f"stack_{what}_complete")
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1})


@pytest.fixture
def stack(aws: LocalAws, tmp_path: Path) -> Iterator[Standalone]:
    write(tmp_path / "files")
    for name in (ECS, ORDERS, LATER):
        aws.client("logs").create_log_group(logGroupName=name)
    stack = Standalone(aws, Terminal(aws, tmp_path / "terminal"), tmp_path / "files")
    yield stack
    stack.delete()
    for name in (ECS, ORDERS, LATER):
        aws.client("logs").delete_log_group(logGroupName=name)


def test_a_list_of_log_groups_and_then_the_account(
    stack: Standalone, aws: LocalAws, mezmo: MezmoStandIn
) -> None:
    way = WholeWay(aws, mezmo, "", Path())
    deploy, put_policy = filter(is_run, fences("docs/how-to/without-cdk.md"))
    stack.follow(deploy)
    way.write(ECS, "INFO one")
    way.write(ORDERS, json.dumps({"level": "error", "message": "two"}))
    lines = way.lines(2)
    assert {(line.meta or {})["group"] for line in lines} == {ECS, ORDERS}

    outputs = way.outputs(STACK)
    stack.follow(put_policy, FUNCTION_ARN=outputs["FunctionArn"], OWN_LOG_GROUP=outputs["LogGroupName"])
    way.write(LATER, "INFO of the account")
    (line,) = way.lines(1)
    assert line.line == "INFO of the account"
    aws.client("logs").delete_account_policy(policyName="mezmo-logs", policyType=POLICIES)

    kept = way.filters(ORDERS)
    stack.update(
        LogGroupNames=f",{ORDERS},{LATER}", Hostname='a "quoted" \\ host', Tags="eu,team:shop",
        MezmoUrl=mezmo.log_analysis_url,
    )  # fmt: skip
    assert way.filters(ECS) == []
    assert way.filters(ORDERS) == kept
    way.write(ECS, "INFO nobody hears it")
    way.write(LATER, "INFO three")
    (line,) = way.lines(1)
    assert (line.line, line.hostname, line.tags) == ("INFO three", 'a "quoted" \\ host', ("eu", "team:shop"))

    stack.update(AccountWide="true", ExcludedLogGroupNames=f"{LATER},{ORDERS}")
    for group in (ECS, ORDERS, LATER):
        assert way.filters(group) == []
        way.write(group, f"INFO {group}")
    (line,) = way.lines(1)
    assert line.line == f"INFO {ECS}"
    assert mezmo.flags == ()
