"""A forwarder in a VPC without a way to the internet: AWS by endpoints, Mezmo by a proxy."""

from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder

app = App()
stack = Stack(app, "MezmoLogsPrivate")
# Yours is looked up: ec2.Vpc.from_lookup(stack, "Vpc", vpc_name="...")
vpc = ec2.Vpc(
    stack,
    "Vpc",
    max_azs=2,
    nat_gateways=0,
    subnet_configuration=[
        ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    ],
)
Validations.of(vpc).acknowledge(
    Acknowledgment(id="AwsSolutions-VPC7", reason="a VPC for trying; yours has its flow logs")
)
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    vpc=vpc,
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    environment={
        "HTTPS_PROXY": app.node.try_get_context("proxy") or "http://proxy.example.internal:3128",
    },
)
forwarder.add_vpc_endpoints()  # Secrets Manager's and S3's, for these functions alone, past the proxy
forwarder.subscribe(LogGroup.from_log_group_name(stack, "Orders", "/aws/lambda/orders"))
app.synth()
