"""Step 1: the filter delivers to the forwarder; the tutorial's function works off what it has been given."""

from aws_cdk import App, Duration, Stack
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_lambda import Code, Function, Runtime
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
function = Function(
    stack,
    "LogForwarder",
    runtime=Runtime.NODEJS_22_X,
    handler="index.handler",
    code=Code.from_asset("logdna-cloudwatch"),
    timeout=Duration.seconds(30),
    environment={"LOGDNA_KEY": secret.secret_value_from_json("LOGDNA_KEY").unsafe_unwrap()},
)
function.add_to_role_policy(
    PolicyStatement(actions=["logs:Describe*", "logs:Get*", "logs:FilterLogEvents"], resources=["*"])
)
function.grant_invoke(ServicePrincipal("logs.amazonaws.com"))  # its permission goes with its filter
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
