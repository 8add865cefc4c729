"""The roles: whether they may do what the functions need, by IAM's own simulation."""

from collections.abc import Iterator
from dataclasses import dataclass

from handler.redrive_lease import KEY as LEASE
from handler.settings import SecretsManagerKey, Settings, SsmParameterKey
from handler.store import FAILED_INVOCATIONS, REJECTED, UNDELIVERED

from .calls import CallError
from .deployment import Deployment, Function
from .findings import Answer, broken, ok

_VPC_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
)


@dataclass(frozen=True, slots=True)
class Need:
    """What a role must be allowed, and what for.

    Args:
        purpose: what is impossible without.
        resource: the ARN.
        actions: IAM's actions.
        service: the service through which a KMS key is used.
    """

    purpose: str
    resource: str
    actions: tuple[str, ...]
    service: str = ""


def of_the_function(deployment: Deployment) -> Iterator[Answer]:
    """Whether the function's role may do what it must."""
    return _of(deployment, deployment.function, _needs(deployment))


def of_the_redrive(deployment: Deployment) -> Iterator[Answer]:
    """Whether the re-drive's role may do what it must."""
    if deployment.redrive is None:
        return iter([ok("there is no re-drive")]) if not deployment.bucket else iter([])
    return _of(deployment, deployment.redrive, _needs_of_the_redrive(deployment))


def _of(deployment: Deployment, function: Function, needs: Iterator[Need]) -> Iterator[Answer]:
    role = str(function.configuration["Role"])
    well = True
    purposes = []
    for need in needs:
        denied = _denied(deployment, role, need)
        purposes.append(need.purpose)
        if denied:
            well = False
            yield broken(
                f"{role.rpartition('/')[2]} may not {' and '.join(denied)} on {need.resource}: it cannot "
                f"{need.purpose}",
                "deploy the stack again, or give an imported role this right",
            )
    if well:
        yield ok(f"{role.rpartition('/')[2]} may {', '.join(dict.fromkeys(purposes))}")


def _denied(deployment: Deployment, role: str, need: Need) -> list[str]:
    """Return which of the actions the role may not do."""
    context = []
    if need.service:
        via = f"{need.service}.{deployment.calls.region}.amazonaws.com"
        context = [
            {"ContextKeyName": "kms:ViaService", "ContextKeyValues": [via], "ContextKeyType": "string"}
        ]
    answer = deployment.calls.call(
        "iam",
        "simulate_principal_policy",
        PolicySourceArn=role,
        ActionNames=list(need.actions),
        ResourceArns=[need.resource],
        ContextEntries=context,
    )
    return [
        str(result["EvalActionName"])
        for result in answer["EvaluationResults"]
        if result["EvalDecision"] != "allowed"
    ]


def _common(deployment: Deployment, function: Function) -> Iterator[Need]:
    prefix = f"arn:{deployment.partition}:logs:{deployment.calls.region}:{deployment.account}:log-group:"
    stream = f"{prefix}{function.log_group}:log-stream:any"
    yield Need("write its log", stream, ("logs:CreateLogStream", "logs:PutLogEvents"))
    if function.configuration.get("VpcConfig", {}).get("SubnetIds"):
        yield Need("be in its VPC", "*", _VPC_ACTIONS)
    if settings := deployment.known_settings:
        yield from _key(deployment, settings)


def _key(deployment: Deployment, settings: Settings) -> Iterator[Need]:
    if isinstance(settings.key, SecretsManagerKey):
        arn, kms = _secret(deployment, settings.key.id)
        yield Need("read the key", arn, ("secretsmanager:GetSecretValue",))
        if kms:
            yield Need("decrypt the key", kms, ("kms:Decrypt",), "secretsmanager")
    elif isinstance(settings.key, SsmParameterKey):
        arn = settings.key.id
        if not arn.startswith("arn:"):
            place = f"arn:{deployment.partition}:ssm:{deployment.calls.region}:{deployment.account}"
            arn = f"{place}:parameter/{arn.lstrip('/')}"
        yield Need("read the key", arn, ("ssm:GetParameter",))


def _secret(deployment: Deployment, secret: str) -> tuple[str, str | None]:
    """Return a secret's whole ARN, and its customer-managed KMS key if it has one."""
    try:
        found = deployment.calls.call("secretsmanager", "describe_secret", SecretId=secret)
    except CallError as error:
        if not error.denied and not error.absent:
            raise
        # The six characters that a partial ARN lacks are any, as in the role's own policy.
        complete = len(secret.rpartition("-")[2]) == 6
        return (secret if complete else f"{secret}-AbCdEf"), None
    key = str(found.get("KmsKeyId") or "")
    return str(found["ARN"]), key if key.startswith("arn:") and "alias/aws/" not in key else None


def _needs(deployment: Deployment) -> Iterator[Need]:
    yield from _common(deployment, deployment.function)
    if deployment.bucket:
        bucket = f"arn:{deployment.partition}:s3:::{deployment.bucket}"
        yield Need("keep what fails", bucket, ("s3:ListBucket",))
        yield Need("keep what fails", f"{bucket}/{UNDELIVERED}any", ("s3:PutObject",))
        yield Need("keep what fails", f"{bucket}/{FAILED_INVOCATIONS}any", ("s3:PutObject",))


def _needs_of_the_redrive(deployment: Deployment) -> Iterator[Need]:
    assert deployment.redrive
    yield from _common(deployment, deployment.redrive)
    bucket = f"arn:{deployment.partition}:s3:::{deployment.bucket}"
    again = "send again what was kept"
    yield Need(again, bucket, ("s3:ListBucket",))
    yield Need(again, f"{bucket}/{UNDELIVERED}any", ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"))
    yield Need(again, f"{bucket}/{REJECTED}any", ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"))
    yield Need(again, f"{bucket}/{FAILED_INVOCATIONS}any", ("s3:GetObject", "s3:DeleteObject"))
    yield Need(again, f"{bucket}/{LEASE}", ("s3:GetObject", "s3:PutObject"))
    if not deployment.runs_our_handler:
        yield Need("invoke the vendor's code", deployment.function.arn, ("lambda:InvokeFunction",))
