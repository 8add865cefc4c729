from aws_cdk import App, CfnOutput, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder

app = App()
stack = Stack(app, "MezmoLogs")
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.try_get_context("mezmo-url")),
)
for name in ["/aws/ecs/MyApplicationLogGroup", "/aws/lambda/orders"]:
    forwarder.subscribe(LogGroup.from_log_group_name(stack, name, name))
CfnOutput(stack, "FunctionName", value=forwarder.function.function_name)
app.synth()
