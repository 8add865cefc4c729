"""The local AWS reads Kinesis streams for functions as Lambda does."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws_fixture import (
    READS_STREAMS,
    WRITES_LOGS,
    Json,
    documents,
    eventually,
    log_lines,
    make_bucket,
    make_function,
    make_role,
    s3_rights,
)

RETRY_DELAY = 0.05
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


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.from_environment(tmp_path_factory.mktemp("aws"), retry_delay=RETRY_DELAY) as aws:
        make_bucket(aws, "failures")
        yield aws


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


def test_a_batch_reaches_the_function_as_lambda_sends_it(aws: LocalAws) -> None:
    stream = make_stream(aws, "form")
    role = make_reader(aws, "form")
    put(aws, "form", (1, False))
    map_stream(aws, "form")
    [event] = eventually(lambda: events(aws, "form"))
    [record] = event["Records"]
    kinesis = record.pop("kinesis")
    assert isinstance(kinesis.pop("approximateArrivalTimestamp"), float)
    number = kinesis.pop("sequenceNumber")
    assert kinesis == {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "key",
        "data": base64.b64encode(b'{"number": 1, "fail": false}').decode(),
    }
    assert record == {
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": "eu-west-3",
        "eventSourceARN": stream,
    }


def test_each_shards_records_come_in_order_in_batches_of_their_own(aws: LocalAws) -> None:
    make_stream(aws, "ordered", shards=2)
    make_reader(aws, "ordered")
    put(aws, "ordered", *good(*range(10)))
    put(aws, "ordered", *good(*range(100, 110)), hash_key=LAST)
    map_stream(aws, "ordered", BatchSize=4)
    put(aws, "ordered", *good(*range(10, 13)))
    seen = eventually(lambda: batches(aws, "ordered"), enough=lambda seen: sum(map(len, seen)) == 23)
    assert all(len(batch) <= 4 for batch in seen)
    assert not [batch for batch in seen if min(batch) < 100 <= max(batch)]
    flat = [number for batch in sorted(seen) for number in batch]
    assert flat == [*range(13), *range(100, 110)]


@pytest.mark.parametrize(("position", "first"), [("TRIM_HORIZON", 1), ("LATEST", 2)])
def test_a_mapping_begins_where_it_is_told(aws: LocalAws, position: str, first: int) -> None:
    name = f"begins-{first}"
    make_stream(aws, name)
    make_reader(aws, name)
    put(aws, name, (1, False))
    map_stream(aws, name, StartingPosition=position)
    put(aws, name, (2, False))
    put(aws, name, (3, False))
    seen = eventually(lambda: numbers(aws, name), enough=lambda seen: 3 in seen)
    assert seen == [1, 2, 3][first - 1 :]


def test_an_event_has_at_most_six_megabytes(aws: LocalAws) -> None:
    make_stream(aws, "heavy")
    role = make_role(aws, "heavy-reading", WRITES_LOGS, READS_STREAMS)
    app = "def handle(event, context): print('SIZE', len(event['Records']))"
    make_function(aws, "heavy", {"app.py": app}, Role=role)
    for _ in range(6):
        aws.client("kinesis").put_record(StreamName="heavy", Data=bytes(1_000_000), PartitionKey="key")
    map_stream(aws, "heavy", DestinationConfig={})
    seen = eventually(
        lambda: [line for line in log_lines(aws, "/aws/lambda/heavy") if line.startswith("SIZE")],
        enough=lambda seen: len(seen) == 2,
    )
    assert seen == ["SIZE 4", "SIZE 2"]


def test_a_batch_that_raises_is_retried_and_then_stored_as_aws_does(aws: LocalAws) -> None:
    stream = make_stream(aws, "raises")
    make_reader(aws, "raises")
    put(aws, "raises", (1, False), (2, True))
    mapping = map_stream(aws, "raises", MaximumRetryAttempts=2)
    [(key, document)] = eventually(lambda: given_up(aws, mapping)).items()
    put(aws, "raises", (3, False))
    assert eventually(lambda: batches(aws, "raises"), enough=lambda seen: [3] in seen) == [
        *[[1, 2]] * 3,
        [3],
    ]
    shard = "shardId-000000000000"
    uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    day = r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d"
    assert re.fullmatch(rf"aws/lambda/{mapping}/{shard}/{day}-{uuid}", key)
    last = events(aws, "raises")[2]
    assert json.loads(document.pop("payload")) == last
    requests = [line for line in log_lines(aws, "/aws/lambda/raises") if line.startswith("REQUEST")]
    arn = "arn:aws:lambda:eu-west-3:000000000000:function:raises"
    info = document.pop("KinesisBatchInfo")
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    for name in ("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"):
        assert re.fullmatch(moment, info.pop(name))
    assert re.fullmatch(moment, document.pop("timestamp"))
    assert info == {
        "shardId": shard,
        "startSequenceNumber": last["Records"][0]["kinesis"]["sequenceNumber"],
        "endSequenceNumber": last["Records"][1]["kinesis"]["sequenceNumber"],
        "batchSize": 2,
        "streamArn": stream,
    }
    assert document == {
        "version": "1.0",
        "requestContext": {
            "requestId": requests[2].split()[1],
            "functionArn": arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    }


@pytest.mark.parametrize("bisect", [False, True])
def test_reported_failures_are_retried_from_the_lowest_on(aws: LocalAws, bisect: bool) -> None:
    name = f"reports-{bisect}"
    make_stream(aws, name)
    make_reader(aws, name, reports=True)
    put(aws, name, *good(1, 2), (3, True), (4, False), (5, True))
    mapping = map_stream(
        aws,
        name,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BisectBatchOnFunctionError=bisect,
        MaximumRetryAttempts=1,
    )
    [document] = eventually(lambda: given_up(aws, mapping)).values()
    assert batches(aws, name) == [[1, 2, 3, 4, 5], [3, 4, 5], [3, 4, 5]]
    assert payload_numbers(document) == [3, 4, 5]
    assert document["requestContext"]["approximateInvokeCount"] == 2
    assert document["responseContext"]["functionError"] is None


def test_a_report_counts_only_where_the_mapping_asks_for_it(aws: LocalAws) -> None:
    make_stream(aws, "unasked")
    make_reader(aws, "unasked", reports=True)
    put(aws, "unasked", (1, True))
    mapping = map_stream(aws, "unasked", MaximumRetryAttempts=0)
    put(aws, "unasked", (2, False))
    assert eventually(lambda: numbers(aws, "unasked"), enough=lambda seen: 2 in seen) == [1, 2]
    assert given_up(aws, mapping) == {}


def test_a_batch_that_raises_is_halved_where_the_mapping_says_so(aws: LocalAws) -> None:
    make_stream(aws, "halved")
    make_reader(aws, "halved")
    put(aws, "halved", *good(1, 2), (3, True), *good(4))
    mapping = map_stream(aws, "halved", BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    assert eventually(lambda: batches(aws, "halved"), enough=lambda seen: [4] in seen) == [
        [1, 2, 3, 4],
        [1, 2],
        [3, 4],
        [3],
        [4],
    ]
    [document] = given_up(aws, mapping).values()
    assert payload_numbers(document) == [3]


def test_what_fails_holds_up_its_own_shard_until_it_is_too_old(aws: LocalAws) -> None:
    make_stream(aws, "aged", shards=2)
    make_reader(aws, "aged")
    put(aws, "aged", (1, True), (2, False))
    mapping = map_stream(aws, "aged", BatchSize=1, MaximumRecordAgeInSeconds=60)
    put(aws, "aged", (100, False), hash_key=LAST)
    first, second = eventually(lambda: given_up(aws, mapping), enough=lambda seen: len(seen) == 2).values()
    put(aws, "aged", (3, False))
    seen = eventually(lambda: batches(aws, "aged"), enough=lambda seen: [3] in seen)
    assert [100] in seen
    # The second record came in before the first one's waits: it is too old without having been tried.
    assert [2] not in seen
    by_number = {payload_numbers(document)[0]: document for document in (first, second)}
    contexts = {number: document["requestContext"] for number, document in by_number.items()}
    assert {context["condition"] for context in contexts.values()} == {"RecordAgeExceeded"}
    assert contexts[1]["approximateInvokeCount"] == seen.count([1]) > 2
    assert contexts[2]["approximateInvokeCount"] == 1
    assert not [document for document in by_number.values() if "responseContext" in document]


def test_a_throttle_is_waited_out_and_uses_up_no_retries(aws: LocalAws) -> None:
    make_stream(aws, "throttled")
    make_reader(aws, "throttled")
    functions = aws.client("lambda")
    functions.put_function_concurrency(FunctionName="throttled", ReservedConcurrentExecutions=0)
    put(aws, "throttled", (1, False))
    mapping = map_stream(aws, "throttled", MaximumRetryAttempts=0)
    assert eventually(lambda: throttles(aws, "throttled"), enough=lambda count: count > 2) > 2
    functions.delete_function_concurrency(FunctionName="throttled")
    assert eventually(lambda: batches(aws, "throttled")) == [[1]]
    assert given_up(aws, mapping) == {}


def throttles(aws: LocalAws, function: str) -> float:
    """Return how often the function was wanted and not run, by the metric."""
    found = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Throttles",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime="2000-01-01T00:00:00Z",
        EndTime="2100-01-01T00:00:00Z",
        Period=86400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_what_is_given_up_without_destination_is_lost_and_said_to_be(aws: LocalAws) -> None:
    make_stream(aws, "undirected")
    make_reader(aws, "undirected")
    put(aws, "undirected", (1, True), (2, False))
    map_stream(aws, "undirected", DestinationConfig={}, MaximumRetryAttempts=0)
    assert eventually(
        lambda: [
            line
            for line in aws.log.read_text().splitlines()
            if "LOST 2 records" in line and "stream/undirected" in line
        ]
    )


def test_a_role_that_may_read_no_more_holds_the_records_up(aws: LocalAws) -> None:
    make_stream(aws, "forbidden")
    make_reader(aws, "forbidden")
    mapping = map_stream(aws, "forbidden")
    iam = aws.client("iam")
    policy = iam.get_role_policy(RoleName="forbidden-reading", PolicyName="policy")["PolicyDocument"]
    iam.delete_role_policy(RoleName="forbidden-reading", PolicyName="policy")
    put(aws, "forbidden", (1, False))

    def result() -> str:
        answer = aws.client("lambda").get_event_source_mapping(UUID=mapping)
        return str(answer["LastProcessingResult"])

    assert eventually(result, enough=lambda seen: "PROBLEM" in seen).startswith("PROBLEM")
    iam.put_role_policy(RoleName="forbidden-reading", PolicyName="policy", PolicyDocument=json.dumps(policy))
    assert eventually(lambda: batches(aws, "forbidden")) == [[1]]
    assert eventually(result, enough=lambda seen: seen == "OK") == "OK"


def test_a_mapping_that_is_switched_off_goes_on_where_it_was(aws: LocalAws) -> None:
    make_stream(aws, "switched")
    make_reader(aws, "switched")
    mapping = map_stream(aws, "switched")
    put(aws, "switched", (1, False))
    assert eventually(lambda: batches(aws, "switched")) == [[1]]
    functions = aws.client("lambda")
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    put(aws, "switched", (2, False))
    make_stream(aws, "meanwhile")
    make_reader(aws, "meanwhile")
    map_stream(aws, "meanwhile")
    put(aws, "meanwhile", (1, False))
    assert eventually(lambda: batches(aws, "meanwhile")) == [[1]]
    assert batches(aws, "switched") == [[1]]
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    assert eventually(lambda: batches(aws, "switched"), enough=lambda seen: len(seen) == 2) == [[1], [2]]


def test_a_mapping_has_awss_defaults(aws: LocalAws) -> None:
    make_stream(aws, "defaults")
    make_reader(aws, "defaults")
    uuid = map_stream(aws, "defaults", DestinationConfig={"OnFailure": {}})
    mapping = aws.client("lambda").get_event_source_mapping(UUID=uuid)
    expected = {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "FunctionResponseTypes": [],
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "TRIM_HORIZON",
        "State": "Enabled",
    }
    assert {name: mapping.get(name) for name in expected} == expected


def without(*actions: str) -> Json:
    allowed = [action for action in READS_STREAMS["Action"] if action not in actions]
    return {**READS_STREAMS, "Action": allowed}


READ_REFUSED = (
    "Cannot access stream arn:aws:kinesis:eu-west-3:000000000000:stream/guarded. Please ensure the role can "
    "perform the GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your "
    "stream in IAM."
)


@pytest.mark.parametrize(
    ("statements", "options", "message"),
    [
        ([without("kinesis:GetRecords"), *s3_rights("failures")], {}, READ_REFUSED),
        ([without("kinesis:GetShardIterator"), *s3_rights("failures")], {}, READ_REFUSED),
        ([without("kinesis:DescribeStream"), *s3_rights("failures")], {}, READ_REFUSED),
        ([without("kinesis:DescribeStreamSummary"), *s3_rights("failures")], {}, READ_REFUSED),
        ([without("kinesis:ListShards"), *s3_rights("failures")], {}, READ_REFUSED),
        ([{**READS_STREAMS, "Resource": stream_arn("other")}], {}, READ_REFUSED),
        ([READS_STREAMS], {}, "does not have permissions to call PutObject on S3"),
        ([READS_STREAMS, s3_rights("failures")[0]], {}, "does not have permissions to call ListBucket on S3"),
        ([READS_STREAMS], {"DestinationConfig": {}}, None),
        (
            [READS_STREAMS],
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-3:000000000000:q"}}},
            "does not simulate arn:aws:sqs",
        ),
        (
            [READS_STREAMS],
            {"EventSourceArn": stream_arn("nowhere")},
            f"Stream not found: {stream_arn('nowhere')}",
        ),
        ([READS_STREAMS], {"StartingPosition": "AT_TIMESTAMP"}, "does not simulate the starting position"),
        ([READS_STREAMS], {"MaximumRecordAgeInSeconds": 59}, "-1 or between 60 and 604800"),
    ],
)
def test_a_mapping_is_refused_unless_its_role_may_read_and_store(
    aws: LocalAws,
    statements: list[Json],
    options: Json,
    message: str | None,
    request: pytest.FixtureRequest,
) -> None:
    name = f"guarded-{next(iter(request.node.callspec.indices.values()))}"
    if "guarded" not in aws.client("kinesis").list_streams()["StreamNames"]:
        make_stream(aws, "guarded")
    role = make_role(aws, f"{name}-reading", *statements)
    make_function(aws, name, {"app.py": APP}, Role=role)

    def create() -> None:
        map_stream(aws, name, **{"EventSourceArn": stream_arn("guarded"), **options})

    if message is None:
        create()
        return
    with pytest.raises(aws.client("lambda").exceptions.InvalidParameterValueException) as error:
        create()
    assert message in error.value.response["Error"]["Message"]


def test_a_second_mapping_of_stream_and_function_is_refused(aws: LocalAws) -> None:
    make_stream(aws, "twice")
    make_reader(aws, "twice")
    uuid = map_stream(aws, "twice")
    with pytest.raises(aws.client("lambda").exceptions.ResourceConflictException, match=uuid):
        map_stream(aws, "twice")


def test_an_update_is_checked_too(aws: LocalAws) -> None:
    make_stream(aws, "updated")
    make_reader(aws, "updated")
    uuid = map_stream(aws, "updated")
    functions = aws.client("lambda")
    functions.update_event_source_mapping(UUID=uuid, BatchSize=7)
    assert functions.get_event_source_mapping(UUID=uuid)["BatchSize"] == 7
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::other"}}
    with pytest.raises(functions.exceptions.InvalidParameterValueException, match="call PutObject on S3"):
        functions.update_event_source_mapping(UUID=uuid, DestinationConfig=destination)
