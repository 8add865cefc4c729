"""Step 2, and what stays: the forwarder, and the tutorial's filter, which has kept its id and its name."""

from aws_cdk import App, Stack
from aws_cdk.aws_logs import FilterPattern, LogGroup, SubscriptionFilter
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder

app = App()
stack = Stack(app, "MezmoLogs")
secret = Secret.from_secret_complete_arn(
    stack,
    "MezmoIngestionKey",
    app.node.try_get_context("secret-arn")
    or "arn:aws:secretsmanager:eu-west-3:123456789012:secret:MezmoIngestionKey-a1b2c3",
)
forwarder = MezmoLogForwarder(
    stack, "MezmoLogForwarder", ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY")
)
SubscriptionFilter(
    stack,
    "Subscription",
    log_group=LogGroup.from_log_group_name(stack, "App", "/aws/ecs/MyApplicationLogGroup"),
    destination=forwarder,
    filter_pattern=FilterPattern.all_events(),
)
app.synth()
