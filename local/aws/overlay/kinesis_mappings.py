"""Event source mappings of Kinesis streams: each shard's records in order, in batches, to a function."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import failure_destinations, seams
from .event_source_mappings import may_read
from .kinesis_shards import Shard
from .stream_batches import Batch, Failure, failure_in, following
from .waits import backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .seams import Record
    from .waits import Waits

_logger = logging.getLogger("local.aws")


class KinesisMappings:
    """Takes the place of MiniStack's poller of Kinesis streams."""

    def __init__(self, waits: Waits) -> None:
        self._waits = waits
        self._shards: dict[str, dict[str, Shard]] = {}  # by mapping and shard

    def starting(self, initialize: Callable[[str, str, str], None]) -> Callable[[str, str, str], None]:
        """Remember where a new mapping begins in each shard of its stream."""

        def start(mapping: str, source_arn: str, position: str) -> None:
            stream = seams.stream(source_arn)
            if stream is None:
                initialize(mapping, source_arn, position)
                return
            shards = {shard_id: Shard(mapping, source_arn, shard_id) for shard_id in stream["shards"]}
            if position == "LATEST":
                for shard in shards.values():
                    shard.skip()
            self._shards[mapping] = shards

        return start

    def forgetting(self, release: Callable[[str], None]) -> Callable[[str], None]:
        """Forget a mapping that has been deleted."""

        def forget(mapping: str) -> None:
            self._shards.pop(mapping, None)
            release(mapping)

        return forget

    def poll(self) -> bool:
        """Set a thread to each shard that has records and none at it; one thread polls.

        Returns False: nothing is left behind that would not wake the poller.
        """
        for mapping in seams.event_source_mappings():
            stream_arn, shards = mapping["EventSourceArn"], self._shards.get(mapping["UUID"])
            stream = seams.stream(stream_arn)
            if stream is None or shards is None:
                continue
            for shard_id in stream["shards"]:
                # A shard that was not there when the mapping was made is read from its beginning.
                shard = shards.setdefault(shard_id, Shard(mapping["UUID"], stream_arn, shard_id))
                if not shard.busy and shard.has_records() and _role(mapping):
                    shard.busy = True
                    threading.Thread(target=self._handle, args=(shard,), daemon=True).start()
        return False

    def _handle(self, shard: Shard) -> None:
        try:
            while (mapping := seams.event_source_mapping(shard.mapping)) and (role := _role(mapping)):
                batch = shard.next_batch(mapping, role)
                if batch is None:
                    break
                wait = _try(shard, batch, mapping, role)
                if wait:
                    shard.note_wait(wait, self._waits.lasting(wait))
                    self._waits.sleep(wait)
        finally:
            shard.busy = False
            seams.wake_poller()


def _try(shard: Shard, batch: Batch, mapping: Record, role: str) -> float:
    """Invoke the function with the shard's first batch; return AWS's seconds until the next try."""
    expired = shard.expired(batch, mapping)
    if expired:
        old = Batch(batch.records[:expired], max(1, batch.invocations))
        _discard(shard, old, mapping, role, "RecordAgeExceeded")
        batch.records = batch.records[expired:]
    if not batch.records:
        shard.batches.popleft()
        return 0
    request_id = str(uuid.uuid4())
    try:
        result = seams.execute(mapping["FunctionArn"], {"Records": list(batch.records)}, request_id)
    except LookupError:
        return 0
    if result.get("throttle"):
        return next(shard.backoff)
    failure = _failure(result, mapping, batch)
    mapping["LastProcessingResult"] = "PROBLEM: Function call failed" if failure else "OK"
    rest = []
    if failure is not None:
        batch.invocations += 1
        rest = following(batch, failure, bisect=_is_true(mapping["BisectBatchOnFunctionError"]))
    if rest == [batch] and 0 <= int(mapping["MaximumRetryAttempts"]) < batch.invocations:
        response = {
            "statusCode": 200,
            "executedVersion": _version(mapping),
            "functionError": "Unhandled" if result.get("error") else None,
        }
        _discard(
            shard, batch, mapping, role, "RetryAttemptsExhausted", request_id=request_id, response=response
        )
        rest = []
    shard.batches.popleft()
    shard.batches.extendleft(reversed(rest))
    if rest == [batch]:
        return next(shard.backoff)
    shard.backoff = backoff()
    return 0


def _role(mapping: Record) -> str | None:
    """Return the role by which a mapping reads; None while it may not, is disabled or has no function."""
    function = seams.function(mapping["FunctionArn"])
    if function is None or not _is_true(mapping["Enabled"]):
        return None
    role = str(function["config"]["Role"])
    if may_read(role, mapping["EventSourceArn"]):
        return role
    problem = f"PROBLEM: {role} may not read {mapping['EventSourceArn']}"
    if mapping["LastProcessingResult"] != problem:
        _logger.warning("Event source mapping %s: %s", mapping["UUID"], problem)
        mapping["LastProcessingResult"] = problem
    return None


def _failure(result: Record, mapping: Record, batch: Batch) -> Failure | None:
    if result.get("error"):
        return Failure()
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or ()):
        return None
    return failure_in(result.get("body"), _sequence_numbers(batch.records))


def _discard(
    shard: Shard,
    batch: Batch,
    mapping: Record,
    role: str,
    condition: str,
    *,
    request_id: str = "",
    response: Record | None = None,
) -> None:
    """Send what is given up to the mapping's destination."""
    destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if not destination:
        _logger.warning(
            "LOST %d records of %s for %s: %s",
            len(batch.records),
            mapping["EventSourceArn"],
            mapping["FunctionArn"],
            condition,
        )
        return
    numbers = _sequence_numbers(batch.records)
    failure_destinations.deliver(
        destination=destination,
        role=role,
        prefix=f"aws/lambda/{mapping['UUID']}/{shard.shard_id}",
        document={
            "requestContext": {
                "requestId": request_id or str(uuid.uuid4()),
                "functionArn": mapping["FunctionArn"],
                "condition": condition,
                "approximateInvokeCount": batch.invocations,
            },
            **({"responseContext": response} if response else {}),
            "KinesisBatchInfo": {
                "shardId": shard.shard_id,
                "startSequenceNumber": numbers[0],
                "endSequenceNumber": numbers[-1],
                "approximateArrivalOfFirstRecord": _arrival(batch.records[0]),
                "approximateArrivalOfLastRecord": _arrival(batch.records[-1]),
                "batchSize": len(batch.records),
                "streamArn": mapping["EventSourceArn"],
            },
            "payload": json.dumps({"Records": list(batch.records)}),
        },
    )


def _sequence_numbers(records: Sequence[Record]) -> list[str]:
    return [record["kinesis"]["sequenceNumber"] for record in records]


def _arrival(record: Record) -> str:
    moment = datetime.fromtimestamp(record["kinesis"]["approximateArrivalTimestamp"], UTC)
    return failure_destinations.timestamp(moment)


def _version(mapping: Record) -> str:
    return str((seams.function(mapping["FunctionArn"]) or {"config": {}})["config"].get("Version", "$LATEST"))


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"  # templates may say it as text
