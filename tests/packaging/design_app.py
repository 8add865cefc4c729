"""The app of the design, as users were promised it."""

from aws_cdk import App, Duration, Environment, Stack
from aws_cdk.aws_logs import FilterPattern, LogGroup
from aws_cdk.aws_secretsmanager import Secret
from aws_cdk.aws_ssm import StringParameter

from mezmo_forwarder import IngestionKey, LineFormat, MezmoDestination, MezmoLogForwarder

app = App()
stack = Stack(app, "Logs", env=Environment(account="123456789012", region="eu-west-3"))
log_group = LogGroup(stack, "Group")
secret = Secret.from_secret_complete_arn(
    stack,
    "MezmoIngestionKey",
    "arn:aws:secretsmanager:eu-west-3:123456789012:secret:MezmoIngestionKey-a1b2c3",
)
parameter = StringParameter.from_secure_string_parameter_attributes(
    stack, "Parameter", parameter_name="/mezmo/ingestion-key"
)

forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
)
forwarder.subscribe(log_group)
forwarder.subscribe(
    LogGroup.from_log_group_name(stack, "App", "/aws/ecs/MyApplicationLogGroup"),
    filter_pattern=FilterPattern.any_term("ERROR"),
)

MezmoLogForwarder(
    stack,
    "Audit",
    ingestion_key=IngestionKey.from_ssm_parameter(parameter),
    destination=MezmoDestination.pipeline("route-id"),
    line_format=LineFormat.MEZMO_LAMBDA_RAW,
    hostname="audit",
    app="audit",
    mezmo_env="prod",
    mezmo_tags=["eu"],
    memory_size=256,
    timeout=Duration.seconds(60),
)

app.synth()
