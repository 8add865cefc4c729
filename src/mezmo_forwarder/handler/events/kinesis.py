"""CloudWatch's events by way of a Kinesis data stream: records of several log groups and accounts."""

import msgspec
from msgspec import Struct


class Record(Struct, frozen=True):
    """A record of the stream; `data` is base64."""

    sequence_number: str
    data: str


class _Data(Struct, rename="camel"):
    sequence_number: str
    data: str


class _Entry(Struct):
    kinesis: _Data


class _Event(Struct, rename={"records": "Records"}):
    records: list[_Entry]


def records_of(event: object) -> list[Record] | None:
    """Return the records of a stream that Lambda invoked the function with; None for another event."""
    try:
        entries = msgspec.convert(event, _Event).records
    except msgspec.ValidationError:
        return None
    return [Record(entry.kinesis.sequence_number, entry.kinesis.data) for entry in entries]


def failed_from(record: str) -> dict[str, object]:
    """Return the answer that has Lambda read the stream again from a record, by its sequence number."""
    return {"batchItemFailures": [{"itemIdentifier": record}]}
