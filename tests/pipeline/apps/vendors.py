"""The same small Node function under the variable names of three vendors' codes."""

from pathlib import Path

from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk.aws_lambda import Code
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import (
    IngestionKey,
    LineFormat,
    MezmoDestination,
    MezmoLogForwarder,
    VendorCode,
    VendorVariables,
)

OTHER = VendorVariables(
    key="OTHER_API_KEY", url="OTHER_URL", hostname="OTHER_HOST", tags="OTHER_TAGS", raw_event="OTHER_RAW"
)
VENDORS = {
    "logdna": (
        VendorCode.logdna_cloudwatch,
        "LOGDNA_KEY LOGDNA_URL LOGDNA_HOSTNAME LOGDNA_TAGS LOG_RAW_EVENT",
    ),
    "mezmo": (VendorCode.mezmo_cloudwatch, "INGESTION_KEY INGESTION_URL HOSTNAME TAGS LOG_RAW_EVENT"),
    "other": (
        lambda code: VendorCode.of(code, variables=OTHER),
        "OTHER_API_KEY OTHER_URL OTHER_HOST OTHER_TAGS OTHER_RAW",
    ),
}

app = App()
stack = Stack(app, "Vendors")
group = LogGroup(stack, "Group", log_group_name="/app/vendors", removal_policy=RemovalPolicy.DESTROY)
secret = Secret.from_secret_name_v2(stack, "Secret", "vendors-key")
for vendor, (code, variables) in VENDORS.items():
    MezmoLogForwarder(
        stack,
        vendor,
        ingestion_key=IngestionKey.from_dynamic_reference(secret, field="LOGDNA_KEY"),
        destination=MezmoDestination.log_analysis(url=app.node.get_context("mezmo-url")),
        code=code(Code.from_asset(str(Path(__file__).parent / "vendor"))),
        hostname=vendor,
        mezmo_tags=["eu", vendor],
        line_format=LineFormat.MEZMO_LAMBDA_RAW,
        environment={"VARIABLES": variables, "NODE_EXTRA_CA_CERTS": app.node.get_context("ca-file")},
    ).subscribe(group)
app.synth()
