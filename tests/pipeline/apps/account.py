"""A forwarder for the whole account, with as many log groups subscribed singly as the context says."""

from aws_cdk import App, CfnOutput, RemovalPolicy, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder, UndeliveredStore

app = App()
stack = Stack(app, "Account")
secret = Secret.from_secret_name_v2(stack, "Secret", "account-key")
forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.try_get_context("mezmo-url")),
    undelivered_store=UndeliveredStore.bucket(removal_policy=RemovalPolicy.DESTROY),
)
forwarder.subscribe_account(exclude_log_group_prefixes=["/excluded/"], app="account")
for name in app.node.try_get_context("single").split():
    forwarder.subscribe(LogGroup.from_log_group_name(stack, name, name), app="single")
unnamed = LogGroup(stack, "Unnamed", removal_policy=RemovalPolicy.DESTROY)
forwarder.subscribe(unnamed, app="single")
CfnOutput(stack, "Own", value=forwarder.log_group.log_group_name)
CfnOutput(stack, "UnnamedGroup", value=unnamed.log_group_name)
CfnOutput(stack, "Function", value=forwarder.function.function_name)
app.synth()
