"""EventBridge rules: intervals that a test can shorten, and targets invoked as EventBridge invokes them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from . import seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from .seams import Record

_logger = logging.getLogger("local.aws")


def scaled(parse: Callable[[str], int | None], scale: float) -> Callable[[str], float | None]:
    """Multiply the interval, in seconds, that an expression `rate(...)` stands for."""

    def parse_rate(expression: str) -> float | None:
        interval = parse(expression)
        return None if interval is None else interval * scale

    return parse_rate


def tick(scale: float) -> float:
    """Return how often to look for rules that are due, in seconds: ten times in the shortest interval."""
    return max(0.05, min(10.0, 6 * scale))


def permitted(invoke: Callable[..., None]) -> Callable[..., None]:
    """Let a rule invoke a function only where the function's policy allows it for this rule."""

    def invoke_target(target: Record, event: Record, rule: Record, view: object = None) -> None:
        arn = str(target.get("Arn"))
        if arn.startswith("arn:aws:lambda:") and not seams.function_policy_allows(
            arn, "events.amazonaws.com", rule["Arn"]
        ):
            _logger.warning("FailedInvocations: %s may not invoke %s", rule["Arn"], arn)
            return
        invoke(target, event, rule, view)

    return invoke_target


def dispatch(function_arn: str, payload: str) -> None:
    """Put an event, as JSON, into Lambda's queue; MiniStack would run the function once and be done."""
    seams.invoke_asynchronously(function_arn, json.loads(payload))
