"""Each example synthesizes, and does what its README says."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws_fixture import data_records, eventually, make_recorder, make_stream, write

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(ROOT.glob("examples/*/app.py"))


def synthesize(example: Path, directory: Path) -> list[dict[str, Any]]:
    """Run an example where it is; return its templates."""
    variables = {
        **os.environ,
        "CDK_OUTDIR": str(directory),
        "PYTHONPATH": str(ROOT / "build/bindings/python/src"),
    }
    subprocess.run([sys.executable, example.name], cwd=example.parent, env=variables, check=True, timeout=120)
    return [json.loads(template.read_text()) for template in directory.glob("*.template.json")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example.parent.name))
def test_synthesizes(example: Path, tmp_path: Path) -> None:
    templates = synthesize(example, tmp_path)

    assert any("MezmoLogForwarder" in str(template) for template in templates)
    assert (example.parent / "README.md").exists()


def test_new_log_groups_are_told_to_a_function_that_may_do_little(tmp_path: Path) -> None:
    (template,) = synthesize(ROOT / "examples/new-log-groups/app.py", tmp_path)
    found = template["Resources"]
    (rule,) = [one["Properties"] for one in found.values() if "EventPattern" in one.get("Properties", {})]
    policies = [one["Properties"] for name, one in found.items() if name.startswith("SubscriberServiceRole")]

    assert rule["EventPattern"]["detail"] == {
        "eventSource": ["logs.amazonaws.com"],
        "eventName": ["CreateLogGroup"],
        "errorCode": [{"exists": False}],
        "requestParameters": {"logGroupName": [{"prefix": "/apps/"}]},
    }
    (statement,) = [
        statement
        for policy in policies
        if "PolicyDocument" in policy
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert statement["Action"] == ["logs:DescribeSubscriptionFilters", "logs:PutSubscriptionFilter"]
    assert ":log-group:/apps/*" in str(statement["Resource"])


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.from_environment(tmp_path_factory.mktemp("aws")) as running:
        yield running


def test_a_new_log_group_is_subscribed_once(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    forwarder = make_recorder(aws, "forwarder")
    make_stream(aws, "/apps/new")
    # What Lambda's own Python brings along, with the local AWS behind it.
    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=aws.client))
    monkeypatch.setenv("DESTINATION_ARN", forwarder)
    monkeypatch.setenv("NEVER", "/apps/own")
    handle = runpy.run_path(str(ROOT / "examples/new-log-groups/subscriber/subscriber.py"))["handle"]

    def made(name: str, **more: str) -> Any:
        return handle({"detail": {"requestParameters": {"logGroupName": name, **more}}}, None)

    assert made("/apps/new") == "/apps/new: subscribed"
    assert made("/apps/new") == "/apps/new: subscribed already"
    assert made("/apps/own") == "/apps/own: left out"
    assert made("/apps/rare", logGroupClass="INFREQUENT_ACCESS") == "/apps/rare: left out"
    write(aws, "/apps/new", "hello")
    (record,) = eventually(lambda: data_records(aws, "forwarder"))
    assert record["logGroup"] == "/apps/new"
