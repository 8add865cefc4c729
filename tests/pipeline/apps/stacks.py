"""Applications' stacks with log groups, and the forwarder's stack, which subscribes what context says.

`groups` names the applications' groups as `id` or `id=name`, `subscribed` the ids subscribed, or `*`.
"""

from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder

app = App()
application = Stack(app, "Application")
groups = {}
for described in app.node.get_context("groups").split():
    group_id, _, name = described.partition("=")
    groups[group_id] = LogGroup(
        application, group_id, log_group_name=name or None, removal_policy=RemovalPolicy.DESTROY
    )
logs = Stack(app, "Logs")
forwarder = MezmoLogForwarder(
    logs,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(
        Secret.from_secret_name_v2(logs, "Secret", "stacks-key"), field="LOGDNA_KEY"
    ),
    destination=MezmoDestination.log_analysis(url=app.node.get_context("mezmo-url")),
)
subscribed = app.node.get_context("subscribed")
if subscribed == "*":
    forwarder.subscribe_all(app)
else:
    for group_id in subscribed.split():
        forwarder.subscribe(groups[group_id])
app.synth()
