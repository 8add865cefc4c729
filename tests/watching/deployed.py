"""A forwarder's alarms and dashboard, as they are once deployed."""

import json
import re
from functools import cache
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template
from aws_cdk.aws_secretsmanager import Secret

from local.cloudwatch import Alarm
from mezmo_forwarder import AddAlarmsOptions, AlarmOptions, IngestionKey, MezmoLogForwarder

ALARM, DASHBOARD = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"
FUNCTIONS = {"ForwarderFunction": "forwarder", "ForwarderRedriveFunction": "redrive"}
"""The names that `local.simulation.house` gives its functions, by their ids in the template."""


def make_stack(**options: Any) -> tuple[Stack, MezmoLogForwarder]:
    app = App(context={"aws:cdk:disable-asset-staging": True}, analytics_reporting=False, tree_metadata=False)
    stack = Stack(app, "Logs", env=Environment(account="123456789012", region="eu-west-3"))
    key = IngestionKey.from_secrets_manager(Secret.from_secret_name_v2(stack, "Key", "MezmoIngestionKey"))
    forwarder = MezmoLogForwarder(stack, "Forwarder", ingestion_key=key, **options)
    forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, "Web", "/aws/ecs/web"))
    return stack, forwarder


@cache
def alarms() -> dict[str, Alarm]:
    """Return all alarms by the names of their options, with their usual thresholds."""
    stack, forwarder = make_stack()
    forwarder.add_alarms(no_events=AlarmOptions())
    forwarder.add_kinesis_stream(kinesis.Stream(stack, "Stream"))
    return alarms_of(stack)


def alarms_of(stack: Stack) -> dict[str, Alarm]:
    found = {}
    for logical_id, resource in Template.from_stack(stack).find_resources(ALARM).items():
        (name,) = re.findall(r"Alarms(\w+)[0-9A-F]{8}$", logical_id)
        name = name[0].lower() + name[1:]
        found[name] = Alarm(name, resolved(resource["Properties"]))
    return found


def dashboard_of(stack: Stack) -> dict[str, Any]:
    (resource,) = Template.from_stack(stack).find_resources(DASHBOARD).values()
    body: dict[str, Any] = json.loads(resolved(resource["Properties"])["DashboardBody"])
    return body


def resolved(value: Any) -> Any:
    """Replace CloudFormation's functions by what they will be."""
    match value:
        case {"Ref": str(name)}:
            found = {"AWS::Region": "eu-west-3"}.get(name) or FUNCTIONS.get(name[:-8], name)
        case {"Fn::GetAtt": [name, "Arn"]}:
            found = f"arn:aws:cloudwatch:eu-west-3:123456789012:alarm:{name}"
        case {"Fn::Join": [delimiter, parts]}:
            found = delimiter.join(resolved(part) for part in parts)
        case dict():
            return {key: resolved(one) for key, one in value.items()}
        case list():
            return [resolved(one) for one in value]
        case _:
            return value
    return found


def option_names() -> set[str]:
    """Return the options of `add_alarms` that are an alarm, as TypeScript spells them."""
    names = set(AddAlarmsOptions.__init__.__annotations__) - {"actions", "ok_actions", "return"}
    return {re.sub("_([a-z])", lambda found: found[1].upper(), name) for name in names}
