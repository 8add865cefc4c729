"""A function's way out of a VPC, and its KMS keys."""

from collections.abc import Iterable

import pytest

from mezmo_forwarder_commands.doctor import network
from mezmo_forwarder_commands.doctor.findings import Answer
from tests.commands.doctor.scripted import SETTINGS, Json, ScriptedCalls, deployment, function

LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}
INTERNET_GATEWAY = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
IPV6 = {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"}
GONE = NAT | {"State": "blackhole"}
KEY = "arn:aws:kms:eu-west-3:123456789012:key/1"


def only(answers: Iterable[Answer]) -> tuple[str, str]:
    (found,) = answers
    return found.verdict.value, found.text


def route(*tables: Json, dual_stack: bool = False, environment: Json | None = None) -> tuple[str, str]:
    vpc = {"SubnetIds": ["subnet-1"], "VpcId": "vpc-1", "Ipv6AllowedForDualStack": dual_stack}
    configuration: Json = {"VpcConfig": vpc}
    if environment:
        configuration["Environment"] = {"Variables": environment}
    patient = function(**configuration)
    calls = ScriptedCalls({("ec2", "describe_route_tables"): {"RouteTables": list(tables)}})
    return only(network.route(deployment(calls, of=patient)))


def table(*routes: Json, **association: object) -> Json:
    return {"Routes": [LOCAL, *routes], "Associations": [association]}


@pytest.mark.parametrize(
    ("routes", "text"),
    [
        ([], "has no route 0.0.0.0/0"),
        ([GONE], "leads to something that is gone"),
        ([INTERNET_GATEWAY], "an internet gateway, for which a function has no public address"),
        ([IPV6], "has no route 0.0.0.0/0"),
    ],
)
def test_no_way_out(routes: list[Json], text: str) -> None:
    verdict, said = route(table(*routes, SubnetId="subnet-1"))

    assert (verdict, text in said) == ("broken", True), said


def test_a_way_out() -> None:
    own, main = table(NAT, SubnetId="subnet-1"), table(Main=True)

    assert route(main, own)[0] == route(own, main)[0] == "ok"
    assert route(table(NAT, Main=True), table(SubnetId="subnet-2"))[0] == "ok", (
        "the main table is for the rest"
    )
    assert route(table(INTERNET_GATEWAY, IPV6, Main=True), dual_stack=True)[0] == "ok"
    assert route(table(Main=True), environment={"https_proxy": "http://proxy:3128"})[0] == "ok"


def test_no_vpc() -> None:
    assert only(network.route(deployment(ScriptedCalls()))) == ("ok", "the function is in no VPC")


@pytest.mark.parametrize(
    ("state", "expected"), [("Enabled", "ok"), ("Disabled", "broken"), ("PendingDeletion", "broken")]
)
def test_the_key_of_the_environment(state: str, expected: str) -> None:
    patient = deployment(
        ScriptedCalls(
            {
                ("secretsmanager", "describe_secret"): {"ARN": "arn"},
                ("s3", "get_bucket_encryption"): {"ServerSideEncryptionConfiguration": {"Rules": [{}]}},
                ("kms", "describe_key"): {"KeyMetadata": {"KeyState": state, "KeyManager": "CUSTOMER"}},
            }
        ),
        of=function("forwarder", SETTINGS, KMSKeyArn=KEY),
    )
    verdict, text = only(network.keys(patient))

    assert (verdict, KEY in text) == (expected, True)
