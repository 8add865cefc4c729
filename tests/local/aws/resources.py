"""What the tests of the local AWS share: functions to deploy, and what they wrote to their log groups."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from local.aws import LocalAws

Seen = TypeVar("Seen")
Json = dict[str, Any]

RECORDER = """
import base64, gzip, json, os
def handle(event, context):
    data = event["awslogs"]["data"] if "awslogs" in event else None
    document = json.loads(gzip.decompress(base64.b64decode(data))) if data else event
    print("RECORD " + json.dumps(document, ensure_ascii=False))
    if "fail" in json.dumps(document):
        raise ValueError("told to fail")
    return os.environ.get("ANSWER", "recorded")
"""


def packed(files: Mapping[str, str]) -> bytes:
    """Return a zip of these files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    return archive.getvalue()


WRITES_LOGS: Json = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
READS_STREAMS: Json = {
    "Effect": "Allow",
    "Action": [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    ],
    "Resource": "*",
}


def make_role(aws: LocalAws, name: str, *statements: Json, trust: Json | None = None) -> str:
    """Make a role with these statements as its policy, and `trust` as its trust policy; return its ARN."""
    iam = aws.client("iam")
    assumed = json.dumps(trust or {})
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=assumed)["Role"]["Arn"]
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=policy)
    return arn


def s3_rights(bucket: str) -> list[Json]:
    """Return the statements that Lambda asks of a role whose failures go to the bucket."""
    return [
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
    ]


def make_bucket(aws: LocalAws, name: str) -> str:
    """Make a bucket; return its ARN."""
    region = {"LocationConstraint": "eu-west-3"}
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=region)
    return f"arn:aws:s3:::{name}"


def documents(aws: LocalAws, bucket: str, prefix: str = "") -> dict[str, Json]:
    """Return the JSON documents in a bucket by their names."""
    storage = aws.client("s3")
    found = storage.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        item["Key"]: json.loads(storage.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
        for item in found
    }


def make_function(
    aws: LocalAws, name: str, files: Mapping[str, str], handler: str = "app.handle", **options: Any
) -> str:
    """Make a function, with a role that may write logs unless one is given; return its ARN."""
    settings: dict[str, Any] = {"Runtime": "python3.13", "Timeout": 10, **options}
    settings["Role"] = settings.get("Role") or make_role(aws, f"{name}-role", WRITES_LOGS)
    created = aws.client("lambda").create_function(
        FunctionName=name, Handler=handler, Code={"ZipFile": packed(files)}, **settings
    )
    return str(created["FunctionArn"])


def make_recorder(aws: LocalAws, name: str, **options: Any) -> str:
    """Make a function that writes each event to its log group, and that CloudWatch Logs may invoke."""
    arn = make_function(aws, name, {"app.py": RECORDER}, **options)
    allow_logs(aws, name, SourceAccount="000000000000")
    return arn


def allow_logs(aws: LocalAws, function: str, **source: str) -> None:
    """Let CloudWatch Logs invoke the function."""
    aws.client("lambda").add_permission(
        FunctionName=function,
        StatementId=f"logs-{time.monotonic_ns()}",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
        **source,
    )


def make_stream(aws: LocalAws, group: str) -> None:
    """Make a log group with one stream, `stream`."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="stream")


def write(aws: LocalAws, group: str, *messages: str) -> None:
    """Write messages of this moment to the group's stream."""
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    aws.client("logs").put_log_events(logGroupName=group, logStreamName="stream", logEvents=events)


def invoke(aws: LocalAws, function: str, event: object = None) -> tuple[Any, bool]:
    """Invoke and wait; return the decoded answer, and whether it is an error."""
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read()), "FunctionError" in answer


def log_lines(aws: LocalAws, group: str) -> list[str]:
    """Return what stands in a log group; nothing where there is no such group."""
    logs = aws.client("logs")
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def records(aws: LocalAws, function: str) -> list[Json]:
    """Return the events that a recorder got, CONTROL_MESSAGEs included."""
    lines = log_lines(aws, f"/aws/lambda/{function}")
    return [json.loads(line.removeprefix("RECORD ")) for line in lines if line.startswith("RECORD ")]


def data_records(aws: LocalAws, function: str) -> list[Json]:
    """Return the events with log data that a recorder got."""
    return [record for record in records(aws, function) if record.get("messageType") == "DATA_MESSAGE"]


def eventually(look: Callable[[], Seen], *, enough: Callable[[Seen], bool] = bool) -> Seen:
    """Look until it is enough, for at most half a minute; return what was seen last."""
    deadline = time.monotonic() + 30
    while not enough(seen := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return seen
