"""Who wrote a line: an AWS service, a function, a container, by the names of log group and log stream.

`SERVICES` is the table. A new service is one entry there, and a sample in `tests/handler/samples`.

Patterns are literal text with `<name>`, which matches what is between two slashes, if `_SHAPES` does not say
otherwise, and `<name:expression>`, which matches the expression. Names that begin with `_` go no further.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache

from msgspec import Struct

from .facts import LONGEST_VALUE, Read, printable

_LONGEST_APP = 512
_LONGEST_HOSTNAME = 256
_LONGEST_NAME = 1024  # characters of a log group or log stream that is looked at; AWS allows 512


class Recognized(Struct, frozen=True):
    """What log group and log stream tell of the lines of a document; shared, so that it may not be changed.

    Args:
        service: the AWS service, as in `SERVICES`; empty if it is not known.
        app: service, function or container, never an id; 1 to 512 characters.
        hostname: cluster, function, API or database, never an id; 1 to 256 characters and no dot, at which
            Mezmo would cut it.
        names: what templates may use: `cluster`, `container`, `function`, ..., none of them an id.
        meta: what goes into the `meta` of each line: the service, those names, and ids.
        read: what a message says besides, from its JSON string literal: what `facts.read` tells, and what the
            service's own format does. None where `facts.read` is all there is.
    """

    service: str
    app: str
    hostname: str
    names: dict[str, str]
    meta: dict[str, str]
    read: Read | None = None


class Service(Struct, frozen=True, kw_only=True):
    """How a service is recognized, and what its lines are called.

    Args:
        name: the service.
        groups: patterns of its log groups.
        streams: patterns of log streams by which it is recognized in any log group.
        more: patterns of log streams that tell more, but would tell nothing without the log group.
        app: templates over the names, the first whose names are all there; besides the patterns' names there
            are `{_group}`, the log group's readable name, and `{_last}`, the last part of it.
        hostname: the same for the hostname.
        names: names that are the same for all.
        read: imports what reads a message.
    """

    name: str
    groups: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    app: tuple[str, ...] = ("{_last}",)
    hostname: tuple[str, ...] = ("{_group}",)
    names: dict[str, str] = {}
    read: Callable[[], Read] | None = None


_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

_SHAPES = {
    "_date": r"\d{4}/\d{2}/\d{2}",
    "_number": r"(?:_\d+)?",
    "_region": _REGION,
    "_rest": ".*",
    "_path": ".+",
    "account_id": r"\d{12}",
    "build": _UUID,
    "container_id": "[0-9a-f]{64}",
    "event_region": _REGION,
    "execution_environment": "[0-9a-f]{32}",
    "function_version": r"[^\]/]+",
    "interface": "eni-[0-9a-f]+",
    "namespace": "[^_/]+",
    "node": "[^/]+?",
    "pod": "[^_/]+",
    "prefix": ".+",  # of a log stream of ECS; with slashes, if somebody wants them
    "task_id": f"(?:[0-9a-f]{{32}}|{_UUID})",
}

# Names that go into `meta`, but not into templates: a hostname or an app of its own for each is one too many.
_IDS = frozenset(
    (
        "account_id",
        "build",
        "container_id",
        "execution",
        "execution_environment",
        "function_version",
        "instance",
        "interface",
        "node",
        "pod",
        "task_id",
    )
)


def _containers() -> Read:
    from .containers import read  # noqa: PLC0415

    return read


def _insights() -> Read:
    from .containers import read_insights  # noqa: PLC0415

    return read_insights


def _control_plane() -> Read:
    from .containers import read_control_plane  # noqa: PLC0415

    return read_control_plane


def _lambda() -> Read:
    from .functions import read  # noqa: PLC0415

    return read


def _gateway() -> Read:
    from .web_requests import read_gateway  # noqa: PLC0415

    return read_gateway


def _appsync() -> Read:
    from .web_requests import read_appsync  # noqa: PLC0415

    return read_appsync


def _waf() -> Read:
    from .web_requests import read_waf  # noqa: PLC0415

    return read_waf


def _postgresql() -> Read:
    from .databases import read_postgresql  # noqa: PLC0415

    return read_postgresql


def _mysql() -> Read:
    from .databases import read_mysql  # noqa: PLC0415

    return read_mysql


def _flows() -> Read:
    from .records import read_flow  # noqa: PLC0415

    return read_flow


def _cloudtrail() -> Read:
    from .records import read_cloudtrail  # noqa: PLC0415

    return read_cloudtrail


def _states() -> Read:
    from .records import read_states  # noqa: PLC0415

    return read_states


def _resolver() -> Read:
    from .records import read_resolver  # noqa: PLC0415

    return read_resolver


def _anything() -> Read:
    from .unknown import read  # noqa: PLC0415

    return read


def _database(engine: str, log: str, read: Callable[[], Read] | None = None) -> Service:
    return Service(
        name="rds",
        groups=(
            f"/aws/rds/cluster/<database>/<log:{log}>",
            f"/aws/rds/instance/<database>/<log:{log}>",
        ),
        more=("<instance:[^.]+>.<_rest>", "<instance>"),
        app=("rds-{log}",),
        hostname=("{database}",),
        names={"engine": engine} if engine else {},
        read=read,
    )


SERVICES = (
    Service(
        name="lambda",
        groups=("/aws/lambda/<_region>.<function>", "/aws/lambda/<function>"),  # the first is Lambda@Edge's
        streams=(
            "<_date>/[<function_version>]<execution_environment>",
            "<_date>/<function>[<function_version>][<execution_environment>]",
            "<_date>/<function>[<function_version>]<execution_environment>",
        ),
        app=("{function}", "{_last}"),
        hostname=("{function}", "{_group}"),
        read=_lambda,
    ),
    Service(
        name="eks-control-plane",
        groups=("/aws/eks/<cluster>/cluster",),
        more=("<component:[a-z-]+>-<_stream:[0-9a-f]{32}>",),
        app=("{component}", "eks-control-plane"),
        hostname=("{cluster}",),
        read=_control_plane,
    ),
    Service(
        name="container-insights",
        groups=(
            "/aws/ecs/containerinsights/<cluster>/performance",
            "/aws/containerinsights/<cluster>/performance",
            "/aws/containerinsights/<cluster>/prometheus",
        ),
        app=("container-insights",),
        hostname=("{cluster}",),
        read=_insights,
    ),
    Service(
        name="eks",
        groups=(
            "/aws/containerinsights/<cluster>/<log:application|dataplane|host>",
            "/aws/eks/fluentbit-cloudwatch/workload/<namespace>",
            "/aws/eks/fluentbit-cloudwatch/<log>",
            "/aws/eks/<cluster>/<log>",
        ),
        streams=(
            "<node>-<log:application>.var.log.containers.<pod>_<namespace>_<container:[^_/]+>-<container_id>.log",
            "<node>-<log:dataplane>.tail.var.log.containers.<pod>_<namespace>_<container:[^_/]+>-<container_id>.log",
            "<_prefix:.*?>var.log.containers.<pod>_<namespace>_<container:[^_/]+>-<container_id>.log",
        ),
        more=(
            "<node>-<log:dataplane>.systemd.<component>.service",
            "<node>-<log:dataplane>.systemd.<component>",
            "<node>-<log:host>.<component>",
            "<node>.<log:host>.<component>",
        ),
        app=("{container}", "{component}", "{log}", "{_last}"),
        hostname=("{cluster}", "{_group}"),
        read=_containers,
    ),
    Service(
        name="firelens",
        streams=("<_prefix:.*?><container:[A-Za-z0-9_-]+?>-firelens-<task_id>",),
        app=("{container}",),
        read=_containers,
    ),
    Service(
        name="api-gateway",
        groups=("API-Gateway-Execution-Logs_<api>/<stage>", "/aws/apigateway/<api>/<stage>"),
        app=("{api}/{stage}",),
        hostname=("{api}",),
        read=_gateway,
    ),
    Service(
        name="api-gateway",
        groups=(
            "/aws/apigateway/<api>",
            "/aws/api-gateway/<api>",
            "/aws/http-api/<api>",
            "/aws/vendedlogs/apigateway/<api>",
        ),
        app=("{api}",),
        hostname=("{api}",),
        read=_gateway,
    ),
    _database("postgresql", "postgresql|upgrade", _postgresql),
    _database("mysql", "general|slowquery", _mysql),
    _database("oracle", "alert|listener|trace|oemagent"),
    _database("sqlserver", "agent"),
    _database("db2", r"diag\.log|notify\.log"),
    _database("", "error", _mysql),  # MySQL's, MariaDB's or SQL Server's
    _database("", "audit|iam-db-auth-error|instance"),
    Service(name="rds-proxy", groups=("/aws/rds/proxy/<database>",), hostname=("{database}",)),
    Service(
        name="vpc-flow-logs",
        streams=("<interface>-<traffic:all|accept|reject>",),
        app=("vpc-flow-logs",),
        read=_flows,
    ),
    Service(
        name="cloudtrail",
        streams=("<_organization:(?:o-[a-z0-9]+_)?><account_id>_CloudTrail_<event_region><_number>",),
        app=("cloudtrail",),
        read=_cloudtrail,
    ),
    Service(
        name="step-functions",
        groups=(
            "/aws/vendedlogs/states/<machine>-Logs",
            "/aws/vendedlogs/states/<machine>",
        ),
        streams=("states/<machine>/<_rest>",),
        app=("{machine}",),
        hostname=("{machine}",),
        read=_states,
    ),
    Service(
        name="route53-resolver",
        groups=("/aws/route53resolver/<_path>", "/aws/vendedlogs/route53resolver/<_path>"),
        app=("route53-resolver",),
        read=_resolver,
    ),
    Service(
        name="route53",
        groups=("/aws/route53/<zone>",),
        app=("route53",),
        hostname=("{zone}",),
    ),
    Service(
        name="waf",
        groups=("aws-waf-logs-<web_acl>",),
        app=("waf",),
        hostname=("{web_acl}",),
        read=_waf,
    ),
    Service(
        name="codebuild",
        groups=("/aws/codebuild/<project>",),
        more=("<build>",),
        app=("{project}",),
        hostname=("{project}",),
    ),
    Service(
        name="appsync",
        groups=("/aws/appsync/apis/<api>",),
        app=("appsync",),
        hostname=("{api}",),
        read=_appsync,
    ),
    Service(
        name="batch",
        groups=("/aws/batch/job",),
        more=("<job>/default/<task_id>",),
        app=("{job}", "batch"),
        hostname=("batch",),
    ),
    Service(
        name="elastic-beanstalk",
        groups=("/aws/elasticbeanstalk/<environment>/<_path>",),
        more=("<instance:i-[0-9a-f]+>",),
        hostname=("{environment}",),
    ),
    # Last, as the shape of its log streams is not its alone
    Service(
        name="ecs",
        groups=("/ecs/<family>", "/ecs/<_path>", "/aws/ecs/<_path>"),
        streams=(
            "ecs/<container>/<task_id>",
            "<service>/<container>/<task_id>",
            "<prefix>/<container>/<task_id>",
        ),
        app=("{container}", "{_last}"),
        hostname=("{family}", "{_path}", "{_group}"),
    ),
)

_UNKNOWN = Service(name="", read=_anything)


def recognize(log_group: str, log_stream: str) -> Recognized:
    """Return what the names of log group and log stream tell; they may be any text."""
    return _recognize(log_group[: _LONGEST_NAME + 1], log_stream[: _LONGEST_NAME + 1])


@lru_cache(maxsize=64)
def _recognize(log_group: str, log_stream: str) -> Recognized:
    for service in SERVICES:
        by_group = _match(service.groups, log_group)
        by_stream = _match(service.streams, log_stream)
        if by_group is not None or by_stream is not None:
            if not by_stream and service.more:
                by_stream = _match(service.more, log_stream)
            # What the log group says is more to be relied on.
            return _recognized(service, log_group, {**service.names, **(by_stream or {}), **(by_group or {})})
    return _recognized(_UNKNOWN, log_group, {})


def _recognized(service: Service, log_group: str, found: dict[str, str]) -> Recognized:
    group = printable(log_group).strip("/").removeprefix("aws/")
    parts = {"_group": group, "_last": group.rpartition("/")[2]}
    parts |= {name: printable(value)[:LONGEST_VALUE] for name, value in found.items() if value}
    told = {name: value for name, value in parts.items() if name[0] != "_"}
    return Recognized(
        service=service.name,
        app=_fill(service.app, parts)[:_LONGEST_APP],
        hostname=_fill(service.hostname, parts).replace(".", "_")[:_LONGEST_HOSTNAME].rstrip(),
        names={name: value for name, value in told.items() if name not in _IDS},
        meta={"aws_service": service.name, **told} if service.name else {},
        read=service.read and service.read(),
    )


def _fill(templates: tuple[str, ...], parts: dict[str, str]) -> str:
    """Fill the first template whose names are all there."""
    for template in templates:
        with suppress(KeyError):
            if text := template.format_map(parts).strip():
                return text
    return "unknown"


def _match(patterns: tuple[str, ...], text: str) -> dict[str, str] | None:
    if len(text) > _LONGEST_NAME:
        return None
    for pattern in patterns:
        # Few expressions are ever compiled: a function sees few kinds of names.
        if all(part in text for part in _literals(pattern)) and (
            found := _expression(pattern).fullmatch(text)
        ):
            return found.groupdict()
    return None


_PLACE = re.compile("<([^>]*)>")


@cache
def _literals(pattern: str) -> list[str]:
    return _PLACE.split(pattern)[::2]


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = _PLACE.split(pattern)
    for place in range(1, len(parts), 2):
        name, _, shape = parts[place].partition(":")
        parts[place] = f"(?P<{name}>{shape or _SHAPES.get(name, '[^/]+')})"
    parts[::2] = map(re.escape, parts[::2])
    return re.compile("".join(parts), re.DOTALL)
