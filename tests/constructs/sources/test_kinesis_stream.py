"""Kinesis data streams as a source."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder, UndeliveredStore, VendorCode
from tests.constructs.synthesized import only, resources, statements, warnings

Make = Callable[..., MezmoLogForwarder]

MAPPING = "AWS::Lambda::EventSourceMapping"
HERE = Environment(account="123456789012", region="eu-west-3")
ARN = "arn:aws:kinesis:eu-west-3:123456789012:stream/logs"
FUNCTION = {"Ref": "MezmoLogForwarderFunctionCC3FBC19"}
BUCKET = {"Fn::GetAtt": ["MezmoLogForwarderUndeliveredBucketEAB6BBEB", "Arn"]}


@pytest.fixture
def stream(stack: Stack) -> kinesis.IStream:
    return kinesis.Stream.from_stream_arn(stack, "Stream", ARN)


def test_by_default(stack: Stack, make_forwarder: Make, stream: kinesis.IStream) -> None:
    made = make_forwarder().add_kinesis_stream(stream)

    assert isinstance(made, lambda_.EventSourceMapping)
    assert only(stack, MAPPING) == {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Destination": BUCKET}},
        "EventSourceArn": ARN,
        "FunctionName": FUNCTION,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumBatchingWindowInSeconds": 5,
        "MaximumRecordAgeInSeconds": 21600,
        "ParallelizationFactor": 1,
        "StartingPosition": "TRIM_HORIZON",
    }


def test_everything_can_be_set(stack: Stack, make_forwarder: Make, stream: kinesis.IStream) -> None:
    make_forwarder().add_kinesis_stream(
        stream,
        batch_size=10000,
        max_batching_window=Duration.seconds(0),
        parallelization_factor=10,
        starting_position=lambda_.StartingPosition.LATEST,
        max_record_age=Duration.days(7),
        retry_attempts=3,
    )

    mapping = only(stack, MAPPING)
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (10000, 0)
    assert (mapping["ParallelizationFactor"], mapping["StartingPosition"]) == (10, "LATEST")
    assert (mapping["MaximumRecordAgeInSeconds"], mapping["MaximumRetryAttempts"]) == (604800, 3)


def test_tokens_pass_untouched(stack: Stack, make_forwarder: Make, stream: kinesis.IStream) -> None:
    def number(name: str) -> Any:
        return CfnParameter(stack, name, type="Number").value_as_number

    make_forwarder().add_kinesis_stream(
        stream,
        batch_size=number("Size"),
        parallelization_factor=number("Factor"),
        retry_attempts=number("Retries"),
    )

    mapping = only(stack, MAPPING)
    assert mapping["BatchSize"] == {"Ref": "Size"}
    assert mapping["ParallelizationFactor"] == {"Ref": "Factor"}
    assert mapping["MaximumRetryAttempts"] == {"Ref": "Retries"}


def test_mapping_waits_for_the_policy(stack: Stack, make_forwarder: Make, stream: kinesis.IStream) -> None:
    make_forwarder().add_kinesis_stream(stream)

    (mapping,) = resources(stack, MAPPING).values()
    (policy_id,) = resources(stack, "AWS::IAM::Policy")
    assert policy_id in mapping["DependsOn"]


def test_without_a_store(stack: Stack, make_forwarder: Make, stream: kinesis.IStream) -> None:
    make_forwarder(undelivered_store=UndeliveredStore.none()).add_kinesis_stream(stream)

    assert "DestinationConfig" not in only(stack, MAPPING)


def test_role_that_may_not_be_changed(stack: Stack, make_forwarder: Make, stream: kinesis.IStream) -> None:
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/Forwarder", mutable=False)
    make_forwarder(role=role).add_kinesis_stream(stream)

    assert "kinesis:GetRecords" in warnings(stack)
    assert ARN in warnings(stack)


def test_two_streams(stack: Stack, make_forwarder: Make, stream: kinesis.IStream) -> None:
    forwarder = make_forwarder()
    forwarder.add_kinesis_stream(stream)
    forwarder.add_kinesis_stream(kinesis.Stream(stack, "Another"))

    assert len(resources(stack, MAPPING)) == 2


def test_ids_stay_when_calls_are_reordered() -> None:
    def ids(*names: str) -> set[str]:
        stack = Stack(App(), "Logs", env=HERE)
        streams = {name: kinesis.Stream(stack, name) for name in sorted(names)}
        key = IngestionKey.from_secrets_manager(Secret.from_secret_name_v2(stack, "Secret", "key"))
        forwarder = MezmoLogForwarder(stack, "Forwarder", ingestion_key=key)
        for name in names:
            forwarder.add_kinesis_stream(streams[name])
        return set(resources(stack, MAPPING))

    assert ids("A", "B") == ids("B", "A")
    assert ids("A") < ids("A", "B")


@pytest.mark.parametrize("again", ["the same", "imported", "named"])
def test_one_stream_twice_is_refused(
    stack: Stack, make_forwarder: Make, stream: kinesis.IStream, again: str
) -> None:
    forwarder = make_forwarder()
    forwarder.add_kinesis_stream(stream)
    if again == "imported":
        stream = kinesis.Stream.from_stream_arn(stack, "Again", ARN)
    elif again == "named":
        stream = kinesis.Stream(stack, "Again", stream_name="logs")

    with pytest.raises(RuntimeError, match='stream "123456789012:logs" is already added.*arrive twice'):
        forwarder.add_kinesis_stream(stream)


def test_one_name_in_two_accounts_is_two_streams(
    stack: Stack, make_forwarder: Make, stream: kinesis.IStream
) -> None:
    forwarder = make_forwarder()
    forwarder.add_kinesis_stream(stream)
    theirs = ARN.replace("123456789012", "999999999999")
    forwarder.add_kinesis_stream(kinesis.Stream.from_stream_arn(stack, "Theirs", theirs))

    assert len(resources(stack, MAPPING)) == 2


def test_another_stacks_stream_makes_no_export(app: App, stack: Stack, make_forwarder: Make) -> None:
    theirs = Stack(app, "Streams", env=HERE)
    stream = kinesis.Stream(theirs, "Stream", encryption_key=kms.Key(theirs, "Key"))
    make_forwarder().add_kinesis_stream(stream)

    assembly = app.synth()
    assert "Export" not in str(assembly.get_stack_by_name("Streams").template)
    assert "ImportValue" not in str(assembly.get_stack_by_name("Logs").template)
    assert "Streams" in [found.id for found in assembly.get_stack_artifact("Logs").dependencies]
    assert "Fn::GetStackOutput" in str(only(stack, MAPPING)["EventSourceArn"])
    assert "Fn::GetStackOutput" in str(statements(stack, "kinesis"))
    assert "Fn::GetStackOutput" in str(statements(stack, "kms"))


def test_stream_of_another_stacks_nested_stack_is_refused(app: App, make_forwarder: Make) -> None:
    nested = NestedStack(Stack(app, "Streams", env=HERE), "Nested")

    with pytest.raises(RuntimeError, match="is in a nested stack.*look the stream up"):
        make_forwarder().add_kinesis_stream(kinesis.Stream(nested, "Stream"))


def test_stream_of_another_region_is_refused(stack: Stack, make_forwarder: Make) -> None:
    far = kinesis.Stream.from_stream_arn(stack, "Far", ARN.replace("eu-west-3", "us-east-1"))

    with pytest.raises(RuntimeError, match='of region "us-east-1" and the forwarder of "eu-west-3"'):
        make_forwarder().add_kinesis_stream(far)


def test_with_vendor_code_is_refused(make_forwarder: Make, stream: kinesis.IStream) -> None:
    code = lambda_.Code.from_inline("exports.handler = async () => {}")
    forwarder = make_forwarder(code=VendorCode.mezmo_cloudwatch(code))

    with pytest.raises(RuntimeError, match="addKinesisStream is called with vendor code.*leave the call out"):
        forwarder.add_kinesis_stream(stream)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batchSize is 0; give a whole number from 1 to 10000 records"),
        ({"batch_size": 10001}, "batchSize is 10001"),
        ({"max_batching_window": Duration.minutes(6)}, "maxBatchingWindow is 360; .* from 0 to 300 seconds"),
        ({"max_batching_window": Duration.millis(500)}, r"maxBatchingWindow is 0\.5"),
        ({"parallelization_factor": 11}, "parallelizationFactor is 11; .* from 1 to 10"),
        ({"max_record_age": Duration.seconds(59)}, "maxRecordAge is 59; .* from 60 to 604800 seconds"),
        ({"max_record_age": Duration.days(8)}, "maxRecordAge is 691200"),
        ({"retry_attempts": -1}, "retryAttempts is -1; .* from 0 to 10000"),
        (
            {"starting_position": lambda_.StartingPosition.AT_TIMESTAMP},
            'startingPosition is "AT_TIMESTAMP", which needs a time; give StartingPosition.TRIM_HORIZON',
        ),
    ],
)
def test_refused_at_synthesis(
    make_forwarder: Make, stream: kinesis.IStream, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_forwarder().add_kinesis_stream(stream, **options)
