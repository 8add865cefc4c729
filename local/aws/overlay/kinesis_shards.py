"""One shard of a Kinesis stream, as one event source mapping reads it."""

from __future__ import annotations

import json
import time
from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING

from . import seams
from .stream_batches import Batch
from .waits import Ages, backoff

if TYPE_CHECKING:
    from .seams import Record

_MAXIMUM_EVENT_BYTES = 6_000_000


class Shard:
    """How far the mapping has come in the shard, and what it has read of it and not done."""

    def __init__(self, mapping: str, stream_arn: str, shard_id: str) -> None:
        self.mapping = mapping
        self.stream_arn = stream_arn
        self.shard_id = shard_id
        self.batches: deque[Batch] = deque()
        """What has been read and is not done, in order."""
        self.busy = False
        self.backoff = backoff()
        self._read_up_to = ""
        self._ages = Ages()

    def skip(self) -> None:
        """Pass over every record that is in the shard now."""
        self._read_up_to = seams.last_sequence_number(self.stream_arn, self.shard_id)

    def has_records(self) -> bool:
        """Tell whether anything is to be handled."""
        return bool(self.batches or self._unread(1))

    def next_batch(self, mapping: Record, role: str) -> Batch | None:
        """Return the batch that is first in order, read if need be; None when the shard has no more."""
        while not self.batches:
            records: list[Record] = []
            size = 0
            for unread in self._unread(int(mapping["BatchSize"])):
                record = self._event_record(unread, role)
                size += len(json.dumps(record))
                if records and size > _MAXIMUM_EVENT_BYTES:
                    break
                records.append(record)
            if not records:
                self._ages.forget()
                return None
            self._read_up_to = records[-1]["kinesis"]["sequenceNumber"]
            if matching := seams.matching_records(records, mapping):
                self.batches.append(Batch(matching))
        return self.batches[0]

    def note_wait(self, seconds: float, lasting: float) -> None:
        """Remember a wait of AWS's `seconds` that lasts `lasting` seconds here, for the records' age."""
        self._ages.note_wait(time.time(), seconds, lasting)

    def expired(self, batch: Batch, mapping: Record) -> int:
        """Return how many of the batch's records, from the first on, are too old."""
        limit = float((seams.stream(self.stream_arn) or {}).get("RetentionPeriodHours", 24)) * 3600
        if int(mapping["MaximumRecordAgeInSeconds"]) != -1:
            limit = min(limit, float(mapping["MaximumRecordAgeInSeconds"]))
        now = time.time()
        arrivals = (record["kinesis"]["approximateArrivalTimestamp"] for record in batch.records)
        return sum(1 for _ in takewhile(lambda arrival: self._ages.age(arrival, now) > limit, arrivals))

    def _unread(self, limit: int) -> list[Record]:
        return seams.stream_records(self.stream_arn, self.shard_id, self._read_up_to, limit)

    def _event_record(self, record: Record, role: str) -> Record:
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": record["Data"],
                "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"],
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{self.shard_id}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": role,
            "awsRegion": self.stream_arn.split(":")[3],
            "eventSourceARN": self.stream_arn,
        }
