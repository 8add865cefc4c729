"""The examples, synthesized as they stand."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@cache
def synthesized(example: str) -> dict[str, dict[str, Any]]:
    """Return the resources of an example's stacks, by the stacks' names, then by logical id."""
    with TemporaryDirectory() as directory:
        environment = {
            **os.environ,
            "CDK_OUTDIR": directory,
            "PYTHONPATH": str(ROOT / "build/bindings/python/src"),
        }
        command = json.loads((EXAMPLES / example / "cdk.json").read_text())["app"].split()
        assert command[0] == "python"
        subprocess.run(
            [sys.executable, *command[1:]], cwd=EXAMPLES / example, env=environment, check=True, timeout=120
        )
        return {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())["Resources"]
            for path in Path(directory).glob("*.template.json")
        }


def count(resources: dict[str, Any], resource_type: str) -> int:
    return sum(resource["Type"] == resource_type for resource in resources.values())


def test_account_wide() -> None:
    ((name, resources),) = synthesized("account_wide").items()

    assert name == "MezmoAccountLogs"
    (policy,) = (found for found in resources.values() if found["Type"] == "AWS::Logs::AccountPolicy")
    for left_out in ("/vpc/flow-logs", "/aws/lambda/orders", "MezmoLogForwarderLogGroup"):
        assert left_out in str(policy["Properties"]["SelectionCriteria"])
    assert count(resources, "AWS::Logs::SubscriptionFilter") == 1
    assert count(resources, "AWS::Lambda::Permission") == 2  # CloudWatch Logs, and the re-drive's schedule


def test_cross_account() -> None:
    stacks = synthesized("cross_account")

    assert count(stacks["MezmoReceiving"], "AWS::Logs::Destination") == 1
    assert count(stacks["MezmoReceiving"], "AWS::Lambda::EventSourceMapping") == 1
    assert {found["Type"] for found in stacks["MezmoSending"].values()} <= {
        "AWS::Logs::SubscriptionFilter",
        "AWS::CDK::Metadata",
    }
    assert count(stacks["MezmoSending"], "AWS::Logs::SubscriptionFilter") == 2
    assert "destination:mezmo" in str(stacks["MezmoSending"])


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_every_example(example: str) -> None:
    assert synthesized(example)
    assert (EXAMPLES / example / "README.md").exists()
