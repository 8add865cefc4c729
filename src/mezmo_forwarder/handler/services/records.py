"""Messages that are records of what happened: VPC flow logs, CloudTrail, Step Functions, DNS queries."""

from handler.texts.literals import trim

from .facts import Facts, Found, Value
from .payloads import Payload, Told, object_of, present, reader, text_of

# VPC flow logs

# The default format, version 2, without the version: texts, whole numbers, texts
_FLOW = (
    "account_id",
    "interface",
    "source_ip",
    "destination_ip",
    "source_port",
    "destination_port",
    "protocol",
    "packets",
    "bytes",
    "flow_start",
    "flow_end",
    "action",
    "flow_status",
)
_NUMBERS = slice(4, 11)
_LONGEST_FLOW = 256  # bytes of such a record, by far


def read_flow(literal: bytes) -> Facts | None:
    """Read `2 123456789012 eni-0a1b 10.0.0.1 10.0.0.2 443 49152 6 10 840 1795000000 1795000060 ACCEPT OK`."""
    if not literal.startswith(b'"2 ') or len(literal) > _LONGEST_FLOW:
        return None
    words = trim(literal)[3:-1].decode("ascii", "replace").split(" ")
    if len(words) != len(_FLOW):
        return None
    values: list[Value] = [*words]
    values[_NUMBERS] = [int(word) if word.isdecimal() and len(word) < 19 else "" for word in words[_NUMBERS]]
    meta = dict(zip(_FLOW, values, strict=True))
    if "-" in words or "" in values:  # a dash is what is not known
        meta = {name: value for name, value in meta.items() if value not in ("-", "")}
    action = meta.get("action")
    return Facts("", {"action": action} if isinstance(action, str) else {}, meta, "")


# CloudTrail


def _api_call(found: Found) -> Told:
    by = object_of(found.get("userIdentity"))
    error = text_of(found.get("errorCode"))
    named = present(
        {
            "event_source": text_of(found["eventSource"]),
            "event_name": text_of(found["eventName"]),
            "event_region": text_of(found.get("awsRegion")),
        }
    )
    more = {
        "event_time": text_of(found.get("eventTime")),
        "cloudtrail_id": text_of(found.get("eventID")),
        "account_id": text_of(found.get("recipientAccountId")),
        "error_code": error,
        "client_ip": text_of(found.get("sourceIPAddress")),
        "user_type": text_of(by.get("type")),
        "user": text_of(by.get("arn")) or text_of(by.get("userName")) or text_of(by.get("invokedBy")),
    }
    return Told("", named, {**named, **present(more)}, "WARN" if error else "INFO")


# Step Functions

_FAILED = ("Failed", "TimedOut", "Aborted")


def _execution(found: Found) -> Told:
    # arn:aws:states:<region>:<account>:execution:<machine>:<execution>, or express:<machine>:<execution>:<id>
    parts = text_of(found["execution_arn"]).split(":")
    machine = parts[6] if len(parts) > 7 else ""
    kind = text_of(found.get("type"))
    named = present({"machine": machine})
    more = {
        "execution": ":".join(parts[7:]),
        "states_event": kind,
        "state": text_of(object_of(found.get("details")).get("name")),
    }
    return Told(machine, named, {**named, **present(more)}, "ERROR" if kind.endswith(_FAILED) else "INFO")


# Route 53 Resolver


def _query(found: Found) -> Told:
    meta = {
        "vpc": text_of(found["vpc_id"]),
        "query_name": text_of(found["query_name"]),
        "query_type": text_of(found.get("query_type")),
        "rcode": text_of(found.get("rcode")),
        "account_id": text_of(found.get("account_id")),
        "client_ip": text_of(found.get("srcaddr")),
        "instance": text_of(object_of(found.get("srcids")).get("instance")),
        "action": text_of(found.get("firewall_rule_action")),
    }
    return Told("", {}, {**present(meta)}, "INFO")


API_CALL = Payload(
    ("eventSource", "eventName"),
    (
        "eventTime",
        "eventID",
        "awsRegion",
        "userIdentity",
        "errorCode",
        "sourceIPAddress",
        "recipientAccountId",
    ),
    _api_call,
)
EXECUTION = Payload(("execution_arn",), ("type", "details"), _execution)
RESOLVER_QUERY = Payload(
    ("query_name", "vpc_id"),
    ("query_type", "rcode", "account_id", "srcaddr", "srcids", "firewall_rule_action"),
    _query,
    service="route53-resolver",
)

read_cloudtrail = reader(API_CALL)
read_states = reader(EXECUTION)
read_resolver = reader(RESOLVER_QUERY)
