"""A forwarder for those who ask: a key of your own, a VPC, endpoints, a bounded number of invocations."""

from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder, Redaction

app = App()
stack = Stack(app, "MezmoLogsLockedDown")
vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)  # NAT is the way to Mezmo, and to nothing of AWS
vpc.add_flow_log("FlowLog")
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    encryption_key=kms.Key(stack, "Key", enable_key_rotation=True),
    vpc=vpc,
    redact=Redaction.all(),
    reserved_concurrent_executions=10,
)
forwarder.add_vpc_endpoints()
forwarder.subscribe(LogGroup.from_log_group_name(stack, "Orders", "/aws/lambda/orders"))
app.synth()
