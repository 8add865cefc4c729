"""Messages of containers: Fluent Bit on Kubernetes, FireLens on ECS, Container Insights, EKS itself."""

from .facts import Facts, Found, only_level, parse_object
from .payloads import Payload, Told, integer_of, level_of_status, object_of, reader, text_of

# Labels that say what a pod is part of, the recommended one first
_SERVICE_LABELS = ("app.kubernetes.io/name", "app", "k8s-app")


def _inner(found: Found) -> Found | None:
    """Return the JSON object that an application wrote, where Fluent Bit has put it."""
    processed = found.get("log_processed")
    if isinstance(processed, dict):
        return processed
    log = found.get("log")
    return parse_object(log) if type(log) is str and log.startswith("{") else None


def _kubernetes(found: Found) -> Told:
    pod = object_of(found["kubernetes"])
    labels = object_of(pod.get("labels"))
    container = text_of(pod.get("container_name"))
    namespace = text_of(pod.get("namespace_name"))
    service = next((label for name in _SERVICE_LABELS if (label := text_of(labels.get(name)))), "")
    named = {"container": container, "namespace": namespace, "service": service}
    return Told(
        app=container,
        names=named,
        meta={
            **named,
            "pod": text_of(pod.get("pod_name")),
            "node": text_of(pod.get("host")),
            "container_image": text_of(pod.get("container_image")),
            "output": text_of(found.get("stream")),
        },
        inner=_inner(found),
    )


def _firelens(found: Found) -> Told:
    cluster = text_of(found.get("ecs_cluster"))
    family, _, revision = text_of(found.get("ecs_task_definition")).rpartition(":")
    # On EC2 the name is Docker's: /ecs-<family>-<revision>-<container>-<20 hex digits>
    name = text_of(found.get("container_name")).strip("/")
    prefix = f"ecs-{family}-{revision}-"
    container = name[len(prefix) :].rpartition("-")[0] if name.startswith(prefix) else name
    named = {"cluster": cluster, "family": family, "container": container}
    return Told(
        app=container or family,
        names=named,
        meta={
            **named,
            "task_id": text_of(found["ecs_task_arn"]).rpartition("/")[2],
            "output": text_of(found.get("source")),
        },
        inner=_inner(found),
    )


def _insights(found: Found) -> Told:
    service = text_of(found.get("ServiceName")) or text_of(found.get("Service"))
    named = {
        "cluster": text_of(found["ClusterName"]),
        "namespace": text_of(found.get("Namespace")),
        "service": service,
        "container": text_of(found.get("ContainerName")),
        "family": text_of(found.get("TaskDefinitionFamily")),
    }
    return Told(
        names=named,
        meta={
            **named,
            "insights_type": text_of(found.get("Type")),
            "pod": text_of(found.get("PodName")),
            "node": text_of(found.get("NodeName")),
            "task_id": text_of(found.get("TaskId")),
        },
        level="INFO",
    )


def _audit(found: Found) -> Told:
    about = object_of(found.get("objectRef"))
    status = integer_of(object_of(found.get("responseStatus")).get("code"))
    return Told(
        meta={
            "audit_id": text_of(found["auditID"]),
            "verb": text_of(found.get("verb")),
            "user": text_of(object_of(found.get("user")).get("username")),
            "resource": text_of(about.get("resource")),
            "namespace": text_of(about.get("namespace")),
            "http_status": status,
        },
        # The record's own `level` says how much of a request it holds.
        level=level_of_status(status),
    )


KUBERNETES = Payload("kubernetes", ("kubernetes",), ("log_processed", "log", "stream"), _kubernetes)
FIRELENS = Payload(
    "firelens",
    ("ecs_task_arn",),
    ("ecs_cluster", "ecs_task_definition", "container_name", "source", "log", "log_processed"),
    _firelens,
)
INSIGHTS = Payload(
    "container-insights",
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
AUDIT = Payload("eks-control-plane", ("auditID",), ("verb", "user", "objectRef", "responseStatus"), _audit)

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
