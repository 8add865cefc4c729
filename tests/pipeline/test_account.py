"""A whole account, from `cdk deploy` to lines at Mezmo: made by anybody, at any time, each line once."""

import json
from collections.abc import Callable

import pytest

from local.aws import LocalAws
from local.mezmo import MezmoStandIn
from tests.pipeline.test_whole_way import existing
from tests.pipeline.whole_way import WholeWay, make_secret

pytestmark = pytest.mark.slow

Deploy = Callable[..., WholeWay]


def arrived(way: WholeWay, count: int) -> dict[str, tuple[str, str]]:
    """Return the group and the app of the next lines, by their texts."""
    lines = way.lines(count)
    assert len({line.line for line in lines}) == len(lines) == count
    return {line.line: (str((line.meta or {})["group"]), line.app or "") for line in lines}


def test_an_account(whole_way: Deploy, aws: LocalAws, mezmo: MezmoStandIn) -> None:
    logs = aws.client("logs")
    make_secret(aws, "account-key")
    for group in ("/made/before", "/made/single", "/excluded/before"):
        logs.create_log_group(logGroupName=group)
    before = existing(aws)
    way = whole_way("account.py", single="")
    outputs = way.outputs("Account")
    logs.create_log_group(logGroupName="/made/after")

    for group in ("/made/before", "/excluded/before", "/made/after", "/made/single", outputs["UnnamedGroup"]):
        way.write(group, f"to {group}")
    way.write(outputs["Own"], "to its own")
    assert arrived(way, 4) == {
        "to /made/before": ("/made/before", "account"),
        "to /made/after": ("/made/after", "account"),
        "to /made/single": ("/made/single", "account"),
        f"to {outputs['UnnamedGroup']}": (outputs["UnnamedGroup"], "single"),
    }
    policy = json.loads(aws.client("lambda").get_policy(FunctionName=outputs["Function"])["Policy"])
    assert [one["Principal"]["Service"] for one in policy["Statement"]] == ["logs.amazonaws.com"]

    way.deploy(single="/made/single")
    assert "There were no differences" in way.diff()
    way.write("/made/single", "single")
    way.write("/made/before", "of the account")
    assert arrived(way, 2) == {
        "single": ("/made/single", "single"),
        "of the account": ("/made/before", "account"),
    }
    way.deploy(single="")
    way.write("/made/single", "of the account again")
    assert arrived(way, 1) == {"of the account again": ("/made/single", "account")}

    way.destroy()
    way.write("/made/after", "nobody is there")
    assert arrived(way, 0) == {}
    logs.delete_log_group(logGroupName="/made/after")
    assert existing(aws) == before
    assert logs.describe_account_policies(policyType="SUBSCRIPTION_FILTER_POLICY")["accountPolicies"] == []
    assert mezmo.flags == ()
