"""DescribeStackResources by the physical id of one of the stack's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import seams

if TYPE_CHECKING:
    from collections.abc import Callable

    Form = dict[str, list[str]]


def by_physical_id(describe: Callable[[Form], seams.Response]) -> Callable[[Form], seams.Response]:
    """Find the stack by a resource, where none is named; MiniStack knows stacks by their names only."""

    def describe_stack_resources(parameters: Form) -> seams.Response:
        for physical_id in parameters.get("PhysicalResourceId", []):
            # AWS's error for what is of no stack is the same as for a stack that is not there.
            parameters = {**parameters, "StackName": [seams.stack_of(physical_id) or physical_id]}
        return describe(parameters)

    return describe_stack_resources
