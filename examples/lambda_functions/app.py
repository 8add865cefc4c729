"""All functions of an app forwarded at once, by an aspect; one left out, one with settings of its own."""

from aws_cdk import App, RemovalPolicy, Stack, Tags
from aws_cdk.aws_iam import Role, ServicePrincipal
from aws_cdk.aws_lambda import Architecture, Code, Function, LoggingFormat, Runtime
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, LineFilter, LogGroupMatch, MezmoLogForwarder

CODE = """
import logging
def handle(event, context):
    logging.getLogger().warning("%s: stock is low", context.function_name)
"""


def function(scope: Stack, name: str) -> Function:
    """Make a function as you have many, with a log group and a role of its own."""
    log_group = LogGroup(
        scope,
        f"{name}Logs",
        log_group_name=f"/aws/lambda/shop-{name.lower()}",
        retention=RetentionDays.ONE_WEEK,
        removal_policy=RemovalPolicy.DESTROY,
    )
    role = Role(scope, f"{name}Role", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    return Function(
        scope,
        name,
        function_name=f"shop-{name.lower()}",
        runtime=Runtime.PYTHON_3_14,
        architecture=Architecture.ARM_64,
        handler="index.handle",
        code=Code.from_inline(CODE),
        role=role,
        log_group=log_group,
        logging_format=LoggingFormat.JSON,
    )


app = App()
shop = Stack(app, "Shop")
basket = function(shop, "Basket")
checkout = function(shop, "Checkout")
payroll = function(Stack(app, "Office"), "Payroll")
Tags.of(payroll).add("logs", "private")

mezmo = Stack(app, "FunctionLogs")
secret = Secret.from_secret_name_v2(mezmo, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    mezmo, "MezmoLogForwarder", ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY")
)
# Whatever makes a log group in the app, whenever it is made; the forwarder's own are left out by themselves.
forwarder.subscribe_all(
    app,
    include_log_groups=[LogGroupMatch.name("/aws/lambda/*")],
    exclude_log_groups=[LogGroupMatch.path("Office")],
    exclude=[LineFilter.lambda_platform()],  # START, END, REPORT
)
# What is subscribed by itself keeps that, with its options.
forwarder.subscribe(checkout.log_group, app="checkout", mezmo_tags=["money"])
app.synth()
