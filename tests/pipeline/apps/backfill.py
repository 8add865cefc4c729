"""A forwarder with a subscription of its own kind to a log group that has a past."""

from aws_cdk import App, CfnOutput, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder, Redaction

app = App()
stack = Stack(app, "Backfill")
secret = Secret.from_secret_name_v2(stack, "Secret", "backfill-key")
forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.get_context("mezmo-url")),
)
forwarder.subscribe(
    LogGroup.from_log_group_name(stack, "Group", "/aws/lambda/past"),
    app="own",
    redact=[Redaction.pattern("order", r"order \d+")],
)
CfnOutput(stack, "Function", value=forwarder.function.function_name)
app.synth()
