"""The network and the KMS keys: what a function in a VPC reaches, and whether its keys can be used."""

from collections.abc import Iterator

from handler.settings import SecretsManagerKey

from .calls import CallError, Json
from .deployment import Deployment
from .findings import Answer, broken, ok

_IPV4, _IPV6 = "0.0.0.0/0", "::/0"


def route(deployment: Deployment) -> Iterator[Answer]:
    """Whether the function's subnets have a route to the internet that a function can use."""
    vpc = deployment.function.configuration.get("VpcConfig", {})
    subnets = vpc.get("SubnetIds", [])
    if not subnets:
        yield ok("the function is in no VPC")
        return
    if any(name.upper() == "HTTPS_PROXY" for name in deployment.function.environment):
        yield ok("the function goes by its HTTPS_PROXY, whose way is not looked at")
        return
    tables = list(
        deployment.calls.pages(
            "ec2",
            "describe_route_tables",
            "RouteTables",
            Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}],
        )
    )
    dual_stack = bool(vpc.get("Ipv6AllowedForDualStack"))
    problems = {subnet: _problem(_table_of(subnet, tables), dual_stack=dual_stack) for subnet in subnets}
    for subnet, problem in problems.items():
        if problem:
            yield broken(
                f"the function cannot reach Mezmo from {subnet}: {problem}",
                f"use subnets whose route {_IPV4} leads to a NAT gateway, or set HTTPS_PROXY in environment",
            )
    if not any(problems.values()):
        yield ok(f"{', '.join(subnets)}: routes to the internet")


def _table_of(subnet: str, tables: list[Json]) -> Json:
    """Return a subnet's own route table, or else the VPC's main one."""
    main: Json = {}
    for table in tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main"):
                main = table
    return main


def _problem(table: Json, *, dual_stack: bool) -> str:
    """Say why a function does not come to the internet by a route table; nothing if it does."""
    routes = [one for one in table.get("Routes", []) if one.get("DestinationCidrBlock") == _IPV4]
    if dual_stack:
        routes += [one for one in table.get("Routes", []) if one.get("DestinationIpv6CidrBlock") == _IPV6]
    if not routes:
        return f"its route table has no route {_IPV4}"
    alive = [one for one in routes if one.get("State") != "blackhole"]
    if not alive:
        return f"its route {_IPV4} leads to something that is gone"
    # By IPv6 an internet gateway will do.
    if all(
        "DestinationCidrBlock" in one and str(one.get("GatewayId", "")).startswith("igw-") for one in alive
    ):
        return f"its route {_IPV4} leads to an internet gateway, for which a function has no public address"
    return ""


def keys(deployment: Deployment) -> Iterator[Answer]:
    """Whether the customer-managed KMS keys are enabled."""
    found = {
        arn: what for what, arn in _keys(deployment) if arn and "alias/aws/" not in arn and arn != "aws/s3"
    }
    for arn, what in found.items():
        key = deployment.calls.call("kms", "describe_key", KeyId=arn)["KeyMetadata"]
        if key.get("KeyManager") == "AWS":
            continue
        state = key.get("KeyState", "Enabled")
        if state == "Enabled":
            yield ok(f"{what}: {arn} is enabled")
        else:
            yield broken(
                f"the key of {what}, {arn}, is {state}",
                f"aws kms cancel-key-deletion if it is pending, and then: aws kms enable-key --key-id {arn}",
            )
    if not found:
        yield ok("there is no customer-managed key")


def _keys(deployment: Deployment) -> Iterator[tuple[str, str]]:
    for function in deployment.functions:
        yield f"the environment of {function.name}", str(function.configuration.get("KMSKeyArn") or "")
    settings = deployment.known_settings
    if settings and isinstance(settings.key, SecretsManagerKey):
        secret = deployment.calls.call("secretsmanager", "describe_secret", SecretId=settings.key.id)
        yield "the secret", str(secret.get("KmsKeyId") or "")
    if deployment.bucket:
        yield "the bucket", key_of_the_bucket(deployment, deployment.bucket)


def key_of_the_bucket(deployment: Deployment, bucket: str) -> str:
    """Return the KMS key of a bucket, by whatever name it has it; empty if it has none, or is not there.

    Raises:
        CallError: it cannot be read.
    """
    try:
        answer = deployment.calls.call(
            "s3", "get_bucket_encryption", Bucket=bucket, ExpectedBucketOwner=deployment.account
        )
    except CallError as error:
        if error.absent or error.code == "ServerSideEncryptionConfigurationNotFoundError":
            return ""
        raise
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    return str(default.get("KMSMasterKeyID") or "")
