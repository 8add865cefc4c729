"""Short ways into a synthesized template."""

from typing import Any

from aws_cdk import Stack
from aws_cdk.assertions import Annotations, Match, Template

SECRET_ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:MezmoIngestionKey-a1b2c3"

Resources = dict[str, dict[str, Any]]


def resources(stack: Stack, resource_type: str) -> Resources:
    """Return a stack's resources of a type, by logical id."""
    found = Template.from_stack(stack).find_resources(resource_type)
    return {logical_id: dict(resource) for logical_id, resource in found.items()}


def only(stack: Stack, resource_type: str) -> dict[str, Any]:
    """Return the properties of a stack's one resource of a type."""
    (resource,) = resources(stack, resource_type).values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


def statements(stack: Stack) -> list[dict[str, Any]]:
    """Return the statements of the forwarder's one policy."""
    found: list[dict[str, Any]] = only(stack, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    return found


def warnings(stack: Stack) -> str:
    """Return the texts of a stack's warnings, acknowledgement ids included."""
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    return "\n".join(str(warning.entry.data) for warning in found)
