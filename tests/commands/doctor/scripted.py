"""A forwarder whose AWS is a script: answers that the local AWS cannot give, or nobody's."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from mezmo_forwarder_commands.doctor.calls import ACTIONS, CallError
from mezmo_forwarder_commands.doctor.deployment import Deployment, Function
from mezmo_forwarder_commands.doctor.stack import Stack

Json = dict[str, Any]

ACCOUNT, REGION = "123456789012", "eu-west-3"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:forwarder"
KEY = "0123456789abcdef" * 2
NOW = 1_795_000_000.0
SETTINGS: Json = {
    "schema": 1,
    "key": {"source": "secrets-manager", "id": "arn:aws:secretsmanager:eu-west-3:123456789012:secret:key"},
    "destination": {"kind": "log-analysis", "url": "https://logs.mezmo.com/logs/ingest"},
    "store": {"bucket": "store", "owner": ACCOUNT},
    "metrics": "forwarder",
}
DENIED = "AccessDenied"
# The function in its stack's template.
OURS: Json = {"Forwarder": {"Type": "AWS::Lambda::Function", "Properties": {}}}


class ScriptedCalls:
    """Stands in for `Calls`: answers by a script, and refuses whatever that does not have.

    Args:
        answers: by service and method, an answer or a code of AWS's errors.
    """

    region = REGION

    def __init__(self, answers: dict[tuple[str, str], Json | str] | None = None) -> None:
        self.answers = answers or {}
        self.made: list[tuple[str, str]] = []

    def call(self, service: str, method: str, **_parameters: object) -> Json:
        self.made.append((service, method))
        answer = self.answers.get((service, method), DENIED)
        if isinstance(answer, str):
            raise CallError(ACTIONS[service, method], answer, "scripted")
        return answer

    def pages(self, service: str, method: str, key: str, **parameters: object) -> Iterator[Any]:
        yield from self.call(service, method, **parameters)[key]

    def invoke(self, function: str, payload: bytes) -> Json:
        raise AssertionError(f"{function} is invoked with {payload!r}, which nobody asked for")


def function(name: str = "forwarder", settings: Json | None = SETTINGS, **configuration: object) -> Function:
    """Return a function with these settings; None for a vendor's."""
    variables = (
        {"LOGDNA_KEY": KEY} if settings is None else {"MEZMO_FORWARDER_SETTINGS": json.dumps(settings)}
    )
    return Function(
        {
            "FunctionName": name,
            "FunctionArn": ARN.replace(":forwarder", f":{name}"),
            "Role": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            "Runtime": "python3.13",
            "Handler": "handler.app.handle" if settings else "index.handler",
            "Environment": {"Variables": variables},
            **configuration,
        }
    )


def redrive(settings: Json = SETTINGS) -> Function:
    """Return the function of its re-drive."""
    return function("again", {**settings, "redrive": {"function": "forwarder", "bytes_per_second": 1}})


def deployment(
    calls: ScriptedCalls, *, of: Function | None = None, template: Json | None = None
) -> Deployment:
    """Return a forwarder; of a stack, if there is a template."""
    stack = None
    if template is not None:
        listed = [
            {"LogicalResourceId": logical, "PhysicalResourceId": logical.lower(), "ResourceType": one["Type"]}
            for logical, one in template.items()
        ]
        calls.answers["cloudformation", "list_stack_resources"] = {"StackResourceSummaries": listed}
        calls.answers["cloudformation", "get_template"] = {"TemplateBody": {"Resources": template}}
        stack = Stack("stack", calls)  # type: ignore[arg-type]
    return Deployment(calls, of or function(), stack, redrive(), NOW)  # type: ignore[arg-type]


def subscribed(group: object) -> Json:
    """Return the filter of a log group as the stack's template has it."""
    properties = {
        "DestinationArn": {"Fn::GetAtt": ["Forwarder", "Arn"]},
        "LogGroupName": group,
        "FilterName": "one",
    }
    return {"Type": "AWS::Logs::SubscriptionFilter", "Properties": properties}


def subscribed_account() -> Json:
    """Return the account's subscription policy as the stack's template has it."""
    document = {"Fn::Join": ["", ['{"DestinationArn":"', {"Fn::GetAtt": ["Forwarder", "Arn"]}, '"}']]}
    properties = {"PolicyType": "SUBSCRIPTION_FILTER_POLICY", "PolicyDocument": document}
    return {"Type": "AWS::Logs::AccountPolicy", "Properties": properties}


def stored(body: bytes, age: float) -> Json:
    """Return what GetObject answers for an object of that age."""
    return {"Body": io.BytesIO(body), "LastModified": datetime.fromtimestamp(NOW - age, UTC)}
