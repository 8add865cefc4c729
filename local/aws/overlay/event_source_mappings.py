"""What Lambda refuses when a stream is mapped to a function, and what it takes for left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import failure_destinations, seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from .seams import Record, Response

_DEFAULTS = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
}
_READS = (
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:ListShards",
)
_INVALID = "InvalidParameterValueException"


def may_read(role: str, stream_arn: str) -> bool:
    """Tell whether the role has the rights to a stream that Lambda needs in order to read it."""
    return all(seams.role_allows(role, action, stream_arn) for action in _READS)


def creating(create: Callable[[Record], Response]) -> Callable[[Record], Response]:
    """Make CreateEventSourceMapping refuse what AWS refuses for a Kinesis stream."""

    def create_event_source_mapping(request: Record) -> Response:
        if not _is_stream(request):
            return create(request)
        request = {**_DEFAULTS, **request}
        refused = _duplicate(request) or _refused(request)
        return refused or create(request)

    return create_event_source_mapping


def updating(update: Callable[[str, Record], Response]) -> Callable[[str, Record], Response]:
    """Make UpdateEventSourceMapping refuse what AWS refuses for a Kinesis stream."""

    def update_event_source_mapping(uuid: str, request: Record) -> Response:
        mapping = seams.event_source_mapping(uuid)
        refused = _refused({**mapping, **request}) if mapping and _is_stream(mapping) else None
        return refused or update(uuid, request)

    return update_event_source_mapping


def creating_by_template(create: Callable[..., object]) -> Callable[..., object]:
    """Make CloudFormation fail where CreateEventSourceMapping refuses."""

    def create_mapping(logical_id: str, properties: Record, stack_name: str) -> object:
        if _is_stream(properties):
            properties = {**_DEFAULTS, **properties}
            _raise(_duplicate(properties) or _refused(properties))
        return create(logical_id, properties, stack_name)

    return create_mapping


def updating_by_template(update: Callable[..., object]) -> Callable[..., object]:
    """Make CloudFormation fail where UpdateEventSourceMapping refuses."""

    def update_mapping(physical_id: str, old: Record, new: Record, stack_name: str) -> object:
        if _is_stream(new):
            new = {**_DEFAULTS, **new}
            _raise(_refused(new))
        return update(physical_id, old, new, stack_name)

    return update_mapping


def _is_stream(request: Record) -> bool:
    return str(request.get("EventSourceArn", "")).startswith("arn:aws:kinesis:")


def _raise(refused: Response | None) -> None:
    if refused:
        raise ValueError(refused[2].decode())


def _duplicate(request: Record) -> Response | None:
    function = seams.function(request["FunctionName"])
    for mapping in seams.event_source_mappings() if function else ():
        name = mapping["FunctionName"]
        if mapping["EventSourceArn"] == request["EventSourceArn"] and function is seams.function(name):
            message = (
                f'The event source arn (" {request["EventSourceArn"]} ") and function (" {name} ") provided '
                f"mapping already exists. Please update or delete the existing mapping with UUID "
                f"{mapping['UUID']}"
            )
            return seams.refusal("ResourceConflictException", message, 409)
    return None


def _refused(request: Record) -> Response | None:
    function = seams.function(request["FunctionName"])
    if function is None:
        return None
    problem = _unfit(request) or _forbidden(request, function["config"]["Role"])
    return seams.refusal(_INVALID, problem) if problem else None


def _unfit(request: Record) -> str | None:
    position, age = request.get("StartingPosition"), int(request["MaximumRecordAgeInSeconds"])
    constraint = "1 validation error detected: Value {} at '{}' failed to satisfy constraint: Member must {}"
    if position is None:
        return constraint.format("null", "startingPosition", "not be null")
    if position not in {"LATEST", "TRIM_HORIZON"}:
        return f"The local stack does not simulate the starting position {position}."
    if not (age == -1 or 60 <= age <= 604800):
        return constraint.format(f"'{age}'", "maximumRecordAgeInSeconds", "be -1 or between 60 and 604800")
    if seams.stream(request["EventSourceArn"]) is None:
        return f"Stream not found: {request['EventSourceArn']}"
    return None


def _forbidden(request: Record, role: str) -> str | None:
    stream = request["EventSourceArn"]
    if not may_read(role, stream):
        return (
            f"Cannot access stream {stream}. Please ensure the role can perform the GetRecords, "
            "GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream in IAM."
        )
    destination = (request["DestinationConfig"].get("OnFailure") or {}).get("Destination")
    if not destination:
        return None
    if not destination.startswith("arn:aws:s3:"):
        return f"The local stack does not simulate {destination} as the destination of a stream's failures."
    return failure_destinations.lacking(role, destination, "aws/lambda/mapping")
