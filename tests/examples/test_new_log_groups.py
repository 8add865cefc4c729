"""The function of the example new_log_groups, which subscribes log groups that somebody makes."""

import runpy
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from local.aws import LocalAws
from tests.examples.conftest import Synthesized
from tests.examples.synthesized import ROOT
from tests.local.aws.resources import data_records, eventually, make_recorder, make_stream, write


def test_new_log_groups_are_told_to_a_function_that_may_do_little(synthesized: Synthesized) -> None:
    (found,) = synthesized("new_log_groups").stacks.values()
    (rule,) = [one["Properties"] for one in found.values() if "EventPattern" in one.get("Properties", {})]
    policies = [one["Properties"] for name, one in found.items() if name.startswith("SubscriberRole")]

    assert rule["EventPattern"]["detail"] == {
        "eventSource": ["logs.amazonaws.com"],
        "eventName": ["CreateLogGroup"],
        "errorCode": [{"exists": False}],
        "requestParameters": {"logGroupName": [{"prefix": "/apps/"}]},
    }
    statements = [
        statement
        for policy in policies
        if "PolicyDocument" in policy
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert [statement["Action"] for statement in statements] == [
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        ["logs:DescribeSubscriptionFilters", "logs:PutSubscriptionFilter"],
    ]
    assert ":log-group:/apps/*" in str(statements[1]["Resource"])


def test_a_new_log_group_is_subscribed_once(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    forwarder = make_recorder(aws, "forwarder")
    make_stream(aws, "/apps/new")
    # What Lambda's own Python brings along, with the local AWS behind it.
    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=aws.client))
    monkeypatch.setenv("DESTINATION_ARN", forwarder)
    monkeypatch.setenv("NEVER", "/apps/own")
    handle = runpy.run_path(str(ROOT / "examples/new_log_groups/subscriber/subscriber.py"))["handle"]

    def made(name: str, **more: str) -> Any:
        return handle({"detail": {"requestParameters": {"logGroupName": name, **more}}}, None)

    assert made("/apps/new") == "/apps/new: subscribed"
    assert made("/apps/new") == "/apps/new: subscribed already"
    assert made("/apps/own") == "/apps/own: left out"
    assert made("/apps/rare", logGroupClass="INFREQUENT_ACCESS") == "/apps/rare: left out"
    write(aws, "/apps/new", "hello")
    (record,) = eventually(lambda: data_records(aws, "forwarder"))
    assert record["logGroup"] == "/apps/new"
