"""Short ways into a synthesized template."""

from typing import Any

from aws_cdk import Stack
from aws_cdk.assertions import Annotations, Match, Template

SECRET_ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:MezmoIngestionKey-a1b2c3"

Resources = dict[str, dict[str, Any]]


def resources(stack: Stack, resource_type: str, *, redrive: bool = False) -> Resources:
    """Return a stack's resources of a type, by logical id: either the re-drive's or all others."""
    found = Template.from_stack(stack).find_resources(resource_type)
    return {
        logical_id: dict(resource)
        for logical_id, resource in found.items()
        if ("Redrive" in logical_id) == redrive
    }


def only(stack: Stack, resource_type: str, *, redrive: bool = False) -> dict[str, Any]:
    """Return the properties of a stack's one resource of a type, the re-drive's or the other."""
    (resource,) = resources(stack, resource_type, redrive=redrive).values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


def statements(stack: Stack, *services: str, redrive: bool = False) -> list[dict[str, Any]]:
    """Return the statements of the one policy of a function, all or those on some services' actions."""
    document = only(stack, "AWS::IAM::Policy", redrive=redrive)["PolicyDocument"]
    return [
        statement
        for statement in document["Statement"]
        if not services or actions(statement)[0].split(":")[0] in services
    ]


def actions(statement: dict[str, Any]) -> list[str]:
    """Return a statement's actions, of which one alone is no list in a template."""
    found = statement["Action"]
    return [found] if isinstance(found, str) else found


def variables(
    stack: Stack, parameters: dict[str, str] | None = None, *, redrive: bool = False
) -> dict[str, str]:
    """Return a function's variables as they are once deployed."""
    function = only(stack, "AWS::Lambda::Function", redrive=redrive)
    found = function["Environment"]["Variables"]
    return {name: evaluate(value, parameters or {}) for name, value in found.items()}


def evaluate(value: Any, parameters: dict[str, str]) -> Any:
    """Work out CloudFormation's Join, Split, Ref and GetAtt; what has no value shows as `${Name}`."""
    match value:
        case {"Fn::Join": [delimiter, parts]}:
            evaluated = parts if isinstance(parts, list) else evaluate(parts, parameters)
            return delimiter.join(evaluate(part, parameters) for part in evaluated)
        case {"Fn::Split": [delimiter, text]}:
            return evaluate(text, parameters).split(delimiter)
        case {"Ref": name}:
            return parameters.get(name, f"${{{name}}}")
        case {"Fn::GetAtt": [name, attribute]}:
            return parameters.get(f"{name}.{attribute}", f"${{{name}.{attribute}}}")
    return value


def warnings(stack: Stack) -> str:
    """Return the texts of a stack's warnings, acknowledgement ids included."""
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    return "\n".join(str(warning.entry.data) for warning in found)
