"""The whole way, from `cdk deploy` and `put_log_events` to lines at Mezmo."""

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from local.aws import LocalAws
from local.mezmo import CommittedLine, MezmoStandIn

KEY = "fedcba9876543210fedcba9876543210"
SECONDS = 30
# Run in each function's process.
_MEZMO_IS_HERE = """
import socket
resolve = socket.getaddrinfo
def resolve_mezmo(host, port, *arguments, **named):
    if host in ("logs.mezmo.com", "pipeline.mezmo.com"):
        host, port = "127.0.0.1", {port}
    return resolve(host, port, *arguments, **named)
socket.getaddrinfo = resolve_mezmo
"""


class WholeWay:
    """One deployed app between the local AWS and the local Mezmo.

    Args:
        aws: where it is deployed.
        mezmo: where its lines go; the app gets the address as context `mezmo-url`.
        app: the command that synthesizes it.
        directory: where the CDK CLI runs.
    """

    def __init__(self, aws: LocalAws, mezmo: MezmoStandIn, app: str, directory: Path) -> None:
        self.aws = aws
        self.mezmo = mezmo
        self._app = app
        self._directory = directory
        self._context: dict[str, str] = {}
        self._seen = len(mezmo.lines)

    def deploy(self, **context: str) -> str:
        """Deploy all stacks, with other context than before if any is given; return what the CLI printed."""
        self._context.update(context)
        return self._cdk("deploy", "--all")

    def diff(self) -> str:
        """Return what the CLI says that a deployment would change."""
        return self._cdk("diff", "--all")

    def destroy(self) -> str:
        """Destroy all stacks; return what the CLI printed."""
        return self._cdk("destroy", "--all")

    def _cdk(self, *arguments: str) -> str:
        context = {"mezmo-url": self.mezmo.url, **self._context}
        options = [part for name, value in context.items() for part in ("-c", f"{name}={value}")]
        return self.aws.cdk(*arguments, *options, app=self._app, cwd=self._directory)

    def write(self, log_group: str, *messages: str, stream: str = "stream", account: str = "local") -> None:
        """Write messages to a log group, which must exist; the stream is made where it does not."""
        logs = self.aws.client("logs", account=account)
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=log_group, logStreamName=stream)
        now = int(time.time() * 1000)
        events = [{"timestamp": now + index, "message": text} for index, text in enumerate(messages)]
        logs.put_log_events(logGroupName=log_group, logStreamName=stream, logEvents=events)

    def lines(self, count: int) -> list[CommittedLine]:
        """Wait for that many new lines, and a moment for one too many; return the new ones."""
        self.mezmo.wait_for_lines(self._seen + count, SECONDS)
        time.sleep(0.3)
        new = list(self.mezmo.lines[self._seen :])
        self._seen += len(new)
        return new

    def invoke(self, function: str, event: object) -> Any:
        """Invoke a function and return its answer."""
        answer = self.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    def outputs(self, stack: str) -> dict[str, str]:
        """Return a stack's outputs."""
        (described,) = self.aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Return the keys of a bucket's objects."""
        found = self.aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]

    def functions(self) -> list[str]:
        """Return the names of all functions."""
        return [found["FunctionName"] for found in self.aws.client("lambda").list_functions()["Functions"]]

    def filters(self, log_group: str) -> list[str]:
        """Return the names of a log group's subscription filters."""
        found = self.aws.client("logs").describe_subscription_filters(logGroupName=log_group)
        return [subscription["filterName"] for subscription in found["subscriptionFilters"]]


def as_a_user(way: WholeWay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands in this process ask the local AWS, and trust the local Mezmo."""
    for name, value in way.aws.environment.items():
        if name.startswith("AWS_") or name.lower() == "no_proxy":
            monkeypatch.setenv(name, value)
    assert way.mezmo.ca_file
    monkeypatch.setenv("SSL_CERT_FILE", way.mezmo.ca_file)


def make_secret(aws: LocalAws, name: str, value: str = json.dumps({"LOGDNA_KEY": KEY})) -> str:
    """Make a secret by the API, as the tutorial's user does; return its complete ARN."""
    secrets = aws.client("secretsmanager")
    try:
        arn: str = secrets.create_secret(Name=name, SecretString=value)["ARN"]
    except secrets.exceptions.ResourceExistsException:
        arn = secrets.describe_secret(SecretId=name)["ARN"]
    return arn


def mezmo_is_here(mezmo: MezmoStandIn, directory: Path) -> Path:
    """Write the prelude with which functions find the stand-in by Mezmo's own names."""
    prelude = directory / "mezmo_is_here.py"
    prelude.write_text(_MEZMO_IS_HERE.format(port=mezmo.url.rpartition(":")[2]), encoding="utf-8")
    return prelude
