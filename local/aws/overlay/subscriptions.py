"""Subscription filters: what CloudWatch Logs refuses, and how it delivers."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from . import seams
from .filter_patterns import UnsupportedPatternError, compile_pattern
from .payloads import LogEvent, control_payload, data_payloads, event_id, lambda_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .seams import Record, Response

_logger = logging.getLogger("local.aws")
_FILTERS_PER_LOG_GROUP = 5  # since September 2026; older text says two
_MAY_NOT_INVOKE = (
    "Could not execute the lambda function. "
    "Make sure you have given CloudWatch Logs permission to execute your function."
)


def checking(put: Callable[[Record], Response]) -> Callable[[Record], Response]:
    """Make PutSubscriptionFilter refuse what AWS refuses, and greet the function with a CONTROL_MESSAGE."""

    def put_subscription_filter(request: Record) -> Response:
        name, destination = request.get("logGroupName", ""), request.get("destinationArn", "")
        group = seams.log_group(name)
        if group is None or not _is_function(destination):
            return put(request)
        try:
            compile_pattern(request.get("filterPattern") or "")
        except UnsupportedPatternError as error:
            return seams.refusal("InvalidParameterException", str(error))
        filters = group["subscriptionFilters"]
        if request.get("filterName") not in filters and len(filters) >= _FILTERS_PER_LOG_GROUP:
            return seams.refusal("LimitExceededException", "Resource limit exceeded.")
        record = seams.function(destination)
        if record is None or not _may_invoke(destination, name):
            return seams.refusal("InvalidParameterException", _MAY_NOT_INVOKE)
        response = put(request)
        if response[0] == 200:
            seams.invoke_asynchronously(record, lambda_event(control_payload()))
        return response

    return put_subscription_filter


def requiring_log_group(create: Callable[..., object]) -> Callable[..., object]:
    """Make CloudFormation fail, as in AWS, where MiniStack would make the log group that is missing."""

    def create_subscription_filter(logical_id: str, properties: Record, stack_name: str) -> object:
        name = properties.get("LogGroupName")
        if name and seams.log_group(name) is None:
            raise ValueError(f"The specified log group does not exist: {name}")
        return create(logical_id, properties, stack_name)

    return create_subscription_filter


def deliver(log_group: str, log_stream: str, events: Sequence[Record]) -> None:
    """Send new log events of one stream to the functions that are subscribed to its group.

    A function gets an event once, however many of the group's filters match it; the payload names them all.
    """
    group = seams.log_group(log_group)
    by_function: defaultdict[str, list[tuple[str, Callable[[str], bool]]]] = defaultdict(list)
    for name, put in (group or {}).get("subscriptionFilters", {}).items():
        if _is_function(put["destinationArn"]):
            by_function[put["destinationArn"]].append((name, compile_pattern(put["filterPattern"])))
    for destination, filters in by_function.items():
        record = seams.function(destination)
        if record is None or not _may_invoke(destination, log_group):
            _logger.warning("Not delivered: CloudWatch Logs may not invoke %s for %s", destination, log_group)
        elif seams.log_group_of(record["config"]) == log_group:
            _logger.warning("Not delivered: %s would be fed by its own log group", destination)
        else:
            _send(record, log_group, log_stream, events, filters)


def _send(
    record: Record,
    log_group: str,
    log_stream: str,
    events: Sequence[Record],
    filters: Sequence[tuple[str, Callable[[str], bool]]],
) -> None:
    by_filters: defaultdict[tuple[str, ...], list[LogEvent]] = defaultdict(list)
    for event in events:
        if names := tuple(name for name, matches in filters if matches(event["message"])):
            timestamp = event["timestamp"]
            by_filters[names].append(
                {"id": event_id(timestamp), "timestamp": timestamp, "message": event["message"]}
            )
    for names, matched in by_filters.items():
        for payload in data_payloads(
            owner=seams.account(), log_group=log_group, log_stream=log_stream, filters=names, events=matched
        ):
            seams.invoke_asynchronously(record, lambda_event(payload))


def _is_function(arn: str) -> bool:
    return arn.split(":")[2:3] == ["lambda"]


def _may_invoke(function_arn: str, log_group: str) -> bool:
    source = f"arn:aws:logs:{seams.region()}:{seams.account()}:log-group:{log_group}:*"
    services = "logs.amazonaws.com", f"logs.{seams.region()}.amazonaws.com"
    return any(seams.function_policy_allows(function_arn, service, source) for service in services)
