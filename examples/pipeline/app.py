"""Lines to a Mezmo Pipeline."""

from aws_cdk import App, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder, OversizeLines

ROUTE_ID = "a1b2c3d4-0000-0000-0000-000000000000"  # the last part of the address that the HTTP source shows

app = App()
stack = Stack(app, "MezmoPipelineLogs")
secret = Secret.from_secret_name_v2(stack, "MezmoPipelineKey", "MezmoPipelineKey")
forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret),  # the whole secret is the source's key
    destination=MezmoDestination.pipeline(ROUTE_ID),
    oversize_lines=OversizeLines.WHOLE,  # 16 KB is a limit of Log Analysis, not of a Pipeline
)
for name in ["/aws/ecs/MyApplicationLogGroup", "/aws/lambda/orders"]:
    forwarder.subscribe(LogGroup.from_log_group_name(stack, name, name))
app.synth()
