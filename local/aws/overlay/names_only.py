"""Resources that are a name here with nothing behind it, so that a stack which has them can be deployed.

No network is simulated, no cluster's inside, and no alarm evaluated: nothing is claimed of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from .seams import Record

    Create = Callable[[str, Record, str], tuple[str, Record]]

# Those that MiniStack does not know, with the attributes by which templates refer to them.
TYPES = {
    "AWS::EC2::EIP": ("AllocationId", "PublicIp"),
    "AWS::EC2::FlowLog": ("Id",),
    "AWS::EC2::NatGateway": ("NatGatewayId",),
    "AWS::EC2::SecurityGroupEgress": ("Id",),
    "AWS::EC2::SecurityGroupIngress": ("Id",),
    "AWS::EKS::Addon": ("Arn",),
}


def install() -> None:
    """Teach CloudFormation these."""
    for resource_type, attributes in TYPES.items():
        seams.add_resource_type(resource_type, _handlers(attributes))
    seams.wrap_creation("AWS::CloudWatch::Alarm", _instead_of_expressions)


def _handlers(attributes: tuple[str, ...]) -> Record:
    def create(logical_id: str, properties: Record, stack_name: str) -> tuple[str, Record]:
        del properties
        name = f"{stack_name}-{logical_id}"
        return name, dict.fromkeys(attributes, name)

    def update(physical_id: str, old: Record, new: Record, stack_name: str) -> tuple[str, Record]:
        del old, new, stack_name
        return physical_id, dict.fromkeys(attributes, physical_id)

    def delete(physical_id: str, properties: Record) -> None:
        del physical_id, properties

    return {"create": create, "update": update, "delete": delete}


def _instead_of_expressions(create: Create) -> Create:
    """Let an alarm on metric math or a query be one on nothing, as MiniStack refuses such."""

    def create_alarm(logical_id: str, properties: Record, stack_name: str) -> tuple[str, Record]:
        if "Metrics" not in properties:
            return create(logical_id, properties, stack_name)
        name = properties.get("AlarmName") or f"{stack_name}-{logical_id}"
        return name, {"Arn": f"arn:aws:cloudwatch:{seams.region()}:{seams.account()}:alarm:{name}"}

    return create_alarm
