"""The table of the services that are recognized, by the names of their log groups and log streams.

A new service is one entry in `SERVICES`, and a sample in `tests/handler/samples`.

Patterns are literal text with `<name>`, which matches what is between two slashes, if `SHAPES` does not say
otherwise, and `<name:expression>`, which matches the expression. Names that begin with `_` go no further.
"""

from collections.abc import Callable

from msgspec import Struct

from .facts import Read


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

SHAPES = {
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
IDS = frozenset(
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
    from .containers import read  # noqa: PLC0415  when it is met

    return read


def _insights() -> Read:
    from .containers import read_insights  # noqa: PLC0415  when it is met

    return read_insights


def _control_plane() -> Read:
    from .containers import read_control_plane  # noqa: PLC0415  when it is met

    return read_control_plane


def _lambda() -> Read:
    from .functions import read  # noqa: PLC0415  when it is met

    return read


def _gateway() -> Read:
    from .web_requests import read_gateway  # noqa: PLC0415  when it is met

    return read_gateway


def _appsync() -> Read:
    from .web_requests import read_appsync  # noqa: PLC0415  when it is met

    return read_appsync


def _waf() -> Read:
    from .web_requests import read_waf  # noqa: PLC0415  when it is met

    return read_waf


def _postgresql() -> Read:
    from .databases import read_postgresql  # noqa: PLC0415  when it is met

    return read_postgresql


def _mysql() -> Read:
    from .databases import read_mysql  # noqa: PLC0415  when it is met

    return read_mysql


def _flows() -> Read:
    from .records import read_flow  # noqa: PLC0415  when it is met

    return read_flow


def _cloudtrail() -> Read:
    from .records import read_cloudtrail  # noqa: PLC0415  when it is met

    return read_cloudtrail


def _states() -> Read:
    from .records import read_states  # noqa: PLC0415  when it is met

    return read_states


def _resolver() -> Read:
    from .records import read_resolver  # noqa: PLC0415  when it is met

    return read_resolver


def _anything() -> Read:
    from .unknown import read  # noqa: PLC0415  when it is met

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

UNKNOWN = Service(name="", read=_anything)
