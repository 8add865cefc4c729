"""A forwarder that is watched: its alarms by mail, and a dashboard."""

from aws_cdk import App, Stack
from aws_cdk import aws_kms as kms
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_iam import ServicePrincipal
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret
from aws_cdk.aws_sns import Topic
from aws_cdk.aws_sns_subscriptions import EmailSubscription

from mezmo_forwarder import AlarmOptions, IngestionKey, MezmoLogForwarder

app = App()
stack = Stack(app, "MezmoLogsWatched")
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack, "MezmoLogForwarder", ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY")
)
forwarder.subscribe(LogGroup.from_log_group_name(stack, "Orders", "/aws/lambda/orders"))

# A key of your own, since CloudWatch may not use SNS's: an alarm would reach nobody, and nothing say so.
key = kms.Key(stack, "Key", enable_key_rotation=True)
topic = Topic(stack, "Alarms", display_name="Logs to Mezmo", master_key=key, enforce_ssl=True)
cloudwatch = ServicePrincipal("cloudwatch.amazonaws.com")
topic.grant_publish(cloudwatch)
if mail := app.node.try_get_context("mail"):
    topic.add_subscription(EmailSubscription(mail))

action = SnsAction(topic)
forwarder.add_alarms(
    actions=[action],
    ok_actions=[action],
    errors=AlarmOptions(threshold=5),  # one that is changed
    throttles=AlarmOptions(enabled=False),  # one that is not wanted
    store_not_empty=AlarmOptions(actions=[]),  # one that shows on the dashboard, and mails nobody
)
forwarder.add_dashboard(dashboard_name="logs-to-mezmo")
app.synth()
