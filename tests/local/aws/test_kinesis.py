"""The local AWS reads Kinesis streams for functions as Lambda does."""

import base64
import json
import re

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import (
    READS_STREAMS,
    WRITES_LOGS,
    eventually,
    log_lines,
    make_bucket,
    make_function,
    make_role,
)
from tests.local.aws.stream_readers import (
    LAST,
    batches,
    events,
    given_up,
    good,
    make_reader,
    make_stream,
    map_stream,
    numbers,
    payload_numbers,
    put,
)


@pytest.fixture(scope="module")
def aws(aws: LocalAws) -> LocalAws:
    make_bucket(aws, "failures")
    return aws


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
