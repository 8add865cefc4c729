"""The second function, which sends again what could not be delivered."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from mezmo_forwarder import IngestionKey, MezmoLogForwarder, UndeliveredStore, VendorCode
from tests.constructs.synthesized import only, resources, variables, warnings

Make = Callable[..., MezmoLogForwarder]

FUNCTION = "AWS::Lambda::Function"
SETTINGS = "MEZMO_FORWARDER_SETTINGS"


@pytest.fixture
def vendor() -> VendorCode:
    return VendorCode.mezmo_cloudwatch(lambda_.Code.from_inline("exports.handler = async () => {}"))


def test_same_function_on_a_schedule(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()

    ours, redrive = only(stack, FUNCTION), only(stack, FUNCTION, redrive=True)
    different = {name for name in ours if ours[name] != redrive[name]}
    assert different == {"Description", "Environment", "Handler", "Role", "Timeout"}
    assert redrive["Handler"] == "handler.redrive.handle"
    assert redrive["Timeout"] == 270
    invocation = only(stack, "AWS::Lambda::EventInvokeConfig", redrive=True)
    assert (invocation["MaximumRetryAttempts"], invocation["MaximumEventAgeInSeconds"]) == (0, 300)
    assert "DestinationConfig" not in invocation
    rule = only(stack, "AWS::Events::Rule", redrive=True)
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(5 minutes)", "ENABLED")
    (target,) = rule["Targets"]
    assert forwarder.redrive_function
    assert target["Arn"] == stack.resolve(forwarder.redrive_function.function_arn)
    assert json.loads(target["Input"]) == {"mezmo_forwarder": "redrive"}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def test_what_is_set_for_the_function_is_set_for_the_redrive(stack: Stack, make_forwarder: Make) -> None:
    layer = lambda_.LayerVersion.from_layer_version_arn(
        stack, "Layer", "arn:aws:lambda:eu-west-3:1:layer:tools:1"
    )
    make_forwarder(
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.X86_64,
        memory_size=256,
        timeout=Duration.minutes(2),
        function_name="forwarder",
        environment={"HTTPS_PROXY": "http://proxy:3128"},
        layers=[layer],
        tracing=lambda_.Tracing.ACTIVE,
        log_group=logs.LogGroup.from_log_group_name(stack, "Own", "/forwarder"),
        logging_format=lambda_.LoggingFormat.TEXT,
    )

    ours, redrive = only(stack, FUNCTION), only(stack, FUNCTION, redrive=True)
    same = ("Runtime", "Architectures", "MemorySize", "Layers", "TracingConfig", "LoggingConfig", "Code")
    assert {name: redrive[name] for name in same} == {name: ours[name] for name in same}
    assert redrive["Environment"]["Variables"]["HTTPS_PROXY"] == "http://proxy:3128"
    assert "FunctionName" not in redrive
    assert redrive["Timeout"] == 270


@pytest.mark.parametrize(
    ("interval", "schedule", "seconds"),
    [
        (Duration.minutes(1), "rate(1 minute)", (30, 60)),
        (Duration.minutes(15), "rate(15 minutes)", (870, 900)),
        (Duration.hours(1), "rate(1 hour)", (900, 3600)),
        (Duration.days(1), "rate(1 day)", (900, 21600)),
    ],
)
def test_time_out_is_below_the_interval(
    stack: Stack, make_forwarder: Make, interval: Duration, schedule: str, seconds: tuple[int, int]
) -> None:
    make_forwarder(redrive_interval=interval)

    assert only(stack, "AWS::Events::Rule", redrive=True)["ScheduleExpression"] == schedule
    timeout = only(stack, FUNCTION, redrive=True)["Timeout"]
    invocation = only(stack, "AWS::Lambda::EventInvokeConfig", redrive=True)
    assert (timeout, invocation["MaximumEventAgeInSeconds"]) == seconds


def test_subscriptions_know_nothing_of_the_redrive(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/group"))

    permission = only(stack, "AWS::Lambda::Permission", redrive=True)
    assert permission["Principal"] == "events.amazonaws.com"
    assert "Redrive" in str(permission["FunctionName"])
    assert "Redrive" not in str(resources(stack, "AWS::Logs::SubscriptionFilter"))
    assert "Redrive" not in str(only(stack, "AWS::Lambda::Permission"))


def test_in_the_same_vpc_with_the_same_security_group(stack: Stack, make_forwarder: Make) -> None:
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=1, max_azs=1)
    make_forwarder(vpc=vpc)

    assert only(stack, FUNCTION, redrive=True)["VpcConfig"] == only(stack, FUNCTION)["VpcConfig"]
    (group,) = resources(stack, "AWS::EC2::SecurityGroup")
    assert group in str(only(stack, FUNCTION)["VpcConfig"])


def test_role_of_the_users_is_the_redrives_too(stack: Stack, make_forwarder: Make) -> None:
    role = iam.Role(stack, "Theirs", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    make_forwarder(role=role, tracing=lambda_.Tracing.ACTIVE)

    assert resources(stack, "AWS::IAM::Role", redrive=True) == {}
    assert only(stack, FUNCTION, redrive=True)["Role"] == only(stack, FUNCTION)["Role"]


def test_imported_role_that_may_not_be_changed(stack: Stack, make_forwarder: Make) -> None:
    role = iam.Role.from_role_arn(stack, "Theirs", "arn:aws:iam::123456789012:role/Forwarder", mutable=False)
    make_forwarder(role=role)

    assert resources(stack, "AWS::IAM::Policy", redrive=True) == {}
    for action in ("s3:PutObject", "s3:GetObject", "s3:DeleteObject"):
        assert action in warnings(stack)
    assert "${MezmoLogForwarderUndeliveredBucketEAB6BBEB.Arn}/aws/lambda/*" in warnings(stack)


def test_beside_a_vendors_code_it_is_ours(stack: Stack, make_forwarder: Make, vendor: VendorCode) -> None:
    layer = lambda_.LayerVersion.from_layer_version_arn(
        stack, "Layer", "arn:aws:lambda:eu-west-3:1:layer:vendor:1"
    )
    make_forwarder(
        code=vendor,
        memory_size=512,
        layers=[layer],
        environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper", "HTTPS_PROXY": "http://proxy:3128"},
    )

    redrive = only(stack, FUNCTION, redrive=True)
    assert (redrive["Runtime"], redrive["Handler"]) == ("python3.13", "handler.redrive.handle")
    assert redrive["MemorySize"] == 512
    assert "Layers" not in redrive, "a vendor's layer is for the vendor's runtime"
    assert variables(stack, redrive=True).keys() == {SETTINGS, "HTTPS_PROXY"}
    assert "INGESTION_KEY" in variables(stack)


def test_key_in_the_environment_is_in_the_redrives_too(
    stack: Stack, secret: Any, make_forwarder: Make
) -> None:
    make_forwarder(ingestion_key=IngestionKey.from_dynamic_reference(secret))

    keys = [variables(stack, redrive=redrive)["MEZMO_INGESTION_KEY"] for redrive in (True, False)]
    assert keys[0] == keys[1]


def test_a_shared_role_makes_no_circle(stack: Stack, make_forwarder: Make, vendor: VendorCode) -> None:
    role = iam.Role(stack, "Theirs", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    make_forwarder(code=vendor, role=role)

    assert Template.from_stack(stack), "which looks for circular dependencies"


def test_rate_known_only_at_deployment(stack: Stack, make_forwarder: Make) -> None:
    rate = CfnParameter(stack, "Rate", type="Number").value_as_number
    make_forwarder(redrive_rate=Size.bytes(rate))

    settings = json.loads(variables(stack, {"Rate": "2048"}, redrive=True)[SETTINGS])
    assert settings["redrive"]["bytes_per_second"] == 2048


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"redrive_interval": Duration.seconds(90)}, r"redriveInterval is 1\.5; .* from 1 to 1440 minutes"),
        ({"redrive_interval": Duration.seconds(30)}, r"redriveInterval is 0\.5"),
        ({"redrive_interval": Duration.hours(25)}, "redriveInterval is 1500"),
        ({"redrive_rate": Size.bytes(1000)}, "redriveRate is 1000; .* from 1024 to 1073741824 bytes"),
        ({"redrive_rate": Size.gibibytes(2)}, "redriveRate is 2147483648"),
    ],
)
def test_refused_at_synthesis(make_forwarder: Make, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_forwarder(**properties)


def test_environment_just_within_4_kb(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()
    unknown = {"MezmoLogForwarderUndeliveredBucketEAB6BBEB": "", "MezmoLogForwarderFunctionCC3FBC19": ""}
    used = sum(len(name) + len(value) for name, value in variables(stack, unknown, redrive=True).items())
    make_forwarder("Second", environment={"NN": "n" * (4096 - used - 2)})

    with pytest.raises(RuntimeError, match="environment has 4097 bytes"):
        make_forwarder("Third", environment={"NN": "n" * (4096 - used - 1)})


def test_interval_known_only_at_deployment_is_refused(stack: Stack, make_forwarder: Make) -> None:
    minutes = CfnParameter(stack, "Minutes", type="Number").value_as_number

    with pytest.raises(RuntimeError, match="redriveInterval is known only at deployment.*give a literal"):
        make_forwarder(redrive_interval=Duration.minutes(minutes))


@pytest.mark.parametrize(
    ("name", "value"), [("redriveInterval", Duration.minutes(1)), ("redriveRate", Size.mebibytes(2))]
)
def test_redrive_without_a_store_is_refused(make_forwarder: Make, name: str, value: Any) -> None:
    spelled = {"redriveInterval": "redrive_interval", "redriveRate": "redrive_rate"}[name]

    with pytest.raises(
        RuntimeError, match=rf"{name} is given with UndeliveredStore.none\(\).*leave {name} out"
    ):
        make_forwarder(undelivered_store=UndeliveredStore.none(), **{spelled: value})
