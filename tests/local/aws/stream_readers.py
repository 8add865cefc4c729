"""Functions that read Kinesis streams in the local AWS, and what they got."""

import base64
import json
from typing import Any

from local.aws import LocalAws
from tests.local.aws.resources import (
    READS_STREAMS,
    WRITES_LOGS,
    Json,
    documents,
    log_lines,
    make_function,
    make_role,
    s3_rights,
)

APP = """
import base64, json, os
def handle(event, context):
    records = [(r, json.loads(base64.b64decode(r["kinesis"]["data"]))) for r in event["Records"]]
    print("EVENT " + json.dumps(event))
    print("REQUEST " + context.aws_request_id)
    failed = [r["kinesis"]["sequenceNumber"] for r, data in records if data["fail"]]
    if "REPORTS" in os.environ:
        return {"batchItemFailures": [{"itemIdentifier": number} for number in reversed(failed)]}
    if failed:
        raise ValueError("told to fail")
"""
LAST = str(2**128 - 1)
"""The hash key that leads to a stream's last shard; 0 leads to its first."""


def stream_arn(name: str) -> str:
    return f"arn:aws:kinesis:eu-west-3:000000000000:stream/{name}"


def make_stream(aws: LocalAws, name: str, shards: int = 1) -> str:
    aws.client("kinesis").create_stream(StreamName=name, ShardCount=shards)
    return stream_arn(name)


def make_reader(aws: LocalAws, name: str, *, reports: bool = False) -> str:
    """Make a function that writes down its events, and fails with records that say so; return its role."""
    role = make_role(aws, f"{name}-reading", WRITES_LOGS, READS_STREAMS, *s3_rights("failures"))
    environment = {"REPORTS": "1"} if reports else {}
    make_function(aws, name, {"app.py": APP}, Role=role, Environment={"Variables": environment})
    return role


def map_stream(aws: LocalAws, name: str, **options: Any) -> str:
    """Map the stream of this name to the function of this name, from its beginning; return the UUID."""
    settings = {
        "StartingPosition": "TRIM_HORIZON",
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failures"}},
        **options,
    }
    mapping = aws.client("lambda").create_event_source_mapping(
        FunctionName=name, **{"EventSourceArn": stream_arn(name), **settings}
    )
    return str(mapping["UUID"])


def put(aws: LocalAws, stream: str, *items: tuple[int, bool], hash_key: str = "0") -> None:
    """Put records with these numbers, each of which says whether to fail, into one shard."""
    records = [
        {
            "Data": json.dumps({"number": number, "fail": fail}).encode(),
            "PartitionKey": "key",
            "ExplicitHashKey": hash_key,
        }
        for number, fail in items
    ]
    aws.client("kinesis").put_records(StreamName=stream, Records=records)


def good(*numbers: int) -> list[tuple[int, bool]]:
    return [(number, False) for number in numbers]


def events(aws: LocalAws, function: str) -> list[Json]:
    """Return the events that a reader got, in order of their invocations."""
    lines = log_lines(aws, f"/aws/lambda/{function}")
    return [json.loads(line.removeprefix("EVENT ")) for line in lines if line.startswith("EVENT ")]


def numbers_in(event: Json) -> list[int]:
    return [json.loads(base64.b64decode(record["kinesis"]["data"]))["number"] for record in event["Records"]]


def batches(aws: LocalAws, function: str) -> list[list[int]]:
    """Return the numbers of the records that a reader got, by invocation."""
    return [numbers_in(event) for event in events(aws, function)]


def numbers(aws: LocalAws, function: str) -> list[int]:
    """Return the numbers of all the records that a reader got, in order."""
    return [number for batch in batches(aws, function) for number in batch]


def given_up(aws: LocalAws, mapping: str) -> dict[str, Json]:
    """Return the records of failure that the mapping has written, by their names, oldest first."""
    return documents(aws, "failures", f"aws/lambda/{mapping}/")


def payload_numbers(document: Json) -> list[int]:
    return numbers_in(json.loads(document["payload"]))
