"""What is deployed: the log group, the function, the subscription between them."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mezmo_forwarder_commands.aws_session import AwsSession, saying
from mezmo_forwarder_commands.errors import CommandError

from .query import Query, as_time

_SETTINGS = "MEZMO_FORWARDER_SETTINGS"
DAY = 24 * 60 * 60 * 1000
_MARGIN = 5 * 60 * 1000  # CloudWatch takes some time until what was written can be read

OLD = (
    "Mezmo may show lines older than a day at the time of their arrival. Its own clients' documents say that "
    "a timestamp must be within a day, or the time of arrival takes its place; its API reference is silent. "
    "Try an hour of it first, and look for the lines in Mezmo; docs/how-to/backfill.md has the sources"
)


@dataclass(frozen=True)
class Asked:
    """What the user asked for; None where that is left to us."""

    log_group: str
    function: str
    start: int
    end: int | None
    pattern: str | None
    filter_name: str | None


@dataclass(frozen=True)
class Target:
    """What is deployed.

    Args:
        query: what is asked for, complete.
        memory: the function's, in MB.
        architecture: the function's.
        timeout: the function's, in seconds.
        warnings: what speaks against it.
    """

    query: Query
    memory: int
    architecture: str
    timeout: int
    warnings: tuple[str, ...]


def find(session: AwsSession, asked: Asked, now: int | None = None) -> Target:
    """Look at what is deployed.

    Args:
        session: the user's.
        asked: what the user asked for.
        now: the time in milliseconds.

    Raises:
        CommandError: it cannot be read, or cannot be sent through this function.
    """
    now = int(time.time() * 1000) if now is None else now
    logs = session.client("logs")
    group = _log_group(logs, asked.log_group)
    function = _function(session, asked)
    subscription = _subscription(logs, asked, str(function["FunctionArn"]))
    created = int(subscription.get("creationTime", 0)) if subscription else 0
    end = asked.end if asked.end is not None else min(created or now - _MARGIN, now - _MARGIN)
    if end <= asked.start:
        why = (
            "" if asked.end is not None else " (by default when the subscription began, or five minutes ago)"
        )
        raise CommandError(
            f"--to {as_time(end)}{why} is not after --from {as_time(asked.start)}; name a later one"
        )
    pattern = asked.pattern if asked.pattern is not None else subscription.get("filterPattern", "")
    name = asked.filter_name or subscription.get("filterName")
    query = Query(
        account=str(group["arn"]).split(":")[4],
        region=session.region,
        log_group=asked.log_group,
        function=str(function["FunctionArn"]),
        start=asked.start,
        end=end,
        pattern=pattern,
        filters=(name,) if name else (),
    )
    warnings = [*_warnings(query, group, subscription, created=created, now=now)]
    return Target(
        query,
        memory=int(function.get("MemorySize", 128)),
        architecture=str(function.get("Architectures", ["x86_64"])[0]),
        timeout=int(function.get("Timeout", 60)),
        warnings=tuple(warnings),
    )


def _log_group(logs: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401  botocore has no types
    with saying(f"looking for log group {name!r}"):
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        groups = (group for page in pages for group in page["logGroups"])
        found = next((group for group in groups if group["logGroupName"] == name), None)
    if found is None:
        raise CommandError(f"there is no log group {name!r} in {logs.meta.region_name}; look at --region")
    kind = found.get("logGroupClass", "STANDARD")
    if kind != "STANDARD":
        raise CommandError(
            f"log group {name!r} is of the class {kind}, whose log events CloudWatch gives to Logs "
            "Insights alone; only the class STANDARD can be read"
        )
    return dict(found)


def _function(session: AwsSession, asked: Asked) -> Mapping[str, Any]:
    client = session.client("lambda")
    with saying(f"looking at function {asked.function!r}"):
        found: dict[str, Any] = client.get_function_configuration(FunctionName=asked.function)
    environment = found.get("Environment", {})
    if "Error" not in environment and _SETTINGS not in environment.get("Variables", {}):
        raise CommandError(
            f"function {asked.function!r} has no {_SETTINGS}: it is no forwarder of this library's, or "
            "runs a vendor's code, which counts nothing; name the forwarder's, as the console has it"
        )
    own = found.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{found['FunctionName']}")
    if own == asked.log_group:
        raise CommandError(f"log group {own!r} is the forwarder's own, which it never forwards")
    return found


def _subscription(logs: Any, asked: Asked, function: str) -> Mapping[str, Any]:  # noqa: ANN401  botocore has no types
    """Return the subscription by which events would have come; an empty one if there is none."""
    with saying(f"reading the subscription filters of log group {asked.log_group!r}"):
        pages = logs.get_paginator("describe_subscription_filters").paginate(logGroupName=asked.log_group)
        filters = [found for page in pages for found in page["subscriptionFilters"]]
    if asked.filter_name:
        return next((found for found in filters if found["filterName"] == asked.filter_name), {})
    ours = [found for found in filters if _unqualified(found["destinationArn"]) == _unqualified(function)]
    if len(ours) > 1:
        names = ", ".join(found["filterName"] for found in ours)
        raise CommandError(
            f"log group {asked.log_group!r} has several filters to this function; add --filter-name with "
            f"one of: {names}"
        )
    return dict(ours[0]) if ours else {}


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])


def _warnings(
    query: Query, group: Mapping[str, Any], subscription: Mapping[str, Any], *, created: int, now: int
) -> Iterator[str]:
    if query.start < now - DAY:
        yield OLD
    days = group.get("retentionInDays")
    if days and query.start < now - days * DAY:
        yield (
            f"the log group keeps {days} days: what is older than {as_time(now - days * DAY)} is gone, or "
            "goes while this runs"
        )
    if query.end > now - _MARGIN:
        yield "log events of the last five minutes may still be arriving, and are missed; end --to earlier"
    if not query.filters:
        yield (
            "no subscription filter of the log group leads to this function; its general settings hold; "
            "if a stream or the account's subscription does, what that has sent arrives a second time"
        )
    elif not subscription:
        yield f"the log group has no subscription filter {query.filters[0]!r}: its name alone is sent along"
    elif query.end > created:
        yield (
            f"the subscription began at {as_time(created)}: what was written between then and "
            f"{as_time(query.end)} arrives a second time, as far as we know with the same event id, which "
            "AWS does not state; leave out --to to end there"
        )
    if subscription.get("applyOnTransformedLogs"):
        yield "the subscription sends transformed log events; CloudWatch gives out the original ones"
