from aws_cdk import App, CfnOutput, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder

app = App()
stack = Stack(app, "MezmoAccountLogs")
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.try_get_context("mezmo-url")),
    memory_size=256,
)
forwarder.subscribe_account(
    mezmo_tags=["account"],
    exclude_log_groups=[LogGroup.from_log_group_name(stack, "FlowLogs", "/vpc/flow-logs")],
    exclude_log_group_prefixes=["/aws/codebuild/"],
)
forwarder.subscribe(
    LogGroup.from_log_group_name(stack, "Orders", "/aws/lambda/orders"), app="orders", mezmo_tags=["shop"]
)
CfnOutput(stack, "FunctionName", value=forwarder.function.function_name)
app.synth()
