"""A forwarder for the doctor to look at: two log groups, a store, a re-drive."""

from aws_cdk import App, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, LogGroupTags, MezmoDestination, MezmoLogForwarder

app = App()
groups = Stack(app, "Patients")
stack = Stack(app, "Doctor")
secret = Secret.from_secret_name_v2(stack, "Secret", "doctor-key")
forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.get_context("mezmo-url")),
    timeout=Duration.seconds(10),
    log_group_tags=[LogGroupTags.as_tags("team")],
)
forwarder.subscribe(LogGroup.from_log_group_name(stack, "Named", "/doctor/named"))
# Known to the stack by a weak reference only.
forwarder.subscribe(LogGroup(groups, "Made", removal_policy=RemovalPolicy.DESTROY))
CfnOutput(stack, "FunctionName", value=forwarder.function.function_name)
app.synth()
