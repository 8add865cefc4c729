"""The store, and what empties it."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from handler.redriving.lease import KEY as LEASE
from handler.redriving.lease import State
from handler.redriving.sending import MOST_TRIES
from handler.store.store import FAILED_INVOCATIONS, REJECTED, UNDELIVERED

from . import resource_policy
from .calls import CallError, Json
from .deployment import Deployment
from .findings import Answer, broken, counted, ok, unknown, warning

_MOST_COUNTED = 10_000
_LATE_SECONDS = 15 * 60
_LATE_LEASE_SECONDS = 60 * 60
_NONE = "the forwarder has no store"


@dataclass(frozen=True, slots=True)
class Depth:
    """What lies below a prefix.

    Args:
        objects: how many objects.
        size: how many bytes.
        age: how many seconds ago the oldest was written.
        more: whether there are more than were counted.
    """

    objects: int
    size: int
    age: float
    more: bool

    def __str__(self) -> str:
        return (
            f"{'more than ' if self.more else ''}{counted(self.objects, 'object')}, "
            f"{counted(self.size, 'byte')}, the oldest {duration(self.age)} old"
        )


def duration(seconds: float) -> str:
    """Return a duration in words."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0, seconds):.0f} seconds"


def bucket(deployment: Deployment) -> Iterator[Answer]:
    """Whether the bucket is there, and the account's own."""
    name = deployment.bucket
    if name is None:
        yield ok(_NONE)
        return
    try:
        _list(deployment, name, "redrive/", most=1)
    except CallError as error:
        if error.code == "NoSuchBucket":
            yield broken(
                f"there is no bucket {name}: what Mezmo does not take is lost",
                "CloudFormation does not make again what was deleted by hand: make a bucket of that name, or "
                "give the forwarder one by undelivered_store and deploy",
            )
            return
        if error.denied and _is_anothers(deployment, name):
            yield broken(
                f"bucket {name} is not of account {deployment.account}, so nothing is written to it",
                "give undelivered_store a bucket of the account's own and deploy",
            )
            return
        raise
    yield ok(f"{name} is there, and of account {deployment.account}")


def _is_anothers(deployment: Deployment, name: str) -> bool:
    """Whether S3 refuses the bucket for its owner only."""
    try:
        deployment.calls.call("s3", "list_objects_v2", Bucket=name, MaxKeys=1)
    except CallError:
        return False
    return True


def _list(deployment: Deployment, name: str, prefix: str, *, most: int, token: str = "") -> Json:
    more = {"ContinuationToken": token} if token else {}
    return deployment.calls.call(
        "s3",
        "list_objects_v2",
        Bucket=name,
        Prefix=prefix,
        MaxKeys=most,
        ExpectedBucketOwner=deployment.account,
        **more,
    )


def depth(deployment: Deployment, prefix: str) -> Depth:
    """Count what lies below a prefix of the store, as far as that is no long work.

    Raises:
        CallError: it cannot be listed.
    """
    assert deployment.bucket
    objects, size, oldest, token = 0, 0, deployment.now, ""
    while objects < _MOST_COUNTED:
        page = _list(deployment, deployment.bucket, prefix, most=1000, token=token)
        for entry in page.get("Contents", []):
            objects += 1
            size += entry["Size"]
            oldest = min(oldest, entry["LastModified"].timestamp())
        token = page.get("NextContinuationToken", "")
        if not page.get("IsTruncated"):
            break
    return Depth(objects, size, deployment.now - oldest, bool(page.get("IsTruncated")))


def undelivered(deployment: Deployment) -> Iterator[Answer]:
    """Whether anything waits to be sent again, and for how long."""
    if deployment.bucket is None:
        yield ok(_NONE)
        return
    nothing = True
    for prefix in (UNDELIVERED, FAILED_INVOCATIONS):
        found = depth(deployment, prefix)
        if not found.objects:
            continue
        nothing = False
        if found.age < _LATE_SECONDS:
            yield warning(f"{prefix} has {found}", "the re-drive sends them; ask again in a few minutes")
        else:
            yield broken(
                f"{prefix} has {found}: the re-drive does not get them to Mezmo",
                "look at the other findings, and at the re-drive's log: aws logs tail "
                f"{deployment.function.log_group} --since 30m",
            )
    if nothing:
        yield ok(f"nothing lies in {UNDELIVERED} and {FAILED_INVOCATIONS}")


def rejected(deployment: Deployment) -> Iterator[Answer]:
    """Whether Mezmo refused anything for good."""
    if deployment.bucket is None:
        yield ok(_NONE)
        return
    found = depth(deployment, REJECTED)
    if not found.objects:
        yield ok(f"nothing lies in {REJECTED}")
        return
    name = deployment.redrive.name if deployment.redrive else "<the re-drive>"
    yield warning(
        f"Mezmo refused lines for good: {found}",
        f"`aws s3 cp s3://{deployment.bucket}/{REJECTED}<object> - | gunzip` shows them with the reason; "
        f"after a fix: aws lambda invoke --function-name {name} --cli-binary-format raw-in-base64-out "
        f'--payload \'{{"mezmo_forwarder": "redrive", "prefix": "{REJECTED}"}}\' /dev/stdout',
    )


def redrive(deployment: Deployment) -> Iterator[Answer]:
    """Whether the re-drive is there, and its schedule invokes it."""
    if deployment.bucket is None:
        yield ok(_NONE)
        return
    function = deployment.redrive
    if function is None:
        if deployment.stack is None:
            yield unknown("whether there is a re-drive is not known without the stack")
        else:
            yield broken(
                "the re-drive's function is gone: what is stored stays there",
                "give the forwarder another id and deploy, or make the function again as the template has it",
            )
        return
    calls = deployment.calls
    names = calls.call("events", "list_rule_names_by_target", TargetArn=function.arn)["RuleNames"]
    rules = [calls.call("events", "describe_rule", Name=name) for name in names]
    if not rules:
        yield broken("no schedule invokes the re-drive: what is stored stays there", "deploy the stack again")
        return
    enabled = [rule for rule in rules if rule.get("State", "").startswith("ENABLED")]
    if not enabled:
        yield broken(
            "the re-drive's schedule is disabled: what is stored stays there",
            f"at once: aws events enable-rule --name {rules[0]['Name']}",
        )
        return
    rule = enabled[0]
    policy = resource_policy.of(calls, function.name)
    if not resource_policy.allows(policy, "events.amazonaws.com", rule["Arn"], deployment.account):
        yield broken(
            "EventBridge may not invoke the re-drive: what is stored stays there",
            f"deploy the stack again, or at once: aws lambda add-permission --function-name {function.name} "
            "--statement-id schedule --action lambda:InvokeFunction --principal events.amazonaws.com "
            f"--source-arn {rule['Arn']}",
        )
        return
    yield ok(f"it is invoked by {rule.get('ScheduleExpression', 'a schedule')}")


def lease(deployment: Deployment) -> Iterator[Answer]:
    """Whether the re-drive goes on, by the lease that it keeps in the bucket."""
    if deployment.bucket is None:
        yield ok(_NONE)
        return
    try:
        found = deployment.calls.call(
            "s3", "get_object", Bucket=deployment.bucket, Key=LEASE, ExpectedBucketOwner=deployment.account
        )
    except CallError as error:
        if error.code == "NoSuchKey":
            yield ok("there is none: the re-drive has had nothing to send yet")
            return
        raise
    try:
        state = msgspec.json.decode(found["Body"].read(), type=State)
    except msgspec.DecodeError:
        yield warning(f"{LEASE} is not one; the re-drive writes it anew", "")
        return
    age = deployment.now - found["LastModified"].timestamp()
    stuck = [key for key, tries in state.tries.items() if tries >= MOST_TRIES]
    if state.holder and age > state.seconds + _LATE_LEASE_SECONDS:
        yield warning(
            f"a re-drive broke off {duration(age)} ago, and none has run since",
            "look at the schedule, and at the re-drive's log",
        )
    elif stuck:
        yield warning(
            f"{counted(len(stuck), 'object')} failed {MOST_TRIES} times, behind all others now: {stuck[0]}",
            "the re-drive's log has the reason",
        )
    elif state.holder and age < state.seconds:
        yield ok(f"a re-drive is at work since {duration(age)}")
    else:
        yield ok("it is nobody's")
