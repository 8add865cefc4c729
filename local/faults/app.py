"""What the fault suite deploys: a forwarder with store, re-drive and schedule, groups, and a Kinesis stream.

Context: `mezmo-url`, `secret-name`; `aws-url`, the proxy before S3 and Secrets Manager; `directory`, where
the functions' prelude finds its control; `groups` and `stream-group`, names of log groups.
"""

from aws_cdk import App, CfnOutput, Duration, RemovalPolicy, Size, Stack
from aws_cdk.aws_iam import Role, ServicePrincipal
from aws_cdk.aws_kinesis import Stream
from aws_cdk.aws_lambda import CfnFunction
from aws_cdk.aws_logs import CfnSubscriptionFilter, LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder

TIMEOUT = 10  # seconds: long enough for a request that hangs, and no longer, so that hangs cost little
REDRIVE_TIMEOUT = 15  # of the shortest interval's 30: a lease that a killed re-drive holds is as much shorter

app = App()
stack = Stack(app, "Faults")


def context(name: str) -> str:
    """Return what the harness has given."""
    return str(app.node.get_context(name))


secret = Secret.from_secret_name_v2(stack, "Secret", context("secret-name"))
forwarder = MezmoLogForwarder(
    stack,
    "Forwarder",
    # Read again and again, so that Secrets Manager's faults are met.
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    key_lifetime=Duration.seconds(5),
    destination=MezmoDestination.log_analysis(url=context("mezmo-url")),
    timeout=Duration.seconds(TIMEOUT),
    redrive_interval=Duration.minutes(1),
    redrive_rate=Size.mebibytes(64),
    environment={
        "AWS_ENDPOINT_URL_S3": context("aws-url"),
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": context("aws-url"),
        "FAULTS_DIRECTORY": context("directory"),
    },
)
redrive = forwarder.redrive_function
assert redrive
assert forwarder.undelivered_bucket
resource = redrive.node.default_child
assert isinstance(resource, CfnFunction)
resource.timeout = REDRIVE_TIMEOUT

for number, name in enumerate(context("groups").split()):
    group = LogGroup(stack, f"Group{number}", log_group_name=name, removal_policy=RemovalPolicy.DESTROY)
    forwarder.subscribe(group)

stream = Stream(stack, "Stream", shard_count=2, removal_policy=RemovalPolicy.DESTROY)
# Few records a batch, for a short time-out; and given up soon, so that Lambda's records of it are met.
forwarder.add_kinesis_stream(stream, batch_size=5, retry_attempts=2)
role = Role(stack, "StreamRole", assumed_by=ServicePrincipal("logs.amazonaws.com"))
grant = stream.grant_write(role)
by_stream = LogGroup(
    stack, "StreamGroup", log_group_name=context("stream-group"), removal_policy=RemovalPolicy.DESTROY
)
subscription = CfnSubscriptionFilter(
    stack,
    "StreamSubscription",
    log_group_name=by_stream.log_group_name,
    destination_arn=stream.stream_arn,
    role_arn=role.role_arn,
    filter_pattern="",
)
grant.apply_before(subscription)

CfnOutput(stack, "Function", value=forwarder.function.function_name)
CfnOutput(stack, "Redrive", value=redrive.function_name)
CfnOutput(stack, "Bucket", value=forwarder.undelivered_bucket.bucket_name)
app.synth()
