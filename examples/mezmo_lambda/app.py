"""Mezmo's own zip as the function's code; and what it is left for, step by step, in place."""

from pathlib import Path
from typing import Any

from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk.aws_lambda import Code
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, LineFormat, MezmoLogForwarder, VendorCode

app = App()
stack = Stack(app, "MezmoLogs")
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
key = IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY")
STEPS: dict[str, dict[str, Any]] = {
    # Mezmo's code knows its key from a variable only.
    "vendor": {
        "ingestion_key": IngestionKey.from_dynamic_reference(secret, field="LOGDNA_KEY"),
        "code": VendorCode.mezmo_cloudwatch(Code.from_asset(str(Path(__file__).parent / "mezmo-cloudwatch"))),
    },
    "same-lines": {"ingestion_key": key, "line_format": LineFormat.MEZMO_LAMBDA},
    "ours": {"ingestion_key": key},
}
step = app.node.try_get_context("step") or "vendor"
forwarder = MezmoLogForwarder(stack, "MezmoLogForwarder", **STEPS[step])
for name in ["/aws/ecs/MyApplicationLogGroup", "/aws/lambda/orders"]:
    forwarder.subscribe(LogGroup.from_log_group_name(stack, name, name))
if step == "vendor":
    Validations.of(forwarder.function).acknowledge(
        Acknowledgment(id="AwsSolutions-L1", reason="Mezmo names Node.js 20; 22 is near it")
    )
app.synth()
