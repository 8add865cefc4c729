"""Subscription filters: what CloudWatch Logs refuses, and how it delivers."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from . import account_policies, seams
from .filter_patterns import UnsupportedPatternError, compile_pattern
from .log_destinations import destination_of
from .payloads import LogEvent, control_payload, data_payloads
from .reading import written_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .log_destinations import Destination
    from .seams import Record, Response

    Filters = list[tuple[str, Callable[[str], bool]]]

_logger = logging.getLogger("local.aws")
_FILTERS_PER_LOG_GROUP = 5  # since September 2026; older text says two
_FIELDS = ("applyOnTransformedLogs", "emitSystemFields", "fieldSelectionCriteria")
_SYSTEM_FIELDS = {"@aws.account", "@aws.region"}


def checking(put: Callable[[Record], Response]) -> Callable[[Record], Response]:
    """Make PutSubscriptionFilter refuse what AWS refuses, and send a CONTROL_MESSAGE otherwise."""

    def put_subscription_filter(request: Record) -> Response:
        name, destination = request.get("logGroupName", ""), destination_of(request)
        group = seams.log_group(name)
        if group is None or destination is None:
            return put(request)
        try:
            compile_pattern(request.get("filterPattern") or "")
        except UnsupportedPatternError as error:
            return seams.refusal("InvalidParameterException", str(error))
        if not {*request.get("emitSystemFields", [])} <= _SYSTEM_FIELDS:
            return seams.refusal(
                "InvalidParameterException", "emitSystemFields may hold @aws.account and @aws.region"
            )
        filters = group["subscriptionFilters"]
        if request.get("filterName") not in filters and len(filters) >= _FILTERS_PER_LOG_GROUP:
            return seams.refusal("LimitExceededException", "Resource limit exceeded.")
        if problem := destination.problem(name):
            return seams.refusal("InvalidParameterException", problem)
        response = put(request)
        if response[0] == 200:
            filters[request["filterName"]].update(
                {field: request[field] for field in _FIELDS if field in request}
            )
            destination.deliver(control_payload(destination.kind), "", "")
        return response

    return put_subscription_filter


def with_fields(payload: Callable[[str, str, Record], Record]) -> Callable[[str, str, Record], Record]:
    """Let a template's filter have what MiniStack leaves out."""

    def with_all(group: str, name: str, properties: Record) -> Record:
        named = {field[0].upper() + field[1:]: field for field in _FIELDS}
        more = {field: properties[name] for name, field in named.items() if name in properties}
        return payload(group, name, properties) | more

    return with_all


def requiring_log_group(create: Callable[..., object]) -> Callable[..., object]:
    """Make CloudFormation fail, as in AWS, where MiniStack would make the log group that is missing."""

    def create_subscription_filter(logical_id: str, properties: Record, stack_name: str) -> object:
        name = properties.get("LogGroupName")
        if name and seams.log_group(name) is None:
            raise ValueError(f"The specified log group does not exist: {name}")
        return create(logical_id, properties, stack_name)

    return create_subscription_filter


def deliver(log_group: str, log_stream: str, events: Sequence[Record]) -> None:
    """Send new log events of one stream to what is subscribed to its group.

    A destination gets an event once, however many of the group's filters match it; the payload names them
    all. By the account's policy it gets it once more. An event has the same id wherever it goes.
    """
    group = seams.log_group(log_group)
    by_destination: defaultdict[tuple[Destination, tuple[str, ...]], Filters] = defaultdict(list)
    for name, put in (group or {}).get("subscriptionFilters", {}).items():
        if destination := destination_of(put):
            fields = tuple(sorted(put.get("emitSystemFields", [])))
            by_destination[destination, fields].append((name, compile_pattern(put["filterPattern"])))
    deliveries = [
        _Delivery(destination, filters, fields) for (destination, fields), filters in by_destination.items()
    ]
    for name, destination, matches in account_policies.subscribed(log_group):
        if not destination.writes_to(log_group):
            deliveries.append(_Delivery(destination, [(name, matches)], (), account_policies.LEVEL))
    entries: list[LogEvent] = [
        {"id": id_, "timestamp": event["timestamp"], "message": event["message"]}
        for id_, event in zip(written_ids(), events, strict=True)
    ]
    for delivery in deliveries:
        destination = delivery.destination
        if problem := destination.problem(log_group):
            _logger.warning("Not delivered from %s to %s: %s", log_group, destination, problem)
        elif destination.writes_to(log_group):
            _logger.warning("Not delivered: %s would be fed by its own log group", destination)
        else:
            _send(delivery, log_group, log_stream, entries)


class _Delivery(NamedTuple):
    """Where the filters of a log group send what they match, or the account's policy does."""

    destination: Destination
    filters: Filters
    fields: tuple[str, ...]
    policy_level: str | None = None


def _send(delivery: _Delivery, log_group: str, log_stream: str, entries: Sequence[LogEvent]) -> None:
    known = {"@aws.account": seams.account(), "@aws.region": seams.region()}
    fields = {name: known[name] for name in delivery.fields}
    by_filters: defaultdict[tuple[str, ...], list[LogEvent]] = defaultdict(list)
    for entry in entries:
        if names := tuple(name for name, matches in delivery.filters if matches(entry["message"])):
            by_filters[names].append({**entry, "extractedFields": fields} if fields else entry)
    for names, matched in by_filters.items():
        for payload in data_payloads(
            owner=seams.account(),
            log_group=log_group,
            log_stream=log_stream,
            filters=names,
            events=matched,
            policy_level=delivery.policy_level,
        ):
            delivery.destination.deliver(payload, log_group, log_stream)
