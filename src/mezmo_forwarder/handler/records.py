"""Messages that are records of what happened: VPC flow logs, CloudTrail, Step Functions, DNS queries."""

from .facts import Facts, Found, Value
from .literals import trim
from .payloads import Payload, Told, integer_of, object_of, present, reader, text_of

# VPC flow logs

# The default format, version 2; those that are whole numbers are sent as such.
_FLOW = (
    ("", str),
    ("account_id", str),
    ("interface", str),
    ("source_ip", str),
    ("destination_ip", str),
    ("source_port", int),
    ("destination_port", int),
    ("protocol", int),
    ("packets", int),
    ("bytes", int),
    ("flow_start", int),
    ("flow_end", int),
    ("action", str),
    ("flow_status", str),
)
_MOST = 400  # bytes of such a record, by far


def read_flow(literal: bytes) -> Facts | None:
    """Read `2 123456789012 eni-0a1b 10.0.0.1 10.0.0.2 443 49152 6 10 840 1795000000 1795000060 ACCEPT OK`."""
    if not literal.startswith(b'"2 '):
        return None
    values = trim(literal[:_MOST])[1:].removesuffix(b'"').decode("ascii", "replace").split(" ")
    if len(values) != len(_FLOW):
        return None
    meta: dict[str, Value] = {}
    for (name, kind), value in zip(_FLOW[1:], values[1:], strict=True):
        if value in ("-", ""):
            continue
        if kind is str:
            meta[name] = text_of(value)
        elif (number := integer_of(value)) is not None:
            meta[name] = number
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
