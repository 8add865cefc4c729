"""CloudWatch Logs destinations: streams that log groups of other accounts send to.

The rules are those of PutDestination and PutDestinationPolicy in CloudWatch Logs' API reference, and of
"Cross-account cross-Region subscriptions" in its user guide.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from . import seams
from .log_destinations import StreamDestination, services
from .payloads import control_payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from .seams import Record, Response

ORGANIZATION = "o-localstack00"
"""The organization that every account of the local AWS is in."""
_LARGEST_POLICY = 5120  # bytes


@dataclass(frozen=True)
class AccountDestination:
    """A destination of this account or another, which stands for a stream."""

    kind: ClassVar[str] = "Kinesis stream"
    arn: str
    role: str
    distribution: str

    def problem(self, log_group: str) -> str | None:
        """See Destination. The destination's own policy decides; by an organization it wants a role too."""
        del log_group
        sender, region = seams.account(), seams.region()
        _, _, _, its_region, account, _, name = self.arn.split(":", 6)
        if its_region != region:
            return f"Destination {self.arn} is not of region {region}"
        with seams.acting_for(account, region):
            found = seams.log_destination(name)
        if found is None:
            return f"Destination {self.arn} does not exist"
        policy = found["accessPolicy"]
        if not seams.log_destination_allows(policy, self.arn, sender, ORGANIZATION):
            return f"User with accountId: {sender} is not authorized to perform PutSubscriptionFilter"
        if self.role or seams.log_destination_allows(policy, self.arn, sender, ""):
            return None
        return f"Destination {self.arn} lets in an organization and cannot be used without roleArn"

    def writes_to(self, log_group: str) -> bool:
        """See Destination. Who reads the stream is not known."""
        del log_group
        return False

    def deliver(self, payload: bytes, log_group: str, log_stream: str) -> None:
        """See Destination. That the destination is there was told when it was made."""
        if not log_group:
            return
        sender = seams.account()
        _, _, _, region, account, _, name = self.arn.split(":", 6)
        with seams.acting_for(account, region):
            found = seams.log_destination(name)
        if found:
            stream = _Stream(found["targetArn"], found["roleArn"], self.distribution, sender, region)
            with seams.acting_for(account, found["targetArn"].split(":")[3]):
                if stream.problem(log_group) is None:
                    stream.deliver(payload, log_group, log_stream)


@dataclass(frozen=True)
class _Stream(StreamDestination):
    """The stream behind a destination, which may be of another region, on behalf of one that sends."""

    sender: str
    sender_region: str

    def trusted(self, log_group: str) -> bool:
        """Tell whether the role trusts CloudWatch Logs on behalf of who sends."""
        source = f"arn:aws:logs:{self.sender_region}:{self.sender}:log-group:{log_group}:*"
        behalf = {"sender": self.sender, "organization": ORGANIZATION}
        return any(seams.role_trusts(self.role, service, source, **behalf) for service in services())


def checking(put: Callable[[Record], Response]) -> Callable[[Record], Response]:
    """Make PutDestination refuse what AWS refuses, and put a CONTROL_MESSAGE into the stream otherwise."""

    def put_destination(request: Record) -> Response:
        account, region = seams.account(), seams.region()
        target, role = str(request.get("targetArn") or ""), str(request.get("roleArn") or "")
        parts = target.split(":")
        if len(parts) != 6 or parts[2] != "kinesis" or parts[4] != account:
            return seams.refusal("InvalidParameterException", f"targetArn {target!r} is not supported")
        stream = _Stream(target, role, "Random", account, region)
        with seams.acting_for(account, parts[3]):
            problem = stream.problem("")
        if problem:
            return seams.refusal("InvalidParameterException", problem)
        kept = seams.log_destination(str(request.get("destinationName"))) or {}
        response = put({"accessPolicy": kept.get("accessPolicy", ""), **request})
        if response[0] == 200:
            with seams.acting_for(account, parts[3]):
                stream.deliver(control_payload(stream.kind), "", "")
        return response

    return put_destination


def resource_handlers() -> Record:
    """Return what CloudFormation does for an AWS::Logs::Destination, whose name replaces it."""

    def create(logical_id: str, properties: Record, stack_name: str) -> tuple[str, Record]:
        del logical_id, stack_name
        if seams.log_destination(properties["DestinationName"]):
            raise ValueError(f"{properties['DestinationName']} already exists")
        return provide(properties)

    def provide(properties: Record) -> tuple[str, Record]:
        name = properties["DestinationName"]
        request = {
            "destinationName": name,
            "targetArn": properties.get("TargetArn"),
            "roleArn": properties.get("RoleArn"),
            "accessPolicy": _checked_policy(properties.get("DestinationPolicy") or ""),
        }
        status, _, body = seams.put_log_destination(request)
        if status != 200:
            raise ValueError(json.loads(body)["message"])
        return name, {"Arn": f"arn:aws:logs:{seams.region()}:{seams.account()}:destination:{name}"}

    def update(physical_id: str, old: Record, new: Record, stack_name: str) -> tuple[str, Record]:
        renamed = old["DestinationName"] != new["DestinationName"]
        return create("", new, stack_name) if renamed else (physical_id, provide(new)[1])

    def delete(physical_id: str, properties: Record) -> None:
        del properties
        seams.delete_log_destination(physical_id)

    return {"create": create, "update": update, "delete": delete}


def checking_policy(put: Callable[[Record], Response]) -> Callable[[Record], Response]:
    """Make PutDestinationPolicy refuse a policy that is none, or too large."""

    def put_destination_policy(request: Record) -> Response:
        try:
            _checked_policy(str(request.get("accessPolicy") or ""))
        except ValueError as error:
            return seams.refusal("InvalidParameterException", str(error))
        return put(request)

    return put_destination_policy


def _checked_policy(text: str) -> str:
    if len(text.encode()) > _LARGEST_POLICY:
        raise ValueError(f"accessPolicy has more than {_LARGEST_POLICY} bytes")
    try:
        statements = json.loads(text)["Statement"] if text else []
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("accessPolicy is not a policy document") from error
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if not {*actions} <= {"logs:PutSubscriptionFilter", "logs:PutAccountPolicy"}:
            raise ValueError(f"accessPolicy may not allow {actions}")
    return text
