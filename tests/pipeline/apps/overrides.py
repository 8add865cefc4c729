"""A forwarder with more subscriptions of their own kind than Lambda's environment holds."""

from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder

app = App()
stack = Stack(app, "Overrides")
secret = Secret.from_secret_name_v2(stack, "Secret", "overrides-key")
forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.get_context("mezmo-url")),
    mezmo_tags=["all"],
)
for number in range(int(app.node.get_context("count"))):
    group = LogGroup(
        stack, f"{number}", log_group_name=f"/own/{number}", removal_policy=RemovalPolicy.DESTROY
    )
    forwarder.subscribe(
        group, app=f"app {number} of a name that takes its place", mezmo_tags=[f"tag {number}"]
    )
forwarder.subscribe(
    LogGroup(stack, "General", log_group_name="/own/general", removal_policy=RemovalPolicy.DESTROY)
)
app.synth()
