"""A forwarder with its store, one with vendor code and a store, and a stream as a source."""

from pathlib import Path

from aws_cdk import App, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_kinesis import Stream
from aws_cdk.aws_lambda import Code
from aws_cdk.aws_logs import FilterPattern, LogGroup, SubscriptionFilter
from aws_cdk.aws_logs_destinations import KinesisDestination
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder, VendorCode

app = App()
stack = Stack(app, "Store")
destination = MezmoDestination.log_analysis(url=app.node.get_context("mezmo-url"))
secret = Secret.from_secret_name_v2(stack, "Secret", "store-key")


def group(name: str) -> LogGroup:
    """Make a log group that goes with the stack."""
    return LogGroup(stack, name, log_group_name=f"/store/{name}", removal_policy=RemovalPolicy.DESTROY)


forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=destination,
    timeout=Duration.seconds(10),
    redrive_interval=Duration.minutes(1),
)
forwarder.subscribe(group("direct"))
stream = Stream(stack, "Stream", removal_policy=RemovalPolicy.DESTROY)
SubscriptionFilter(
    stack,
    "ToStream",
    log_group=group("stream"),
    destination=KinesisDestination(stream),
    filter_pattern=FilterPattern.all_events(),
)
forwarder.add_kinesis_stream(stream)
vendor = MezmoLogForwarder(
    stack,
    "Vendor",
    ingestion_key=IngestionKey.from_dynamic_reference(secret, field="LOGDNA_KEY"),
    destination=destination,
    code=VendorCode.logdna_cloudwatch(Code.from_asset(str(Path(__file__).parent / "vendor"))),
    hostname="vendor",
    environment={
        "VARIABLES": "LOGDNA_KEY LOGDNA_URL LOGDNA_HOSTNAME LOGDNA_TAGS LOG_RAW_EVENT",
        "NODE_EXTRA_CA_CERTS": app.node.get_context("ca-file"),
    },
    redrive_interval=Duration.minutes(1),
)
vendor.subscribe(group("vendor"))
for name, made in (("Forwarder", forwarder), ("Vendor", vendor)):
    assert made.undelivered_bucket
    assert made.redrive_function
    CfnOutput(stack, f"{name}Bucket", value=made.undelivered_bucket.bucket_name)
    CfnOutput(stack, f"{name}Function", value=made.function.function_name)
    CfnOutput(stack, f"{name}Redrive", value=made.redrive_function.function_name)
CfnOutput(stack, "StreamName", value=stream.stream_name)
app.synth()
