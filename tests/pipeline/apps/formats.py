"""Three forwarders on one log group: each line format, and each way to keep the key."""

from aws_cdk import App, CfnParameter, Stack, Tags
from aws_cdk.aws_logs import FilterPattern, LogGroup, RetentionDays
from aws_cdk.aws_secretsmanager import Secret
from aws_cdk.aws_ssm import StringParameter

from mezmo_forwarder import IngestionKey, LineFormat, LogGroupTags, MezmoDestination, MezmoLogForwarder

app = App()
stack = Stack(app, "Formats")
url = app.node.get_context("mezmo-url")
group = LogGroup(stack, "Group", log_group_name="/app/formats", retention=RetentionDays.ONE_DAY)
Tags.of(group).add("team", "shop")
secret = Secret.from_secret_complete_arn(stack, "Secret", app.node.get_context("secret-arn"))
parameter = StringParameter.from_secure_string_parameter_attributes(
    stack, "Parameter", parameter_name="/mezmo/ingestion-key"
)
# Known only at deployment, and with what would break a JSON document that is put together carelessly.
tag = CfnParameter(stack, "Tag", default='a "quoted" \\ tag').value_as_string

MezmoLogForwarder(
    stack,
    "Standard",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=url),
    mezmo_tags=["eu", tag],
    log_group_tags=[LogGroupTags.as_tags("team"), LogGroupTags.all_as_meta()],
    hostname=app.node.try_get_context("hostname"),
    function_name="standard",
).subscribe(group)
MezmoLogForwarder(
    stack,
    "Envelope",
    ingestion_key=IngestionKey.from_ssm_parameter(parameter),
    destination=MezmoDestination.log_analysis(url=url),
    line_format=LineFormat.MEZMO_LAMBDA,
    hostname="envelope",
).subscribe(group)
MezmoLogForwarder(
    stack,
    "Raw",
    ingestion_key=IngestionKey.from_dynamic_reference(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.pipeline("route", url=url),
    line_format=LineFormat.MEZMO_LAMBDA_RAW,
).subscribe(group, filter_pattern=FilterPattern.any_term("ERROR"), filter_name="errors")
app.synth()
