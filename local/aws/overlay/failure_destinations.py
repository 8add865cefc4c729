"""Where a function's asynchronous invocations go when they have failed for good."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from .seams import Record, Response

_RIGHTS = {
    "s3": (("s3:PutObject", "/aws/lambda/async/function/record"), ("s3:ListBucket", "")),
    "sqs": (("sqs:SendMessage", ""),),
    "sns": (("sns:Publish", ""),),
    "lambda": (("lambda:InvokeFunction", ""),),
}


def checking(
    put: Callable[[str, str | None, Record], Response],
) -> Callable[[str, str | None, Record], Response]:
    """Make PutFunctionEventInvokeConfig refuse a destination that the function's role may not write to."""

    def put_event_invoke_config(name: str, qualifier: str | None, request: Record) -> Response:
        record = seams.function(name)
        destinations = (request.get("DestinationConfig") or {}).values()
        for arn in filter(None, (destination.get("Destination") for destination in destinations)):
            service = arn.split(":")[2]
            for action, path in _RIGHTS.get(service, ()):
                if record and not seams.role_allows(record["config"]["Role"], action, arn + path):
                    operation = action.split(":")[1]
                    return seams.refusal(
                        "InvalidParameterValueException",
                        f"The provided execution role does not have permissions to call {operation} on "
                        f"{service.upper()}",
                    )
        return put(name, qualifier, request)

    return put_event_invoke_config


def storing(route: Callable[[str, str, Record, Record], None]) -> Callable[[str, str, Record, Record], None]:
    """Write the record of a failed event to S3, which MiniStack knows as a destination only by name."""

    def route_failure(destination: str, function: str, event: Record, result: Record) -> None:
        if destination.split(":")[2] != "s3":
            route(destination, function, event, result)
            return
        now = datetime.now(UTC)
        key = f"aws/lambda/async/{function}/{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        record = _failure(function, event, result, now)
        seams.put_object(destination.rsplit(":", 1)[-1], key, json.dumps(record).encode())

    return route_failure


def _failure(function: str, event: Record, result: Record, now: datetime) -> Record:
    record = seams.function(function) or {"config": {}}
    configuration = record.get("event_invoke_config") or record.get("event_invoke_configs", {}).get("$LATEST")
    return {
        "version": "1.0",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{record['config'].get('FunctionArn', function)}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": (configuration or {}).get("MaximumRetryAttempts", 2) + 1,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": result.get("body"),
    }
