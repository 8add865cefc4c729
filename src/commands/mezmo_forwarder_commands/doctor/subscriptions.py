"""The subscriptions: whether each log group of the stack has its filter, and it leads to the function."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from .calls import CallError, Json
from .deployment import Deployment
from .findings import Answer, broken, ok, unknown, warning
from .stack import Stack

_FILTER = "AWS::Logs::SubscriptionFilter"
_ACCOUNT_POLICY = "AWS::Logs::AccountPolicy"
_FUNCTION = "AWS::Lambda::Function"
_NO_STACK = (
    "which log groups should be subscribed is not known: no stack with this function is to be seen "
    "(cloudformation:DescribeStackResources)"
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A filter as the stack's template has it.

    Args:
        group: the log group's name.
        name: the filter's name.
        pattern: its filter pattern; None where the template does not tell.
    """

    group: str
    name: str
    pattern: str | None


def filters(deployment: Deployment) -> Iterator[Answer]:
    """Whether each log group that the stack subscribes has its filter."""
    if deployment.stack is None:
        yield unknown(_NO_STACK)
        return
    expected, unresolved = subscribed(deployment, deployment.stack)
    there = 0
    for subscription in expected:
        problem = _problem(deployment, deployment.stack, subscription)
        if problem is None:
            there += 1
        else:
            yield problem
    for logical_id in unresolved:
        yield unknown(f"the log group of {logical_id} is not to be told from the template")
    if there:
        yield ok(f"{there} of {len(expected)} log groups' filters are there and lead to the function")
    if not expected and not unresolved:
        yield from _none(deployment, deployment.stack)


def subscribed(deployment: Deployment, stack: Stack) -> tuple[list[Subscription], list[str]]:
    """Return the stack's filters that lead to the function, and the ids of those that the template hides."""
    expected, unresolved = [], []
    for logical_id, properties in _of_type(stack, _FILTER):
        if stack.refers_to(properties.get("DestinationArn"), _FUNCTION) != deployment.function.name:
            continue
        group = stack.resolve(properties.get("LogGroupName"))
        name = stack.resolve(properties.get("FilterName"))
        if group is None or name is None:
            unresolved.append(logical_id)
        else:
            expected.append(Subscription(group, name, stack.resolve(properties.get("FilterPattern"))))
    return expected, unresolved


def _of_type(stack: Stack, kind: str) -> Iterator[tuple[str, Json]]:
    for logical_id, resource in stack.template["Resources"].items():
        if resource["Type"] == kind:
            yield logical_id, resource.get("Properties", {})


def _problem(deployment: Deployment, stack: Stack, subscription: Subscription) -> Answer | None:
    group, name = subscription.group, subscription.name
    remedy = f"at once: {_command(deployment, subscription)}"
    try:
        found = {
            one["filterName"]: one
            for one in deployment.calls.pages(
                "logs", "describe_subscription_filters", "subscriptionFilters", logGroupName=group
            )
        }
    except CallError as error:
        if error.absent:
            return broken(
                f"there is no log group {group}, so its filter is gone as well",
                f"make it again, and its filter {remedy}; or unsubscribe it and deploy",
            )
        raise
    if name not in found:
        return broken(f"{group} has no filter {name}{_why_lost(deployment, stack, group)}", remedy)
    destination = str(found[name]["destinationArn"])
    if destination != deployment.function.arn:
        return broken(f"filter {name} of {group} leads to {destination} and not to this function", remedy)
    if subscription.pattern is not None and found[name].get("filterPattern", "") != subscription.pattern:
        return warning(
            f"filter {name} of {group} has the pattern {found[name].get('filterPattern', '')!r} and not the "
            f"template's {subscription.pattern!r}",
            f"if that is a mistake, {remedy}",
        )
    return None


def _why_lost(deployment: Deployment, stack: Stack, group: str) -> str:
    """Say so if the log group is younger than the stack's last deployment: it was deleted and made again."""
    try:
        groups = deployment.calls.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=group)
        made = next((one["creationTime"] for one in groups if one["logGroupName"] == group), 0)
        deployed = stack.changed.timestamp()
    except CallError:
        return ""
    if made / 1000 <= deployed:
        return ""
    return (
        ": the group was made again after the stack's last deployment, and the filter went with the old one"
    )


def _command(deployment: Deployment, subscription: Subscription) -> str:
    """Return the command that makes the filter as the template has it: CloudFormation will know it."""
    return shlex.join(
        [
            "aws",
            "logs",
            "put-subscription-filter",
            "--log-group-name",
            subscription.group,
            "--filter-name",
            subscription.name,
            "--filter-pattern",
            subscription.pattern or "",
            "--destination-arn",
            deployment.function.arn,
        ]
    )


def _none(deployment: Deployment, stack: Stack) -> Iterator[Answer]:
    if any(True for _ in _of_type(stack, _ACCOUNT_POLICY)) or _mappings(deployment):
        yield ok("no log group is subscribed singly")
    else:
        yield warning(
            f"no log group is subscribed to the function by stack {stack.name}",
            "forwarder.subscribe(log_group), unless the filters are another stack's",
        )


def subscribes_account(deployment: Deployment, stack: Stack) -> bool:
    """Whether the stack has the account's subscription policy, and it leads to the function."""
    return any(
        properties.get("PolicyType") == "SUBSCRIPTION_FILTER_POLICY"
        and stack.mentions(properties.get("PolicyDocument"), deployment.function.name)
        for _, properties in _of_type(stack, _ACCOUNT_POLICY)
    )


def account_policy(deployment: Deployment) -> Iterator[Answer]:
    """Whether the account's subscription policy is there, if the stack has one."""
    if deployment.stack is None:
        yield unknown(_NO_STACK)
        return
    if not subscribes_account(deployment, deployment.stack):
        yield ok("the stack has none")
        return
    found = deployment.calls.call(
        "logs", "describe_account_policies", policyType="SUBSCRIPTION_FILTER_POLICY"
    ).get("accountPolicies", [])
    destinations = {
        one["policyName"]: json.loads(one["policyDocument"]).get("DestinationArn") for one in found
    }
    name = next(iter(destinations), None)
    if deployment.function.arn in destinations.values():
        yield ok(f"policy {name} leads to the function")
    elif name is None:
        yield broken(
            "the account's subscription policy is gone", "deploy the stack again, with another policy name"
        )
    else:
        yield broken(
            f"the account's subscription policy {name} leads to {destinations[name]}, not to this function",
            "an account has one such policy: agree whose it is, and deploy",
        )


def streams(deployment: Deployment) -> Iterator[Answer]:
    """Whether the function reads the streams that it was given."""
    mappings = _mappings(deployment)
    for mapping in mappings:
        stream = str(mapping.get("EventSourceArn", "?")).rpartition(":")[2]
        state, result = mapping.get("State"), str(mapping.get("LastProcessingResult", ""))
        if state != "Enabled":
            yield broken(
                f"{stream} is not read: its mapping is {state}",
                f"at once: aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled",
            )
        elif result.startswith("PROBLEM"):
            yield broken(f"{stream} is not read: {result}", "mend what it says; deploy for the role's rights")
        else:
            yield ok(f"{stream} is read: {result or state}")
    if not mappings:
        yield ok("the function reads none")


def _mappings(deployment: Deployment) -> list[Json]:
    return list(
        deployment.calls.pages(
            "lambda",
            "list_event_source_mappings",
            "EventSourceMappings",
            FunctionName=deployment.function.name,
        )
    )
