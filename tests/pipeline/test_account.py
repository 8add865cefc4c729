"""A whole account, from `cdk deploy` to lines at Mezmo: made by anybody, at any time, each line once."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.aws import LocalAws
from local.mezmo import MezmoStandIn
from mezmo_forwarder_commands.__main__ import main
from tests.pipeline.test_whole_way import existing
from tests.pipeline.whole_way import WholeWay, as_a_user, make_secret

pytestmark = pytest.mark.slow

Deploy = Callable[..., WholeWay]


def arrived(way: WholeWay, count: int) -> dict[str, tuple[str, str]]:
    """Return the group and the app of the next lines, by their texts."""
    lines = way.lines(count)
    assert len({line.line for line in lines}) == len(lines) == count
    return {line.line: (str((line.meta or {})["group"]), line.app or "") for line in lines}


Doctor = Callable[[WholeWay], tuple[int, dict[str, str]]]
POLICIES = "SUBSCRIPTION_FILTER_POLICY"


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Look at the forwarder; return the exit status and what is amiss, by check."""

    def look(way: WholeWay) -> tuple[int, dict[str, str]]:
        capsys.readouterr()
        with monkeypatch.context() as user:
            as_a_user(way, user)
            status = main(["doctor", "Account", "--json"])
        said = json.loads(capsys.readouterr().out)["findings"]
        assert said
        return status, {one["check"]: one["text"] for one in said if one["verdict"] != "ok"}

    return look


def break_the_policy(logs: Any) -> Callable[[], object]:
    """Delete the account's policy; return what puts it back."""
    (found,) = logs.describe_account_policies(policyType=POLICIES)["accountPolicies"]
    logs.delete_account_policy(policyName=found["policyName"], policyType=POLICIES)
    wanted = ("policyName", "policyDocument", "policyType", "scope", "selectionCriteria")
    return lambda: logs.put_account_policy(**{name: found[name] for name in wanted})


def test_an_account(whole_way: Deploy, aws: LocalAws, mezmo: MezmoStandIn, doctor: Doctor) -> None:
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

    assert doctor(way) == (0, {})
    mend = break_the_policy(logs)
    assert doctor(way) == (1, {"account policy": "the account's subscription policy is gone"})
    mend()
    assert doctor(way) == (0, {})

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
    assert logs.describe_account_policies(policyType=POLICIES)["accountPolicies"] == []
    assert mezmo.flags == ()
