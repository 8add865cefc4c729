"""Messages of containers: Fluent Bit on Kubernetes, FireLens on ECS, Container Insights, EKS itself."""

from functools import lru_cache
from typing import cast

from msgspec import Raw, Struct

from .facts import Facts, Found, Value, only_level, parse, parse_object
from .payloads import Payload, Told, integer_of, level_of_status, object_of, present, reader, text_of

# What is known of containers, as a document's messages are of one, and of some in a log stream of many
_MOST_KEPT = 32
_LONGEST_KEPT = 8192  # bytes

# Labels that say what a pod is part of, the recommended one first
_SERVICE_LABELS = ("app.kubernetes.io/name", "app", "k8s-app")


def _inner(found: Found) -> Found | None:
    """Return the JSON object that an application wrote, where Fluent Bit has put it."""
    processed = found.get("log_processed")
    if isinstance(processed, dict):
        return processed
    log = found.get("log")
    return parse_object(log) if type(log) is str and log.startswith("{") else None


class _Source(Struct, frozen=True):
    """What is the same for all messages of a container."""

    app: str
    names: dict[str, str]
    meta: dict[str, Value]


def _kubernetes(found: Found) -> Told:
    kubernetes = bytes(cast("Raw", found["kubernetes"]))
    source = (_container if len(kubernetes) <= _LONGEST_KEPT else _container.__wrapped__)(kubernetes)
    meta = dict(source.meta)
    if output := text_of(found.get("stream")):
        meta["output"] = output
    return Told(source.app, source.names, meta, "", _inner(found))


@lru_cache(maxsize=_MOST_KEPT)
def _container(kubernetes: bytes) -> _Source:
    """Return what Fluent Bit's `kubernetes` tells, a JSON value."""
    pod = object_of(parse(kubernetes))
    labels = object_of(pod.get("labels"))
    container = text_of(pod.get("container_name"))
    namespace = text_of(pod.get("namespace_name"))
    service = next((label for name in _SERVICE_LABELS if (label := text_of(labels.get(name)))), "")
    named = present({"container": container, "namespace": namespace, "service": service})
    more = {
        "pod": text_of(pod.get("pod_name")),
        "node": text_of(pod.get("host")),
        "container_image": text_of(pod.get("container_image")),
    }
    return _Source(container, named, {**named, **present(more)})


def _firelens(found: Found) -> Told:
    source = _task_s_container(
        text_of(found.get("ecs_cluster")),
        text_of(found["ecs_task_arn"]),
        text_of(found.get("ecs_task_definition")),
        text_of(found.get("container_name")),
    )
    meta = dict(source.meta)
    if output := text_of(found.get("source")):
        meta["output"] = output
    return Told(source.app, source.names, meta, "", _inner(found))


@lru_cache(maxsize=_MOST_KEPT)
def _task_s_container(cluster: str, task: str, definition: str, name: str) -> _Source:
    family, _, revision = definition.rpartition(":")
    # On EC2 the name is Docker's: /ecs-<family>-<revision>-<container>-<20 hex digits>
    name = name.strip("/")
    prefix = f"ecs-{family}-{revision}-"
    container = name[len(prefix) :].rpartition("-")[0] if name.startswith(prefix) else name
    named = present({"cluster": cluster, "family": family, "container": container})
    return _Source(container or family, named, {**named, **present({"task_id": task.rpartition("/")[2]})})


def _insights(found: Found) -> Told:
    service = text_of(found.get("ServiceName")) or text_of(found.get("Service"))
    named = present(
        {
            "cluster": text_of(found["ClusterName"]),
            "namespace": text_of(found.get("Namespace")),
            "service": service,
            "container": text_of(found.get("ContainerName")),
            "family": text_of(found.get("TaskDefinitionFamily")),
        }
    )
    more = {
        "insights_type": text_of(found.get("Type")),
        "pod": text_of(found.get("PodName")),
        "node": text_of(found.get("NodeName")),
        "task_id": text_of(found.get("TaskId")),
    }
    return Told("", named, {**named, **present(more)}, "INFO")


def _audit(found: Found) -> Told:
    about = object_of(found.get("objectRef"))
    status = integer_of(object_of(found.get("responseStatus")).get("code"))
    meta: dict[str, Value | None] = {
        "audit_id": text_of(found["auditID"]),
        "verb": text_of(found.get("verb")),
        "user": text_of(object_of(found.get("user")).get("username")),
        "resource": text_of(about.get("resource")),
        "namespace": text_of(about.get("namespace")),
        "http_status": status,
    }
    found.pop("level", None)  # how much of a request the record holds
    return Told("", {}, present(meta), level_of_status(status))


KUBERNETES = Payload(
    ("kubernetes",),
    ("log_processed", "log", "stream"),
    _kubernetes,
    raw=("kubernetes",),
    service="kubernetes",
)
FIRELENS = Payload(
    ("ecs_task_arn",),
    ("ecs_cluster", "ecs_task_definition", "container_name", "source", "log"),
    _firelens,
    service="firelens",
)
INSIGHTS = Payload(
    ("ClusterName",),
    (
        "ServiceName",
        "Service",
        "Namespace",
        "ContainerName",
        "TaskDefinitionFamily",
        "Type",
        "PodName",
        "NodeName",
        "TaskId",
    ),
    _insights,
)
AUDIT = Payload(("auditID",), ("verb", "user", "objectRef", "responseStatus"), _audit)

# klog's first letter
_KLOG = {b"I": "INFO", b"W": "WARN", b"E": "ERROR", b"F": "FATAL"}


def _klog(literal: bytes) -> Facts | None:
    """Read a line of Kubernetes' own programs: `E1123 10:00:00.123456      10 file.go:12] text`."""
    if literal[2:6].isdigit() and literal[6:7] == b" " and literal[9:10] == b":":
        return only_level(_KLOG.get(literal[1:2], ""))
    return None


read = reader(KUBERNETES, FIRELENS)
read_insights = reader(INSIGHTS)
read_control_plane = reader(AUDIT, text=_klog)
