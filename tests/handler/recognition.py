"""The services that are recognized: samples of their messages, and what becomes of them.

    python -m tests.handler.recognition           writes docs/reference/services.md from both
    python -m tests.handler.recognition expect    writes what is recognized into samples that do not say it

A sample is a file in `samples`: the service, the addresses of the documents that tell its format, and
documents as CloudWatch sends them. A message that is a JSON object may be written as one.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from handler.services import facts
from handler.services.facts import Facts
from handler.services.recognition import Recognized, recognize
from handler.texts.literals import literal_of

SAMPLES = Path(__file__).with_name("samples")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/reference/services.md"


class Sample(Struct):
    """What a service writes, and what is expected to be recognized of it."""

    about: str
    logGroup: str  # noqa: N815  as CloudWatch spells it
    logStream: str  # noqa: N815
    messages: list[str | dict[str, Any]]
    expected: dict[str, Any] = {}

    @property
    def literals(self) -> list[bytes]:
        """The messages as they stand in CloudWatch's document."""
        texts = [m if isinstance(m, str) else json.dumps(m, ensure_ascii=False) for m in self.messages]
        return [literal_of(text) for text in texts]

    def recognized(self) -> tuple[Recognized, list[Facts | None]]:
        """Recognize names and messages, as the handler does."""
        found = recognize(self.logGroup, self.logStream)
        read = found.read or facts.read
        return found, [read(literal) for literal in self.literals]

    def fields(self) -> set[str]:
        """Return the fields of `meta` that its lines have."""
        found, messages = self.recognized()
        return {*found.meta}.union(*(said.meta for said in messages if said))

    def outcome(self) -> dict[str, Any]:
        """Return in plain words what is recognized."""
        found, messages = self.recognized()
        return {
            "service": found.service,
            "app": found.app,
            "hostname": found.hostname,
            "names": found.names,
            "meta": found.meta,
            "messages": [
                None if said is None else {k: v for k, v in msgspec.structs.asdict(said).items() if v}
                for said in messages
            ],
        }


class Service(Struct):
    """A file of samples."""

    service: str
    documents: list[str]
    samples: list[Sample]


def services() -> Iterator[tuple[Path, Service]]:
    """Yield each file of samples."""
    for path in sorted(SAMPLES.glob("*.json")):
        yield path, msgspec.json.decode(path.read_bytes(), type=Service)


# What recognition puts into `meta`: the type of each field, and what it is
META: dict[str, tuple[type, str]] = {
    "account_id": (str, "the account that a record of CloudTrail, of a flow or of a query is about"),
    "action": (str, "what a firewall did: ACCEPT, REJECT, ALLOW, BLOCK, ..."),
    "api": (str, "API Gateway's or AppSync's API"),
    "appsync_log": (str, "AppSync's type of log"),
    "audit_id": (str, "the id of a Kubernetes request"),
    "aws_service": (str, "the service, as in the table above"),
    "billed_duration_ms": (float, "Lambda's REPORT"),
    "billed_restore_duration_ms": (float, "Lambda's REPORT"),
    "build": (str, "CodeBuild's id of a build"),
    "bytes": (int, "of a flow"),
    "client_ip": (str, "who asked"),
    "cloudtrail_id": (str, "CloudTrail's id of an event"),
    "cluster": (str, "of ECS or EKS"),
    "component": (str, "a program of Kubernetes or of the node"),
    "container": (str, "the container's name in task definition or pod"),
    "container_id": (str, "the container runtime's id"),
    "container_image": (str, "the image, as Fluent Bit tells it"),
    "country": (str, "WAF's two letters"),
    "database": (str, "RDS's instance, cluster or proxy"),
    "db_name": (str, "PostgreSQL's database"),
    "db_user": (str, "PostgreSQL's or MySQL's user"),
    "destination_ip": (str, "of a flow"),
    "destination_port": (int, "of a flow"),
    "duration_ms": (float, "how long an invocation, a request or a query took"),
    "engine": (str, "postgresql, mysql (MariaDB too), oracle, sqlserver or db2"),
    "environment": (str, "Elastic Beanstalk's"),
    "error_code": (str, "CloudTrail's"),
    "error_type": (str, "Lambda's"),
    "event_name": (str, "CloudTrail's"),
    "event_region": (str, "the region of CloudTrail's event"),
    "event_source": (str, "CloudTrail's"),
    "event_time": (str, "CloudTrail's"),
    "execution": (str, "Step Functions' execution"),
    "execution_environment": (str, "Lambda's"),
    "family": (str, "ECS's task definition, without the revision"),
    "flow_end": (int, "seconds since the epoch"),
    "flow_start": (int, "seconds since the epoch"),
    "flow_status": (str, "OK, NODATA or SKIPDATA"),
    "function": (str, "Lambda's function"),
    "function_version": (str, "its version, or $LATEST"),
    "http_method": (str, "of a request"),
    "http_path": (str, "of a request"),
    "http_route": (str, "API Gateway's route or resource"),
    "http_status": (int, "of the answer"),
    "init_duration_ms": (float, "Lambda's REPORT"),
    "initialization_type": (str, "Lambda's"),
    "insights_type": (str, "Container Insights': Pod, Container, Task, ..."),
    "instance": (str, "RDS's instance, or the EC2 instance that wrote or asked"),
    "interface": (str, "the network interface of a flow"),
    "job": (str, "Batch's job definition"),
    "lambda_event": (str, "start, end, report, initStart, runtimeDone, ..."),
    "log": (str, "which log of a database, a cluster or a node"),
    "machine": (str, "Step Functions' state machine"),
    "max_memory_used_mb": (int, "Lambda's REPORT"),
    "memory_size_mb": (int, "Lambda's REPORT"),
    "namespace": (str, "of Kubernetes"),
    "node": (str, "of Kubernetes"),
    "operation": (str, "GraphQL's operation"),
    "output": (str, "stdout or stderr"),
    "packets": (int, "of a flow"),
    "phase": (str, "Lambda's INIT_REPORT"),
    "pod": (str, "of Kubernetes"),
    "prefix": (str, "of ECS's log stream, if it has slashes"),
    "process": (int, "PostgreSQL's process"),
    "produced_bytes": (int, "Lambda's runtimeDone"),
    "project": (str, "CodeBuild's"),
    "protocol": (int, "IANA's number, of a flow"),
    "query_name": (str, "the name that was asked for"),
    "query_type": (str, "A, AAAA, PTR, ..."),
    "rcode": (str, "the answer's code, of a query"),
    "request_id": (str, "of an invocation or a request"),
    "resource": (str, "of Kubernetes' audit log"),
    "restore_duration_ms": (float, "Lambda's REPORT"),
    "rows_examined": (int, "MySQL's slow query"),
    "rule": (str, "the rule by which WAF decided"),
    "runtime_version": (str, "Lambda's"),
    "service": (str, "ECS's log stream prefix, or the label of a pod"),
    "source_ip": (str, "of a flow"),
    "source_port": (int, "of a flow"),
    "stage": (str, "API Gateway's"),
    "state": (str, "Step Functions' state"),
    "states_event": (str, "Step Functions' type of event"),
    "status": (str, "Lambda's: success, error, failure, timeout"),
    "task_id": (str, "of ECS"),
    "trace_id": (str, "W3C's trace id, or X-Ray's in the same form: 32 hex digits"),
    "traffic": (str, "which traffic a flow log is about: all, accept, reject"),
    "user": (str, "who did it: an ARN, or Kubernetes' user"),
    "user_type": (str, "CloudTrail's type of identity"),
    "verb": (str, "of Kubernetes' audit log"),
    "vpc": (str, "the VPC that asked for a name"),
    "web_acl": (str, "WAF's"),
    "zone": (str, "Route 53's hosted zone"),
}


def table() -> str:
    """Return, as Markdown, each sample's first message and what its line is called."""
    rows = ["| service | sample | app | hostname | level | meta |", "|---|---|---|---|---|---|"]
    for _, service in services():
        for sample in service.samples:
            found, messages = sample.recognized()
            said = messages[0] or Facts()
            meta = " ".join(f"{name}={value}" for name, value in {**found.meta, **said.meta}.items())
            text = json.loads(sample.literals[0])
            cells = [
                service.service,
                f"{sample.about}<br>`{_cell(sample.logGroup)}`<br>`{_cell(sample.logStream)}`<br>`{_cell(text)}`",
                f"`{_cell(said.app or found.app)}`",
                f"`{_cell(found.hostname)}`",
                said.level,
                f"`{_cell(meta, 1000)}`",
            ]
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def meta_table() -> str:
    """Return, as Markdown, the fields of `meta`, their types, and the services whose samples show them."""
    rows = ["| field | type | what it is | of |", "|---|---|---|---|"]
    names = {str: "text", int: "integer", float: "number"}
    shown: dict[str, set[str]] = {name: set() for name in META}
    for path, service in services():
        for sample in service.samples:
            for field in sample.fields():
                if field not in META:
                    raise LookupError(f"{path.name} has a field {field!r} of meta; say in META what it is")
                shown[field].add(service.service or "unknown")
    rows += [
        f"| `{name}` | {names[kind]} | {about} | {', '.join(sorted(shown[name]))} |"
        for name, (kind, about) in sorted(META.items())
    ]
    return "\n".join(rows) + "\n"


def document() -> str:
    """Return what `docs/reference/services.md` says."""
    return f"""# Services that are recognized

Written by `python -m tests.handler.recognition`, from the samples in `tests/handler/samples`, which the
tests go through. Each has the addresses of the documents that tell its format. A row is a sample's log
group, log stream and first message, and what its line is called; the line's text is the message, and
`meta` has what [lines](lines.md) says besides. Adding a service is an entry in
`src/mezmo_forwarder/handler/services/table.py` and a sample.

{table()}
## The fields of `meta`

Of what is recognized, and of what messages tell. A field has the same type in every line, of whatever
service.

{meta_table()}"""


def _cell(text: str, longest: int = 120) -> str:
    text = " ".join(text.replace("`", "'").replace("|", "\\|").split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def write_expected() -> None:
    """Write what is expected into the samples that lack it."""
    for path, service in services():
        for sample in service.samples:
            sample.expected = sample.expected or sample.outcome()
        path.write_text(
            json.dumps(msgspec.to_builtins(service), indent=2, ensure_ascii=False) + "\n", "utf-8"
        )


if __name__ == "__main__":
    if sys.argv[1:] == ["expect"]:
        write_expected()
    else:
        DOCUMENT.write_text(document(), "utf-8")
