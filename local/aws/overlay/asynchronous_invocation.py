"""Lambda's queue of asynchronous invocations: retries, throttles, age, and what becomes of a failed event."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from . import failure_destinations, seams
from .waits import backoff

if TYPE_CHECKING:
    from .seams import Record
    from .waits import Waits

_logger = logging.getLogger("local.aws")
_DEFAULT_RETRIES = 2
_DEFAULT_AGE = 21600
_RETRY_SECONDS = 60.0


@dataclass
class _QueuedEvent:
    function_arn: str
    """As it was invoked: with a qualifier or without."""
    payload: object
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """The same in every attempt."""
    age: float = 0.0
    """Seconds; waits are counted at AWS's length."""
    invocations: int = 0
    """How often the function ran on it. A throttle is no run."""


class AsynchronousInvocations:
    """Takes MiniStack's place wherever it invokes a function asynchronously."""

    def __init__(self, waits: Waits) -> None:
        self._waits = waits

    def accept(self, record: Record, payload: object) -> None:
        """Take an event for a function, as Invoke with the type Event does; a thread handles it."""
        event = _QueuedEvent(record["config"]["FunctionArn"], payload)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._handle, event), daemon=True).start()

    def _handle(self, event: _QueuedEvent) -> None:
        throttles = backoff()
        while True:
            if seams.reserved_concurrency(event.function_arn) == 0:
                _fail(event, "ZeroReservedConcurrency", None)
                return
            begun = time.monotonic()
            try:
                result = seams.execute(event.function_arn, event.payload, event.request_id)
            except LookupError as error:
                _logger.warning("LOST event %s: %s", event.request_id, error)
                return
            event.age += time.monotonic() - begun
            if not result.get("error"):
                return
            settings = seams.event_invoke_configuration(event.function_arn)
            if result.get("throttle"):
                wait = next(throttles)
            else:
                throttles = backoff()
                event.invocations += 1
                if event.invocations > settings.get("MaximumRetryAttempts", _DEFAULT_RETRIES):
                    _fail(event, "RetriesExhausted", result)
                    return
                wait = _RETRY_SECONDS * event.invocations
            event.age += wait
            # An event that would be too old by the time of its next attempt does not wait for it.
            if event.age > settings.get("MaximumEventAgeInSeconds", _DEFAULT_AGE):
                _fail(event, "EventAgeExceeded", result)
                return
            self._waits.sleep(wait)


def _fail(event: _QueuedEvent, condition: str, result: Record | None) -> None:
    configuration = (seams.function(event.function_arn) or {}).get("config", {})
    settings = seams.event_invoke_configuration(event.function_arn)
    on_failure = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    dead_letters = (configuration.get("DeadLetterConfig") or {}).get("TargetArn")
    if not on_failure and not dead_letters:
        _logger.warning("LOST event %s of %s: %s", event.request_id, event.function_arn, condition)
    for destination in filter(None, (on_failure, dead_letters)):
        name = configuration["FunctionName"]
        failure_destinations.deliver(
            destination=destination,
            role=configuration["Role"],
            prefix=f"aws/lambda/async/{name}",
            document={
                "requestContext": {
                    "requestId": event.request_id,
                    "functionArn": _qualified(event.function_arn),
                    "condition": condition,
                    "approximateInvokeCount": event.invocations,
                },
                "requestPayload": event.payload,
                **_response(configuration, result),
            },
            otherwise=partial(seams.route_failure, destination, name, event.payload, result or {}),
        )


def _response(configuration: Record, result: Record | None) -> Record:
    if result is None:
        return {}
    if result.get("throttle"):
        return {"responseContext": {"statusCode": 429}}
    return {
        "responseContext": {
            "statusCode": 200,
            "executedVersion": configuration["Version"],
            "functionError": result.get("function_error") or "Unhandled",
        },
        "responsePayload": result.get("body"),
    }


def _qualified(function_arn: str) -> str:
    return function_arn if function_arn.count(":") > 6 else f"{function_arn}:$LATEST"
