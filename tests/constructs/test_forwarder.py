"""The forwarder's own resources: function, role, log group, permission."""

from collections.abc import Callable

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, LineFormat, MezmoLogForwarder, UndeliveredStore
from tests.constructs.synthesized import SECRET_ARN, only, resources, statements, warnings

Make = Callable[..., MezmoLogForwarder]

FUNCTION = "AWS::Lambda::Function"


def test_function_by_default(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()

    function = only(stack, FUNCTION)
    del function["Code"], function["Environment"], function["Role"]
    assert function == {
        "Architectures": ["arm64"],
        "Description": "Forwards CloudWatch logs to Mezmo",
        "Handler": "handler.app.handle",
        "LoggingConfig": {
            "LogFormat": "JSON",
            "LogGroup": {"Ref": "MezmoLogForwarderLogGroup5C0B30F7"},
            "SystemLogLevel": "WARN",
        },
        "MemorySize": 128,
        "Runtime": "python3.13",
        "Timeout": 60,
    }
    invocation = only(stack, "AWS::Lambda::EventInvokeConfig")
    assert (invocation["MaximumRetryAttempts"], invocation["MaximumEventAgeInSeconds"]) == (2, 21600)
    assert only(stack, "AWS::Logs::LogGroup") == {"RetentionInDays": 30}
    assert warnings(stack) == ""


def test_tutorials_settings(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(
        function_name="MezmoLogForwarder", timeout=Duration.seconds(10), memory_size=128, retry_attempts=0
    )

    function = only(stack, FUNCTION)
    assert function["FunctionName"] == "MezmoLogForwarder"
    assert (function["Timeout"], function["MemorySize"]) == (10, 128)
    assert only(stack, "AWS::Lambda::EventInvokeConfig")["MaximumRetryAttempts"] == 0
    assert warnings(stack).count("mezmo-forwarder:") == 1, "what fails is kept"
    assert "mezmo-forwarder:shortTimeout" in warnings(stack)


def test_everything_can_be_set(stack: Stack, make_forwarder: Make) -> None:
    layer = lambda_.LayerVersion.from_layer_version_arn(
        stack, "Layer", "arn:aws:lambda:eu-west-3:1:layer:tools:1"
    )
    own = logs.LogGroup.from_log_group_name(stack, "Own", "/forwarder")
    make_forwarder(
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.X86_64,
        memory_size=256,
        timeout=Duration.minutes(2),
        retry_attempts=1,
        max_event_age=Duration.hours(1),
        reserved_concurrent_executions=5,
        description="Logs",
        environment={"SSL_CERT_FILE": "/var/task/ca.pem"},
        layers=[layer],
        tracing=lambda_.Tracing.ACTIVE,
        log_group=own,
        logging_format=lambda_.LoggingFormat.TEXT,
    )

    function = only(stack, FUNCTION)
    assert function["Runtime"] == "python3.14"
    assert function["Architectures"] == ["x86_64"]
    assert (function["MemorySize"], function["Timeout"]) == (256, 120)
    assert function["ReservedConcurrentExecutions"] == 5
    assert function["Description"] == "Logs"
    assert function["Environment"]["Variables"]["SSL_CERT_FILE"] == "/var/task/ca.pem"
    assert function["Layers"] == ["arn:aws:lambda:eu-west-3:1:layer:tools:1"]
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/forwarder"}
    invocation = only(stack, "AWS::Lambda::EventInvokeConfig")
    assert (invocation["MaximumRetryAttempts"], invocation["MaximumEventAgeInSeconds"]) == (1, 3600)
    assert resources(stack, "AWS::Logs::LogGroup") == {}


@pytest.mark.parametrize("redrive", [False, True])
def test_functions_wait_for_their_policies(stack: Stack, make_forwarder: Make, *, redrive: bool) -> None:
    make_forwarder()

    (function,) = resources(stack, FUNCTION, redrive=redrive).values()
    (policy_id,) = resources(stack, "AWS::IAM::Policy", redrive=redrive)
    assert policy_id in function["DependsOn"]


def test_vpc(stack: Stack, make_forwarder: Make) -> None:
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=1, max_azs=1)
    forwarder = make_forwarder(vpc=vpc)

    assert len(only(stack, FUNCTION)["VpcConfig"]["SecurityGroupIds"]) == 1
    assert len(forwarder.connections.security_groups) == 1


def test_subnets_and_security_groups(stack: Stack, make_forwarder: Make) -> None:
    inner = ec2.SubnetConfiguration(name="Inner", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    vpc = ec2.Vpc(stack, "Vpc", max_azs=1, subnet_configuration=[inner])
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-0123456789abcdef0")
    isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    make_forwarder(vpc=vpc, security_groups=[group], vpc_subnets=isolated)

    network = only(stack, FUNCTION)["VpcConfig"]
    assert network["SecurityGroupIds"] == ["sg-0123456789abcdef0"]
    assert network["SubnetIds"] == stack.resolve([subnet.subnet_id for subnet in vpc.isolated_subnets])


def test_grants_go_to_the_role(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.grant_principal.add_to_principal_policy(
        iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/*"])
    )

    granted = [
        policy["Properties"]["PolicyDocument"] for policy in resources(stack, "AWS::IAM::Policy").values()
    ]
    assert any("s3:GetObject" in str(document) for document in granted)


def test_role_of_the_users(stack: Stack, make_forwarder: Make) -> None:
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    forwarder = make_forwarder(role=role)

    assert forwarder.role.role_name == role.role_name
    assert only(stack, "AWS::IAM::Policy")["Roles"] == [{"Ref": "Role1ABCC5F0"}]
    assert warnings(stack) == ""


@pytest.mark.parametrize("mutable", [True, False])
def test_imported_role(stack: Stack, make_forwarder: Make, *, mutable: bool) -> None:
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/Forwarder", mutable=mutable)
    make_forwarder(role=role)

    if mutable:
        assert only(stack, "AWS::IAM::Policy")["Roles"] == ["Forwarder"]
        assert warnings(stack) == ""
    else:
        assert resources(stack, "AWS::IAM::Policy") == {}
        printed = warnings(stack)
        assert "mezmo-forwarder:immutableRole" in printed
        needed_arn = "${MezmoLogForwarderLogGroup5C0B30F7.Arn}"
        for needed in ("logs:PutLogEvents", needed_arn, "secretsmanager:GetSecretValue", SECRET_ARN):
            assert needed in printed


def test_one_permission_for_the_accounts_log_groups(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    for number in range(3):
        forwarder.subscribe(logs.LogGroup(stack, f"Group{number}"))

    assert only(stack, "AWS::Lambda::Permission") == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Fn::GetAtt": ["MezmoLogForwarderFunctionCC3FBC19", "Arn"]},
        "Principal": "logs.amazonaws.com",
        "SourceAccount": "123456789012",
        "SourceArn": {
            "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":logs:eu-west-3:123456789012:log-group:*"]]
        },
    }


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", None])
def test_other_partitions_and_stacks_without_env(app: App, region: str | None) -> None:
    stack = Stack(app, "Logs", env=Environment(account="123456789012", region=region) if region else None)
    secret = Secret.from_secret_name_v2(stack, "Secret", "MezmoIngestionKey")
    bucket = s3.Bucket(stack, "Bucket", encryption=s3.BucketEncryption.KMS)
    for name, store in {"Own": None, "Brought": UndeliveredStore.from_bucket(bucket)}.items():
        forwarder = MezmoLogForwarder(
            stack,
            name,
            ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
            undelivered_store=store,
        )
        forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, f"{name}Group", f"/aws/ecs/{name}"))
        forwarder.add_kinesis_stream(kinesis.Stream(stack, f"{name}Stream"))
        forwarder.allow_log_access()

    template = app.synth().get_stack_by_name("Logs").template
    assert "arn:aws:" not in str(template)
    for permission in resources(stack, "AWS::Lambda::Permission").values():
        assert permission["Properties"]["SourceArn"]["Fn::Join"][1][1] == {"Ref": "AWS::Partition"}


def test_log_access_is_scoped_to_the_subscribed_groups(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.allow_log_access()
    forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, "Later", "/later"))

    granted = statements(stack, "logs")[1:]
    arn = ["arn:", {"Ref": "AWS::Partition"}, ":logs:eu-west-3:123456789012:log-group:/later"]
    assert granted == [
        {
            "Action": ["logs:Describe*", "logs:Get*"],
            "Effect": "Allow",
            "Resource": [{"Fn::Join": ["", arn]}, {"Fn::Join": ["", [*arn[:2], f"{arn[2]}:*"]]}],
        }
    ]


def test_log_access_on_everything_only_if_asked_for(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/group"))
    forwarder.allow_log_access(account_wide=True)

    (everything,) = (statement for statement in statements(stack) if statement["Resource"] == "*")
    assert "logs:TestMetricFilter" in everything["Action"]
    assert not any("*" in action for action in everything["Action"])


def test_log_access_covers_filters_of_cdk_too(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.allow_log_access()
    logs.SubscriptionFilter(
        stack,
        "Filter",
        log_group=logs.LogGroup.from_log_group_name(stack, "Group", "/group"),
        destination=forwarder,
        filter_pattern=logs.FilterPattern.all_events(),
    )

    assert "log-group:/group:*" in str(statements(stack, "logs"))


def test_log_access_without_a_subscription_is_refused(app: App, make_forwarder: Make) -> None:
    make_forwarder().allow_log_access()

    with pytest.raises(RuntimeError, match="allowLogAccess was called, but no log group is subscribed"):
        app.synth()


def test_two_forwarders_in_one_stack(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder("First")
    make_forwarder("Second", line_format=LineFormat.MEZMO_LAMBDA)

    assert len(resources(stack, FUNCTION)) == 2
