"""A deployed CloudFormation stack: its resources, and what its template says of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from .calls import CallError, Calls, Json


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource by its two ids."""

    logical_id: str
    physical_id: str
    type: str


@dataclass
class Stack:
    """A stack, read when something is asked of it.

    Args:
        name: its name or ARN.
        calls: how AWS is asked.
    """

    name: str
    calls: Calls
    _outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def resources(self) -> list[Resource]:
        """Its resources."""
        found = self.calls.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self.name
        )
        return [
            Resource(one["LogicalResourceId"], one["PhysicalResourceId"], one["ResourceType"])
            for one in found
            if one.get("PhysicalResourceId") and one.get("ResourceStatus") != "DELETE_COMPLETE"
        ]

    @property
    def tree(self) -> Iterator["Stack"]:
        """The stack, and those nested in it."""
        yield self
        for resource in self.of_type("AWS::CloudFormation::Stack"):
            yield from Stack(resource.physical_id, self.calls).tree

    def of_type(self, kind: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self.resources if resource.type == kind]

    @cached_property
    def template(self) -> Json:
        """Its template, as CloudFormation processed it.

        Raises:
            CallError: it cannot be read, or is not JSON.
        """
        answer = self.calls.call(
            "cloudformation", "get_template", StackName=self.name, TemplateStage="Processed"
        )
        body = answer["TemplateBody"]
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except ValueError:
                raise CallError(
                    "cloudformation:GetTemplate", "NotJson", f"the template of {self.name} is not JSON"
                ) from None
        found: Json = body
        return found

    @cached_property
    def description(self) -> Json:
        """What DescribeStacks says."""
        answer = self.calls.call("cloudformation", "describe_stacks", StackName=self.name)
        found: Json = answer["Stacks"][0]
        return found

    @property
    def changed(self) -> datetime:
        """When it was deployed last."""
        found: datetime = self.description.get("LastUpdatedTime") or self.description["CreationTime"]
        return found

    def resolve(self, value: object) -> str | None:
        """Return a value of the template as it was at the deployment; None where that is not known here."""
        match value:
            case str(text):
                return text
            case {"Ref": str(name)}:
                return self._of_ref(name)
            case {"Fn::GetStackOutput": {"StackName": stack, "OutputName": str(output)}}:
                of = self.resolve(stack)
                return None if of is None else self._output(of, output)
            case {"Fn::Join": [str(delimiter), list(parts)]}:
                resolved = [one for one in map(self.resolve, parts) if one is not None]
                return delimiter.join(resolved) if len(resolved) == len(parts) else None
        return None

    def refers_to(self, value: object, resource_type: str) -> str | None:
        """Return the physical id of the resource that a value is an attribute of, if it is of that type."""
        match value:
            case {"Fn::GetAtt": [str(logical_id), _]} | {"Ref": str(logical_id)}:
                found = self._physical(logical_id)
                return found.physical_id if found and found.type == resource_type else None
        return None

    def mentions(self, value: object, physical_id: str) -> bool:
        """Whether a value of the template refers to a resource, however deep in it."""
        written = json.dumps(value)
        return any(
            f'"{one.logical_id}"' in written for one in self.resources if one.physical_id == physical_id
        )

    def _physical(self, logical_id: str) -> Resource | None:
        return next((one for one in self.resources if one.logical_id == logical_id), None)

    def _of_ref(self, name: str) -> str | None:
        if name == "AWS::StackName":
            return str(self.description["StackName"])
        if found := self._physical(name):
            return found.physical_id
        for parameter in self.description.get("Parameters", []):
            if parameter["ParameterKey"] == name:
                return str(parameter.get("ResolvedValue") or parameter["ParameterValue"])
        return None

    def _output(self, stack: str, output: str) -> str | None:
        if stack not in self._outputs:
            self._outputs[stack] = outputs_of(Stack(stack, self.calls))
        return self._outputs[stack].get(output)


def outputs_of(stack: Stack) -> dict[str, str]:
    """Return a stack's outputs."""
    return {one["OutputKey"]: one["OutputValue"] for one in stack.description.get("Outputs", [])}
