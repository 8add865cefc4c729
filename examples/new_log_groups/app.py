from pathlib import Path

from aws_cdk import App, ArnFormat, RemovalPolicy, Stack, Validations
from aws_cdk.aws_events import EventPattern, Match, Rule
from aws_cdk.aws_events_targets import LambdaFunction
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import Architecture, Code, Function, Runtime
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder

PREFIX = "/apps/"  # of the log groups that are to be subscribed when somebody makes them

app = App()
stack = Stack(app, "NewLogGroups")
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack, "MezmoLogForwarder", ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY")
)
log_group = LogGroup(
    stack, "SubscriberLogs", retention=RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
)
groups = stack.format_arn(
    service="logs",
    resource="log-group",
    resource_name=f"{PREFIX}*",
    arn_format=ArnFormat.COLON_RESOURCE_NAME,
)
role = Role(stack, "SubscriberRole", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
log_group.grant_write(role)
role.add_to_policy(
    PolicyStatement(
        actions=["logs:DescribeSubscriptionFilters", "logs:PutSubscriptionFilter"], resources=[groups]
    )
)
# For cdk-nag; so, since `Validations.of(role).acknowledge` refuses an id with more than one "::" in it.
GROUPS = f"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:{PREFIX}*"
role.node.add_metadata(
    Validations.ACKNOWLEDGED_RULES_METADATA_KEY,
    {f"AwsSolutions-IAM5[Resource::{GROUPS}]": "log groups that are not there yet"},
)
subscriber = Function(
    stack,
    "Subscriber",
    description="Subscribes new log groups to the forwarder",
    runtime=Runtime.PYTHON_3_14,
    architecture=Architecture.ARM_64,
    handler="subscriber.handle",
    role=role,
    code=Code.from_asset(str(Path(__file__).parent / "subscriber")),
    environment={
        "DESTINATION_ARN": forwarder.function.function_arn,
        "NEVER": forwarder.log_group.log_group_name,
    },
    log_group=log_group,
)
Rule(
    stack,
    "Rule",
    description="A log group was made",
    event_pattern=EventPattern(
        source=["aws.logs"],
        detail_type=["AWS API Call via CloudTrail"],
        detail={
            "eventSource": ["logs.amazonaws.com"],
            "eventName": ["CreateLogGroup"],
            "errorCode": Match.does_not_exist(),
            "requestParameters": {"logGroupName": Match.prefix(PREFIX)},
        },
    ),
    targets=[LambdaFunction(subscriber)],
)
app.synth()
