"""A Fargate service whose log group is forwarded."""

from aws_cdk import Acknowledgment, App, RemovalPolicy, Stack, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder

SAYS = """
while true; do echo '{"severity":"INFO","message":"order paid"}'; echo 'WARN stock is low'; sleep 10; done
"""

app = App()
shop = Stack(app, "Shop")
# Public subnets and no NAT gateway: the task pulls its image and writes its logs by an address of its own.
vpc = ec2.Vpc(
    shop,
    "Vpc",
    max_azs=2,
    nat_gateways=0,
    subnet_configuration=[ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)],
)
Validations.of(vpc).acknowledge(
    Acknowledgment(id="AwsSolutions-VPC7", reason="flow logs cost more than all else here")
)
cluster = ecs.Cluster(shop, "Cluster", vpc=vpc)
Validations.of(cluster).acknowledge(
    Acknowledgment(id="AwsSolutions-ECS4", reason="Container Insights costs by the metric")
)

log_group = LogGroup(
    shop,
    "Logs",
    log_group_name="/ecs/shop",  # the hostname in Mezmo: shop
    retention=RetentionDays.ONE_WEEK,
    removal_policy=RemovalPolicy.DESTROY,
)
task = ecs.FargateTaskDefinition(
    shop,
    "Task",
    cpu=256,
    memory_limit_mib=512,
    runtime_platform=ecs.RuntimePlatform(cpu_architecture=ecs.CpuArchitecture.ARM64),
)
task.add_container(
    "web",  # the app in Mezmo
    image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/busybox:1.37"),
    command=["sh", "-c", SAYS],
    logging=ecs.LogDriver.aws_logs(
        log_group=log_group,
        stream_prefix="checkout",  # the service: meta.service
        mode=ecs.AwsLogDriverMode.NON_BLOCKING,  # an application that waits for no log
    ),
)
ecs.FargateService(
    shop,
    "Service",
    cluster=cluster,
    task_definition=task,
    desired_count=1,
    min_healthy_percent=100,
    circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True),
    assign_public_ip=True,
)

mezmo = Stack(app, "ShopLogs")  # of its own, so that it comes and goes without the shop
secret = Secret.from_secret_name_v2(mezmo, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    mezmo, "MezmoLogForwarder", ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY")
)
forwarder.subscribe(log_group, mezmo_tags=["ecs", "{service}"])
app.synth()
