"""The app that `tools/real_account.py` deploys: a log group and a forwarder, of which nothing is kept."""

from aws_cdk import App, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder, UndeliveredStore

app = App()
stack_name = app.node.get_context("name")
stack = Stack(app, stack_name)
group = LogGroup(stack, "Logs", removal_policy=RemovalPolicy.DESTROY)
forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    ingestion_key=IngestionKey.from_secrets_manager(Secret.from_secret_name_v2(stack, "Secret", stack_name)),
    destination=MezmoDestination.log_analysis(url=app.node.try_get_context("mezmo-url")),
    undelivered_store=UndeliveredStore.bucket(removal_policy=RemovalPolicy.DESTROY),
    timeout=Duration.seconds(15),
    redrive_interval=Duration.days(1),
)
forwarder.subscribe(group)
assert forwarder.undelivered_bucket
assert forwarder.redrive_function
CfnOutput(stack, "Group", value=group.log_group_name)
CfnOutput(stack, "Bucket", value=forwarder.undelivered_bucket.bucket_name)
CfnOutput(stack, "Function", value=forwarder.function.function_name)
CfnOutput(stack, "Redrive", value=forwarder.redrive_function.function_name)
app.synth()
