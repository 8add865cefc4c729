"""The roles: whether they may do what the functions need, by IAM's own simulation."""

from collections.abc import Iterator
from dataclasses import dataclass

from handler.redriving.lease import KEY as LEASE
from handler.settings import SecretsManagerKey, Settings, SsmParameterKey
from handler.store.store import FAILED_INVOCATIONS, REJECTED, UNDELIVERED

from .calls import CallError
from .deployment import Deployment, Function
from .findings import Answer, broken, ok, warning
from .network import key_of_the_bucket
from .subscriptions import subscribed, subscribes_account

_VPC_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
)
_REMEDY = "deploy the stack again, or give an imported role this right"


@dataclass(frozen=True, slots=True)
class Need:
    """What a role must be allowed, and what for.

    Args:
        purpose: what is impossible without.
        resource: the ARN.
        actions: IAM's actions.
        service: the service through which a KMS key is used.
        remedy: what to do if the role is not.
    """

    purpose: str
    resource: str
    actions: tuple[str, ...]
    service: str = ""
    remedy: str = _REMEDY


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
    name = role.rpartition("/")[2]
    well = True
    purposes = []
    for need in needs:
        denied = _denied(deployment, role, need)
        purposes.append(need.purpose)
        if denied:
            well = False
            yield broken(
                f"{name} may not {' and '.join(denied)} on {need.resource}: it cannot {need.purpose}",
                need.remedy,
            )
    tags = list(_needs_for_tags(deployment))
    purposes += [need.purpose for need in tags]
    if untold := [need.resource for need in tags if _denied(deployment, role, need)]:
        well = False
        more = f" and {len(untold) - 1} more" if untold[1:] else ""
        yield warning(
            f"{name} may not logs:ListTagsForResource on {untold[0]}{more}: lines go without the tags of "
            "their log groups",
            _REMEDY,
        )
    if well:
        yield ok(f"{name} may {', '.join(dict.fromkeys(purposes))}")


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
    stream = f"{_log_group(deployment, function.log_group)}:log-stream:any"
    yield Need("write its log", stream, ("logs:CreateLogStream", "logs:PutLogEvents"))
    if function.configuration.get("VpcConfig", {}).get("SubnetIds"):
        yield Need("be in its VPC", "*", _VPC_ACTIONS)
    if settings := deployment.known_settings:
        yield from _key(deployment, settings)


def _log_group(deployment: Deployment, name: str) -> str:
    return f"arn:{deployment.partition}:logs:{deployment.calls.region}:{deployment.account}:log-group:{name}"


def _needs_for_tags(deployment: Deployment) -> Iterator[Need]:
    """Yield a need for each log group that the stack subscribes, if lines get the tags of theirs."""
    settings, stack = deployment.known_settings, deployment.stack
    if settings is None or not settings.log_group_tags or stack is None:
        return
    if subscribes_account(deployment, stack):
        groups = ["any"]
    else:
        groups = [one.group for one in subscribed(deployment, stack)[0]]
    for group in dict.fromkeys(groups):
        yield Need("read log groups' tags", _log_group(deployment, group), ("logs:ListTagsForResource",))


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
        yield from _key_of_the_store(deployment, "keep what fails", "kms:GenerateDataKey")


def _key_of_the_store(deployment: Deployment, purpose: str, *actions: str) -> Iterator[Need]:
    """Yield what a role needs of the bucket's KMS key, if that is a customer-managed one."""
    key = key_of_the_bucket(deployment, deployment.bucket) if deployment.bucket else ""
    if not key:
        return
    # A bucket may name it by an alias, a policy may not.
    found = deployment.calls.call("kms", "describe_key", KeyId=key)["KeyMetadata"]
    if found.get("KeyManager") != "AWS":
        remedy = (
            "name the key of a bucket that you bring, by Bucket.from_bucket_attributes(encryption_key=...)"
        )
        yield Need(purpose, str(found["Arn"]), actions, "s3", f"{remedy}; {_REMEDY}")


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
    yield from _key_of_the_store(deployment, again, "kms:Decrypt", "kms:GenerateDataKey")
    if not deployment.runs_our_handler:
        yield Need("invoke the vendor's code", deployment.function.arn, ("lambda:InvokeFunction",))
