from aws_cdk import App, Environment, Stack
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import (
    IngestionKey,
    MezmoDestination,
    MezmoLogForwarder,
    MezmoLogReceiver,
    MezmoLogSender,
)

RECEIVING = Environment(account="111111111111", region="eu-west-3")
SENDING = Environment(account="222222222222", region="eu-west-3")

app = App()
receiving = Stack(app, "MezmoReceiving", env=RECEIVING)
secret = Secret.from_secret_name_v2(receiving, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    receiving,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.try_get_context("mezmo-url")),
)
receiver = MezmoLogReceiver(
    receiving,
    "MezmoLogReceiver",
    forwarder=forwarder,
    accounts=["222222222222"],  # or organization_id="o-a1b2c3d4e5", and organization=True below
    destination_name="mezmo",
)

sending = Stack(app, "MezmoSending", env=SENDING)
sender = MezmoLogSender(sending, "MezmoLogSender", destination_arn=receiver.destination_arn)
for name in ["/aws/ecs/MyApplicationLogGroup", "/aws/lambda/orders"]:
    sender.subscribe(LogGroup.from_log_group_name(sending, name, name))
# or all of them: sender.subscribe_account()
app.synth()
