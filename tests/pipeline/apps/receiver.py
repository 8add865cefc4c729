"""A forwarder that another account sends to."""

from aws_cdk import App, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import (
    IngestionKey,
    KinesisStreamOptions,
    MezmoDestination,
    MezmoLogForwarder,
    MezmoLogReceiver,
    UndeliveredStore,
)

app = App()
stack = Stack(app, "Receiving")
secret = Secret.from_secret_name_v2(stack, "Secret", "receiver-key")
forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url=app.node.try_get_context("mezmo-url")),
    undelivered_store=UndeliveredStore.bucket(removal_policy=RemovalPolicy.DESTROY),
)
receiver = MezmoLogReceiver(
    stack,
    "Receiver",
    forwarder=forwarder,
    accounts=["222222222222"],
    organization_id="o-localstack00",
    destination_name="mezmo",
    stream_options=KinesisStreamOptions(max_batching_window=Duration.seconds(0)),
)
CfnOutput(stack, "Destination", value=receiver.destination_arn)
app.synth()
