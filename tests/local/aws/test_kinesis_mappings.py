"""The local AWS makes, refuses and changes mappings of Kinesis streams as Lambda does."""

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import (
    READS_STREAMS,
    Json,
    eventually,
    make_bucket,
    make_function,
    make_role,
    s3_rights,
)
from tests.local.aws.stream_readers import APP, batches, make_reader, make_stream, map_stream, put, stream_arn


@pytest.fixture(scope="module")
def aws(aws: LocalAws) -> LocalAws:
    make_bucket(aws, "failures")
    return aws


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
