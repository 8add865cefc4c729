"""Where subscription filters send log events: functions and Kinesis streams."""

from __future__ import annotations

import hashlib
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from . import seams
from .payloads import compressed, lambda_event

if TYPE_CHECKING:
    from .seams import Record

_logger = logging.getLogger("local.aws")
_MAY_NOT_INVOKE = (
    "Could not execute the lambda function. "
    "Make sure you have given CloudWatch Logs permission to execute your function."
)
_NO_ROLE = "destinationArn for vendor kinesis cannot be used without roleArn"
_MAY_NOT_PUT = (
    "Could not deliver test message to specified Kinesis stream. "
    "Check if the given kinesis stream is in ACTIVE state."
)


class Destination(Protocol):
    """What a filter's destination is asked; two filters with an equal destination share their deliveries."""

    kind: ClassVar[str]
    """What CloudWatch Logs calls it in a CONTROL_MESSAGE."""

    def problem(self, log_group: str) -> str | None:
        """Say as PutSubscriptionFilter does why nothing of the log group can be delivered, if so."""

    def writes_to(self, log_group: str) -> bool:
        """Tell whether what is delivered makes new events in the very log group."""

    def deliver(self, payload: bytes, log_group: str, log_stream: str) -> None:
        """Send a payload, a JSON document; the group and stream are those that its events come from."""


@dataclass(frozen=True)
class FunctionDestination:
    """A function, invoked asynchronously with each payload."""

    kind: ClassVar[str] = "Lambda function"
    arn: str

    def problem(self, log_group: str) -> str | None:
        """See Destination. The function's own policy decides."""
        source = f"arn:aws:logs:{seams.region()}:{seams.account()}:log-group:{log_group}:*"
        allowed = any(seams.function_policy_allows(self.arn, service, source) for service in services())
        return None if allowed else _MAY_NOT_INVOKE

    def writes_to(self, log_group: str) -> bool:
        """See Destination."""
        record = seams.function(self.arn)
        return record is not None and seams.log_group_of(record["config"]) == log_group

    def deliver(self, payload: bytes, log_group: str, log_stream: str) -> None:
        """See Destination."""
        del log_group, log_stream
        seams.invoke_asynchronously(self.arn, lambda_event(payload))


@dataclass(frozen=True)
class StreamDestination:
    """A Kinesis stream, which gets each payload compressed as one record."""

    kind: ClassVar[str] = "Kinesis stream"
    arn: str
    role: str
    distribution: str

    def problem(self, log_group: str) -> str | None:
        """See Destination. The role has to trust CloudWatch Logs and to be allowed kinesis:PutRecord."""
        if not self.role:
            return _NO_ROLE
        allowed = seams.role_allows(self.role, "kinesis:PutRecord", self.arn)
        if seams.stream(self.arn) and self.trusted(log_group) and allowed:
            return None
        return _MAY_NOT_PUT

    def trusted(self, log_group: str) -> bool:
        """Tell whether the role trusts CloudWatch Logs for the log group."""
        source = f"arn:aws:logs:{seams.region()}:{seams.account()}:log-group:{log_group}:*"
        return any(seams.role_trusts(self.role, service, source) for service in services())

    def writes_to(self, log_group: str) -> bool:
        """See Destination. Who reads the stream is not known."""
        del log_group
        return False

    def deliver(self, payload: bytes, log_group: str, log_stream: str) -> None:
        """See Destination."""
        # By default all of a log stream goes to one shard. How AWS makes the key is not documented; it has
        # been seen to be this hash, of empty names under this owner's for CONTROL_MESSAGEs.
        owner = seams.account() if log_group else "CloudwatchLogs"
        by_stream = hashlib.md5(f"{owner}:{log_group}:{log_stream}".encode(), usedforsecurity=False)
        key = str(uuid.uuid4()) if self.distribution == "Random" else by_stream.hexdigest()
        if not seams.put_stream_record(self.arn, key, compressed(payload)):
            _logger.warning("LOST a payload of %s: %s does not take it", log_group, self.arn)


def destination_of(put: Record) -> Destination | None:
    """Return the destination of a subscription filter or of a request for one; None for kinds not known."""
    arn = str(put.get("destinationArn") or "")
    role, distribution = put.get("roleArn") or "", put.get("distribution") or "ByLogStream"
    match arn.split(":")[2:3]:
        case ["lambda"]:
            return FunctionDestination(arn)
        case ["kinesis"]:
            return StreamDestination(arn, role, distribution)
        case ["logs"]:
            from .account_destinations import AccountDestination  # noqa: PLC0415  it is made of one of these

            return AccountDestination(arn, role, distribution)
    return None


def services() -> tuple[str, str]:
    """Return the names that CloudWatch Logs has as a principal."""
    return "logs.amazonaws.com", f"logs.{seams.region()}.amazonaws.com"
