"""Where Lambda sends what has failed for good: the role's right to write there, and records in S3."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import encryption, seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from .seams import Record, Response

_logger = logging.getLogger("local.aws")
_RIGHTS = {
    "s3": ("s3:PutObject", "s3:ListBucket"),
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "lambda": ("lambda:InvokeFunction",),
}


def checking(
    put: Callable[[str, str | None, Record], Response],
) -> Callable[[str, str | None, Record], Response]:
    """Make PutFunctionEventInvokeConfig refuse a destination that the function's role may not write to."""

    def put_event_invoke_config(name: str, qualifier: str | None, request: Record) -> Response:
        record = seams.function(name)
        destinations = (request.get("DestinationConfig") or {}).values()
        for arn in filter(None, (destination.get("Destination") for destination in destinations)):
            if record and (problem := lacking(record["config"]["Role"], arn, f"aws/lambda/async/{name}")):
                return seams.refusal("InvalidParameterValueException", problem)
        return put(name, qualifier, request)

    return put_event_invoke_config


def lacking(role: str, destination: str, prefix: str) -> str | None:
    """Say in AWS's words which right to the destination the role lacks; None when it lacks none.

    prefix: what the names of objects begin with where the destination is a bucket.
    """
    service = destination.split(":")[2]
    for action in _RIGHTS.get(service, ()):
        path = f"/{prefix}/record" if action == "s3:PutObject" else ""
        if not seams.role_allows(role, action, destination + path):
            operation = f"{action.split(':')[1]} on {service.upper()}"
            return f"The provided execution role does not have permissions to call {operation}"
    for action, key, context in encryption.needs("s3:PutObject", destination) if service == "s3" else []:
        if not seams.role_allows(role, action, key, context):
            return f"The provided execution role does not have permissions to call {action} on {key}"
    return None


def deliver(
    *, destination: str, role: str, prefix: str, document: Record, otherwise: Callable[[], None] | None = None
) -> None:
    """Send an invocation record to its destination, by the rights that the role has now.

    In a bucket its name is `<prefix>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>`, and it gets `version` and
    `timestamp`.
    `otherwise` sends it to a destination that is no bucket. What cannot be written is lost, as in AWS,
    where only the metric DestinationDeliveryFailures tells of it; here a warning does.
    """
    problem = lacking(role, destination, prefix)
    if problem is None and destination.startswith("arn:aws:s3:"):
        now = datetime.now(UTC)
        key = f"{prefix}/{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        record = {"version": "1.0", "timestamp": timestamp(now), **document}
        try:
            seams.put_object(destination.rsplit(":", 1)[-1], key, json.dumps(record).encode())
        except OSError as error:
            problem = str(error)
    elif problem is None and otherwise is not None:
        otherwise()
    if problem is not None:
        context = document["requestContext"]
        _logger.warning(
            "DestinationDeliveryFailures: LOST, as %s could not be written: %s of request %s of %s. %s",
            destination,
            context["condition"],
            context["requestId"],
            context["functionArn"],
            problem,
        )


def timestamp(moment: datetime) -> str:
    """Write a moment in UTC as invocation records have it, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
