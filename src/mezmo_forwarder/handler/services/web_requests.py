"""Messages about requests: of API Gateway, AppSync and WAF."""

from .facts import Facts, Found, Value
from .facts import trace_id as _trace_id
from .payloads import (
    UUID,
    Payload,
    Told,
    integer_of,
    is_uuid,
    level_of_status,
    number_of,
    object_of,
    present,
    reader,
    text_of,
)


def _access(found: Found) -> Told:
    """Tell a request from an access log in JSON, whose fields are named as in AWS's examples."""
    status = integer_of(found["status"])
    named = present({"api": text_of(found.get("apiId")), "stage": text_of(found.get("stage"))})
    more: dict[str, Value | None] = {
        "request_id": text_of(found["requestId"]),
        "http_method": text_of(found.get("httpMethod")),
        "http_route": text_of(found.get("routeKey")) or text_of(found.get("resourcePath")),
        "http_status": status,
        "client_ip": text_of(found.get("ip")) or text_of(found.get("sourceIp")),
        "duration_ms": number_of(found.get("responseLatency")),
    }
    return Told("", named, {**named, **present(more)}, level_of_status(status))


def _execution(literal: bytes) -> Facts | None:
    """Read an execution log's `(<request id>) text`."""
    if literal[1:2] != b"(" or not is_uuid(literal[2 : 2 + UUID]) or literal[2 + UUID : 4 + UUID] != b") ":
        return None
    meta: dict[str, Value] = {"request_id": literal[2 : 2 + UUID].decode()}
    rest = literal[4 + UUID : 164]
    level = ""
    if rest.startswith(b"Method completed with status: "):
        status = integer_of(rest[30:33].decode("ascii", "replace"))
        if status is not None:
            meta["http_status"] = status
        level = level_of_status(status)
    elif rest.startswith(b"Execution failed"):
        level = "ERROR"
    elif rest.startswith(b"X-Ray Tracing ID : ") and (
        trace := _trace_id(rest[19:54].decode("ascii", "replace"))
    ):
        meta["trace_id"] = trace
    return Facts("", {}, meta, level)


def _graphql(found: Found) -> Told:
    status = integer_of(found.get("statusCode"))
    meta: dict[str, Value | None] = {
        "request_id": text_of(found["requestId"]),
        "appsync_log": text_of(found.get("logType")),
        "operation": text_of(found.get("operationName")),
        "http_status": status,
    }
    return Told("", {}, present(meta), level_of_status(status) or "INFO")


def _graphql_text(literal: bytes) -> Facts | None:
    """Read `<request id> GraphQL Query: ...`."""
    request = literal[1 : 1 + UUID]
    if literal[1 + UUID : 2 + UUID] != b" " or not is_uuid(request):
        return None
    return Facts("", {}, {"request_id": request.decode()}, "")


def _web_acl(found: Found) -> Told:
    request = object_of(found.get("httpRequest"))
    action = text_of(found.get("action"))
    named = present({"action": action})
    more = {
        "rule": text_of(found.get("terminatingRuleId")),
        "client_ip": text_of(request.get("clientIp")),
        "country": text_of(request.get("country")),
        "http_method": text_of(request.get("httpMethod")),
        "http_path": text_of(request.get("uri")),
        "request_id": text_of(request.get("requestId")),
    }
    return Told("", named, {**named, **present(more)}, "WARN" if action == "BLOCK" else "INFO")


_ACCESS = ("apiId", "stage", "httpMethod", "routeKey", "resourcePath", "ip", "sourceIp", "responseLatency")
# In any log group, told from other JSON by all that the formats have in common which AWS suggests
ANY_ACCESS = Payload(
    ("requestId", "requestTime", "status", "protocol"), _ACCESS, _access, service="api-gateway"
)
ACCESS = Payload(("requestId", "status"), _ACCESS, _access)
GRAPHQL = Payload(("requestId", "graphQLAPIId"), ("logType", "operationName", "statusCode"), _graphql)
WEB_ACL = Payload(("webaclId",), ("action", "terminatingRuleId", "httpRequest"), _web_acl)

read_gateway = reader(ACCESS, text=_execution)
read_appsync = reader(GRAPHQL, text=_graphql_text)
read_waf = reader(WEB_ACL)
