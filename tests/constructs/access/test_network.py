"""In a VPC: the way out, the endpoints, and the proxy."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import ISecret
from aws_cdk.aws_ssm import StringParameter

from mezmo_forwarder import (
    IngestionKey,
    LogGroupTags,
    MezmoDestination,
    MezmoLogForwarder,
    UndeliveredStore,
    VendorCode,
)
from tests.constructs.synthesized import only, resources, statements, variables, warnings

Make = Callable[..., MezmoLogForwarder]

HOSTS = "secretsmanager.eu-west-3.${AWS::URLSuffix},s3.eu-west-3.${AWS::URLSuffix}"


@pytest.fixture
def vpc(stack: Stack) -> ec2.Vpc:
    return ec2.Vpc(stack, "Vpc", nat_gateways=1, max_azs=1)


def function_group(stack: Stack) -> dict[str, Any]:
    """Return the security group of the functions."""
    (group,) = [
        found["Properties"]
        for logical_id, found in resources(stack, "AWS::EC2::SecurityGroup").items()
        if "Function" in logical_id
    ]
    return dict(group)


def ways_out(stack: Stack) -> set[tuple[str, int]]:
    rules = function_group(stack)["SecurityGroupEgress"]
    assert all(rule["FromPort"] == rule["ToPort"] and rule["IpProtocol"] == "tcp" for rule in rules)
    return {(rule.get("CidrIp") or rule["CidrIpv6"], rule["FromPort"]) for rule in rules}


def endpoints(stack: Stack) -> list[str]:
    """Return the last part of the names of the services that have an endpoint, sorted."""
    found = resources(stack, "AWS::EC2::VPCEndpoint").values()
    names = [str(endpoint["Properties"]["ServiceName"]) for endpoint in found]
    return sorted(name.strip("']}").rsplit(".", 1)[-1] for name in names)


def test_only_tls_gets_out_and_nothing_in(stack: Stack, make_forwarder: Make, vpc: ec2.Vpc) -> None:
    make_forwarder(vpc=vpc)

    assert ways_out(stack) == {("0.0.0.0/0", 443)}
    assert "SecurityGroupIngress" not in function_group(stack)


@pytest.mark.parametrize(
    ("properties", "ports"),
    [
        ({"destination": MezmoDestination.log_analysis(url="https://mezmo.example:8443")}, {443, 8443}),
        ({"environment": {"HTTPS_PROXY": "http://proxy.example:3128"}}, {443, 3128}),
        ({"environment": {"https_proxy": "proxy.example"}}, {443, 80}),
    ],
)
def test_the_ports_of_destination_and_proxy_are_open(
    stack: Stack, make_forwarder: Make, vpc: ec2.Vpc, properties: dict[str, Any], ports: set[int]
) -> None:
    make_forwarder(vpc=vpc, **properties)

    assert ways_out(stack) == {("0.0.0.0/0", port) for port in ports}


def test_ipv6(stack: Stack, make_forwarder: Make) -> None:
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=1, max_azs=1, ip_protocol=ec2.IpProtocol.DUAL_STACK)
    make_forwarder(vpc=vpc, ipv6_allowed_for_dual_stack=True)

    assert ways_out(stack) == {("0.0.0.0/0", 443), ("::/0", 443)}
    for redrive in (False, True):
        function = only(stack, "AWS::Lambda::Function", redrive=redrive)
        assert function["VpcConfig"]["Ipv6AllowedForDualStack"] is True


def test_connections_open_more(stack: Stack, make_forwarder: Make, vpc: ec2.Vpc) -> None:
    make_forwarder(vpc=vpc).connections.allow_to_any_ipv4(ec2.Port.tcp(8443))

    assert ways_out(stack) == {("0.0.0.0/0", 443), ("0.0.0.0/0", 8443)}


def test_the_users_security_groups_are_left_alone(stack: Stack, make_forwarder: Make, vpc: ec2.Vpc) -> None:
    make_forwarder(vpc=vpc, security_groups=[ec2.SecurityGroup(stack, "Group", vpc=vpc)])

    (group,) = resources(stack, "AWS::EC2::SecurityGroup").values()
    assert group["Properties"]["SecurityGroupEgress"][0]["IpProtocol"] == "-1"


def test_endpoints_are_open_to_the_functions_alone(stack: Stack, make_forwarder: Make, vpc: ec2.Vpc) -> None:
    made = make_forwarder(vpc=vpc).add_vpc_endpoints()

    assert endpoints(stack) == ["s3", "secretsmanager"]
    assert len(made) == 1
    (rule,) = resources(stack, "AWS::EC2::SecurityGroupIngress").values()
    assert (rule["Properties"]["FromPort"], rule["Properties"]["ToPort"]) == (443, 443)
    assert "FunctionSecurityGroup" in str(rule["Properties"]["SourceSecurityGroupId"])


def test_endpoints_are_those_that_are_called(stack: Stack, make_forwarder: Make, vpc: ec2.Vpc) -> None:
    parameter = StringParameter.from_secure_string_parameter_attributes(stack, "Key", parameter_name="/key")
    make_forwarder(
        vpc=vpc,
        ingestion_key=IngestionKey.from_ssm_parameter(parameter),
        undelivered_store=UndeliveredStore.none(),
    ).add_vpc_endpoints()

    assert endpoints(stack) == ["ssm"]


def test_endpoints_for_tags(stack: Stack, make_forwarder: Make, vpc: ec2.Vpc) -> None:
    forwarder = make_forwarder(vpc=vpc, log_group_tags=[LogGroupTags.as_tags("team")])
    forwarder.add_vpc_endpoints()
    forwarder.subscribe(LogGroup(stack, "Group"))

    assert endpoints(stack) == ["logs", "s3", "secretsmanager"]


def test_endpoints_of_vendor_code(
    stack: Stack,
    make_forwarder: Make,
    vpc: ec2.Vpc,
    vendor: VendorCode,
) -> None:
    make_forwarder(vpc=vpc, code=vendor).add_vpc_endpoints()

    assert endpoints(stack) == ["lambda", "s3"]


def test_fails_without_a_vpc(make_forwarder: Make) -> None:
    with pytest.raises(RuntimeError, match="addVpcEndpoints is called without a vpc; give vpc"):
        make_forwarder().add_vpc_endpoints()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, {"NO_PROXY": HOSTS}),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "inner"}, {"NO_PROXY": f"inner,{HOSTS}"}),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "inner"}, {"no_proxy": f"inner,{HOSTS}"}),
    ],
)
def test_endpoints_are_reached_without_the_proxy(
    stack: Stack, make_forwarder: Make, vpc: ec2.Vpc, environment: dict[str, str], expected: dict[str, str]
) -> None:
    make_forwarder(vpc=vpc, environment=environment).add_vpc_endpoints()

    for redrive in (False, True):
        assert expected.items() <= variables(stack, redrive=redrive).items()


def test_without_endpoints_or_proxy_no_proxy_is_the_users(
    stack: Stack, make_forwarder: Make, vpc: ec2.Vpc
) -> None:
    make_forwarder(vpc=vpc).add_vpc_endpoints()

    assert "NO_PROXY" not in variables(stack)


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("http://user:hidden@proxy:3128", True),
        ("user:hidden@proxy:3128", True),
        ("http://user@proxy:3128", False),
        ("http://proxy:3128", False),
    ],
)
def test_a_password_in_a_proxys_address_is_a_warning(
    stack: Stack, make_forwarder: Make, address: str, *, warned: bool
) -> None:
    make_forwarder(environment={"HTTPS_PROXY": address})

    assert ("mezmo-forwarder:proxyPassword" in warnings(stack)) == warned
    assert "hidden" not in warnings(stack)


def test_a_password_from_a_secret_is_none(stack: Stack, make_forwarder: Make, secret: ISecret) -> None:
    make_forwarder(environment={"HTTPS_PROXY": secret.secret_value_from_json("proxy").unsafe_unwrap()})

    assert warnings(stack) == ""
    assert "{{resolve:secretsmanager:" in variables(stack)["HTTPS_PROXY"]
    assert statements(stack, "secretsmanager")
