"""What CloudFormation makes of the standalone template, for given parameters."""

import re
from typing import Any

Json = dict[str, Any]

ACCOUNT, REGION = "123456789012", "eu-west-3"
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:MezmoIngestionKey-a1b2c3"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "mezmo",
}
NO_VALUE = object()


class RefusedError(ValueError):
    """A parameter's value that CloudFormation refuses."""


class Deployed:
    """A template with values for its parameters.

    What is known at deployment alone shows as `${Name}` or `${Name.Attribute}`.

    Args:
        template: the template.
        parameters: the values that are not the defaults; the required ones are chosen if they are not here.

    Raises:
        RefusedError: a value does not match its parameter's pattern.
    """

    def __init__(self, template: Json, **parameters: str) -> None:
        self._template = template
        self._values = {"SecretArn": SECRET_ARN, "CodeBucket": "code", **parameters}
        for name, parameter in template["Parameters"].items():
            value = self._values.setdefault(name, parameter.get("Default", ""))
            if not re.search(parameter.get("AllowedPattern", ""), value, re.ASCII):
                raise RefusedError(parameter["ConstraintDescription"])

    def resources(self, kind: str) -> dict[str, Json]:
        """Return the properties of the resources of a type that are made, by logical id."""
        return {
            name: self._value(resource["Properties"])
            for name, resource in self._template["Resources"].items()
            if resource["Type"] == kind and self._holds(resource.get("Condition"))
        }

    def settings(self, *, redrive: bool = False) -> dict[str, str]:
        """Return the variables of the function, or of the re-drive."""
        functions = self.resources("AWS::Lambda::Function") | self.resources("AWS::Serverless::Function")
        (found,) = (one for name, one in functions.items() if ("Redrive" in name) == redrive)
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables

    def _holds(self, condition: str | None) -> bool:
        return condition is None or self._value(self._template["Conditions"][condition]) is True

    def _value(self, value: Any) -> Any:  # noqa: PLR0911  one for each kind
        match value:
            case {"Ref": "AWS::NoValue"}:
                return NO_VALUE
            case {"Ref": name}:
                return {**PSEUDO, **self._values}.get(name, f"${{{name}}}")
            case {"Fn::GetAtt": [name, attribute]}:
                return f"${{{name}.{attribute}}}"
            case {"Condition": str(name)}:
                return self._holds(name)
            case {"Fn::If": [condition, then, otherwise]}:
                return self._value(then if self._holds(condition) else otherwise)
            case dict() if len(value) == 1 and next(iter(value)).startswith("Fn::"):
                return self._call(*next(iter(value.items())))
            case dict():
                inner = {name: self._value(part) for name, part in value.items()}
                return {name: part for name, part in inner.items() if part is not NO_VALUE}
            case list():
                return [part for part in map(self._value, value) if part is not NO_VALUE]
        return value

    def _call(self, function: str, arguments: Any) -> Any:
        match function, self._value(arguments):
            case "Fn::Join", [delimiter, parts]:
                return delimiter.join(parts)
            case "Fn::Split", [delimiter, text]:
                return text.split(delimiter)
            case "Fn::Select", [index, parts]:
                return parts[int(index)]
            case "Fn::Equals", [one, other]:
                return one == other
            case "Fn::Not", [one]:
                return not one
            case "Fn::Or", parts:
                return any(parts)
        raise AssertionError(f"{function} is not known here")
