"""The standalone template and its zip, deployed by CloudFormation's API as one without CDK would."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import LocalAws
from local.mezmo import MezmoStandIn
from standalone.__main__ import write
from tests.pipeline.whole_way import WholeWay, make_secret

pytestmark = pytest.mark.slow

STACK = "mezmo-logs"
GROUPS = ["/app/one", "/app/two", "/app/three"]


class Standalone:
    """The stack: from files in a bucket, by parameters."""

    def __init__(self, aws: LocalAws, template: str, code: Path) -> None:
        self.aws = aws
        self._template = template
        self._cloudformation = aws.client("cloudformation")
        storage = aws.client("s3")
        region = {"LocationConstraint": "eu-west-3"}
        storage.create_bucket(Bucket="zips-of-mine", CreateBucketConfiguration=region)
        storage.put_object(Bucket="zips-of-mine", Key=code.name, Body=code.read_bytes())

    def create(self, **parameters: str) -> None:
        self._cloudformation.create_stack(**self._request(parameters))
        self._wait("create")

    def update(self, **parameters: str) -> None:
        self._cloudformation.update_stack(**self._request(parameters))
        self._wait("update")

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=STACK)
        self._wait("delete")

    def _wait(self, what: str) -> None:
        waiter = self._cloudformation.get_waiter(f"stack_{what}_complete")
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1})

    def _request(self, parameters: dict[str, str]) -> dict[str, Any]:
        given = {"CodeBucket": "zips-of-mine", **parameters}
        return {
            "StackName": STACK,
            "TemplateBody": self._template,
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            "Capabilities": ["CAPABILITY_IAM"],
        }


@pytest.fixture
def stack(aws: LocalAws, tmp_path: Path) -> Iterator[Standalone]:
    files = write(tmp_path / "files")
    (code,) = (path for path in files if path.suffix == ".zip")
    template = code.with_suffix(".template.json").read_text()
    for name in GROUPS:
        aws.client("logs").create_log_group(logGroupName=name)
    stack = Standalone(aws, template, code)
    yield stack
    stack.delete()


def test_a_list_of_log_groups_and_then_the_account(
    stack: Standalone, aws: LocalAws, mezmo: MezmoStandIn
) -> None:
    way = WholeWay(aws, mezmo, "", Path())
    parameters = {
        "SecretArn": make_secret(aws, "standalone-key"),
        "SecretField": "LOGDNA_KEY",
        "MezmoUrl": mezmo.log_analysis_url,
        "Hostname": 'a "quoted" \\ host',
        "Tags": "eu,team:shop",
    }
    stack.create(**parameters, LogGroupNames="/app/one,/app/two")
    way.write("/app/one", "INFO one")
    way.write("/app/two", json.dumps({"level": "error", "message": "two"}))
    lines = way.lines(2)
    assert {(line.hostname, line.tags) for line in lines} == {('a "quoted" \\ host', ("eu", "team:shop"))}
    assert {(line.meta or {})["group"] for line in lines} == {"/app/one", "/app/two"}

    kept = way.filters("/app/two")
    stack.update(**parameters, LogGroupNames=",/app/two,/app/three")
    assert way.filters("/app/one") == []
    assert way.filters("/app/two") == kept
    way.write("/app/one", "INFO nobody hears it")
    way.write("/app/three", "INFO three")
    (line,) = way.lines(1)
    assert line.line == "INFO three"

    stack.update(**parameters, AccountWide="true", ExcludedLogGroupNames="/app/three,/app/two")
    for group in GROUPS:
        assert way.filters(group) == []
        way.write(group, f"INFO {group}")
    (line,) = way.lines(1)
    assert line.line == "INFO /app/one"
    assert mezmo.flags == ()
