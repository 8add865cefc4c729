"""A forwarder with every statement that its roles can have outside a VPC."""

from aws_cdk import App, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_kinesis import Stream
from aws_cdk.aws_kms import Key
from aws_cdk.aws_logs import FilterPattern, LogGroup, SubscriptionFilter
from aws_cdk.aws_logs_destinations import KinesisDestination
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, LogGroupTags, MezmoDestination, MezmoLogForwarder

app = App()
stack = Stack(app, "Privileges")
secret = Secret.from_secret_attributes(
    stack,
    "Secret",
    secret_complete_arn=app.node.get_context("secret"),
    encryption_key=Key.from_key_arn(stack, "SecretKey", app.node.get_context("secret-key")),
)
groups = {
    name: LogGroup(stack, name, log_group_name=f"/privileges/{name}", removal_policy=RemovalPolicy.DESTROY)
    for name in ("direct", "stream")
}
forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.get_context("mezmo-url")),
    encryption_key=Key(stack, "Key", removal_policy=RemovalPolicy.DESTROY),
    timeout=Duration.seconds(10),
    redrive_interval=Duration.days(1),
    log_group_tags=[LogGroupTags.all_as_tags()],
)
forwarder.subscribe(groups["direct"])
stream = Stream(stack, "Stream", removal_policy=RemovalPolicy.DESTROY)
SubscriptionFilter(
    stack,
    "ToStream",
    log_group=groups["stream"],
    destination=KinesisDestination(stream),
    filter_pattern=FilterPattern.all_events(),
)
forwarder.add_kinesis_stream(stream, max_batching_window=Duration.seconds(0))
assert forwarder.undelivered_bucket
assert forwarder.redrive_function
CfnOutput(stack, "Bucket", value=forwarder.undelivered_bucket.bucket_name)
CfnOutput(stack, "Function", value=forwarder.function.function_name)
CfnOutput(stack, "Redrive", value=forwarder.redrive_function.function_name)
app.synth()
