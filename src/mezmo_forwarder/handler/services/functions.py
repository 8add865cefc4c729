"""Messages of Lambda functions: the platform's own and the runtimes' loggers', in text and in JSON."""

from collections.abc import Callable

from .facts import Facts, Found, Value, decoded, named_level, only_level
from .facts import trace_id as _trace_id
from .payloads import UUID, Payload, Told, integer_of, is_uuid, number_of, object_of, present, reader, text_of

# JSON


def _platform(found: Found) -> Told:
    """Tell an event of the platform, as Lambda writes them to logs in JSON and to the Telemetry API."""
    kind = text_of(found.get("type"))
    if not kind.startswith("platform."):
        return _application(found)
    record = object_of(found.get("record"))
    metrics = object_of(record.get("metrics"))
    status = text_of(record.get("status"))
    trace = _trace_id(text_of(object_of(record.get("tracing")).get("value")))
    meta: dict[str, Value | None] = {
        "lambda_event": kind.removeprefix("platform."),
        "request_id": text_of(record.get("requestId")),
        "status": status,
        "error_type": text_of(record.get("errorType")),
        "billed_duration_ms": number_of(metrics.get("billedDurationMs")),
        "init_duration_ms": number_of(metrics.get("initDurationMs")),
        "restore_duration_ms": number_of(metrics.get("restoreDurationMs")),
        "billed_restore_duration_ms": number_of(metrics.get("billedRestoreDurationMs")),
        _DURATIONS.get(kind, "duration_ms"): number_of(metrics.get("durationMs")),
        "memory_size_mb": integer_of(metrics.get("memorySizeMB")),
        "max_memory_used_mb": integer_of(metrics.get("maxMemoryUsedMB")),
        "produced_bytes": integer_of(metrics.get("producedBytes")),
        "function_version": text_of(record.get("version")) or text_of(record.get("functionVersion")),
        "runtime_version": text_of(record.get("runtimeVersion")),
        "initialization_type": text_of(record.get("initializationType")),
        "trace_id": trace,
    }
    return Told("", {}, present(meta), "INFO" if status in ("", "success") else "ERROR")


# Events whose duration is that of a phase
_DURATIONS = {
    "platform.initReport": "init_duration_ms",
    "platform.restoreReport": "restore_duration_ms",
}


def _application(found: Found) -> Told:
    for name in _REQUEST_IDS:
        if name in found and (request := text_of(found[name])):
            return Told("", {}, {"request_id": request})
    return Told()


# Node's and Python's logger; Java's; Powertools'
_REQUEST_IDS = ("requestId", "AWSRequestId", "function_request_id", "aws_request_id")
_PLATFORM = Payload(("type", "record"), (), _platform)
_APPLICATIONS = [Payload((name,), (), _application) for name in _REQUEST_IDS]

# Text

_TIME = 24  # characters of 2026-11-23T10:00:00.000Z
_TAB = rb"\t"


def _text(literal: bytes) -> Facts | None:
    if known := _LINES.get(literal[1:7]):
        text = decoded(literal)
        return known(text) if text else None
    if literal.startswith(b'"['):
        return _of_python(literal)
    if literal[_TIME : _TIME + 1] == b"Z":
        return _of_node(literal) if literal[_TIME + 1 : _TIME + 3] == _TAB else _of_time_out(literal)
    return None


def _of_python(literal: bytes) -> Facts | None:
    r"""Read `[INFO]\t2026-11-23T10:00:00.000Z\t<request id>\ttext`, Python's logger."""
    end = literal.find(rb"]\t", 0, 16)
    start = end + 3 + _TIME
    if end < 0 or literal[start : start + 2] != _TAB:
        return None
    return _logged(literal[start + 2 : start + 2 + UUID], literal[2:end])


def _of_node(literal: bytes) -> Facts | None:
    r"""Read `2026-11-23T10:00:00.000Z\t<request id>\tINFO\ttext`, Node's `console`."""
    start = 1 + _TIME + 2
    end = literal.find(_TAB, start, start + UUID + 2)  # `undefined` while the function initializes
    if end < 0:
        return None
    after = literal.find(_TAB, end + 2, end + 16)
    return _logged(literal[start:end], literal[end + 2 : after] if after > 0 else b"")


def _of_time_out(literal: bytes) -> Facts | None:
    """Read `2026-11-23T10:00:00.000Z <request id> Task timed out after 3.00 seconds`."""
    start = 1 + _TIME + 1
    end = start + UUID
    if not literal.startswith(b" Task timed out", end):
        return None
    return _logged(literal[start:end], b"ERROR")


def _logged(request: bytes, level: bytes) -> Facts | None:
    name = named_level(level.decode("ascii", "replace"))
    if is_uuid(request):
        return Facts("", {}, {"request_id": request.decode()}, name)
    return only_level(name)


# The figures of a REPORT line: what they are called there, in `meta`, and whether they are whole numbers
_FIGURES = {
    "Duration": ("duration_ms", False),
    "Billed Duration": ("billed_duration_ms", False),
    "Init Duration": ("init_duration_ms", False),
    "Restore Duration": ("restore_duration_ms", False),
    "Billed Restore Duration": ("billed_restore_duration_ms", False),
    "Memory Size": ("memory_size_mb", True),
    "Max Memory Used": ("max_memory_used_mb", True),
}
_TEXTS = {
    "REPORT RequestId": "request_id",
    "Status": "status",
    "Error Type": "error_type",
    "Phase": "phase",
}
_MOST_FIELDS = 32


def _report(text: str) -> Facts | None:
    r"""Read `REPORT RequestId: <request id>\tDuration: 1.23 ms\tBilled Duration: 2 ms\t...`."""
    if not text.startswith("REPORT RequestId: "):
        return None
    return _reported(text, "report")


def _reported(text: str, event: str) -> Facts:
    meta: dict[str, Value] = {"lambda_event": event}
    for part in text.replace("\n", "\t").split("\t", _MOST_FIELDS):
        name, _, value = part.partition(": ")
        if name in _FIGURES:
            field, whole = _FIGURES[name]
            number = number_of(value.partition(" ")[0])
            if number is not None:
                meta[field] = int(number) if whole else number
        elif name in _TEXTS and value:
            meta[_TEXTS[name]] = text_of(value)
        elif name == "XRAY TraceId" and (trace := _trace_id(value)):
            meta["trace_id"] = trace
    return Facts("", {}, meta, "ERROR" if meta.get("status") in ("timeout", "error", "failure") else "INFO")


def _start_or_end(text: str) -> Facts | None:
    """Read `START RequestId: <request id> Version: 42`, or `END RequestId: <request id>`."""
    words = text.split(None, 5)
    if len(words) < 3 or words[1] != "RequestId:":
        return None
    meta: dict[str, Value] = {"lambda_event": words[0].lower(), "request_id": text_of(words[2])}
    if len(words) > 4 and words[3] == "Version:":
        meta["function_version"] = text_of(words[4])
    return Facts("", {}, meta, "INFO")


def _phase(text: str) -> Facts | None:
    r"""Read what comes before the first invocation.

    That is `INIT_START Runtime Version: python:3.13.v51\tRuntime Version ARN: ...`, or
    `INIT_REPORT Init Duration: 99.81 ms\tPhase: init\tStatus: timeout`, and the same of `RESTORE`.
    """
    phase, _, rest = text.partition("_")
    if phase not in ("INIT", "RESTORE"):
        return None
    if rest.startswith("REPORT "):
        return _reported(rest.removeprefix("REPORT "), f"{phase.lower()}Report")
    version = rest.removeprefix("START Runtime Version: ").partition("\t")[0].strip()
    if not version or not rest.startswith("START Runtime Version: "):
        return None
    meta: dict[str, Value] = {"lambda_event": f"{phase.lower()}Start", "runtime_version": text_of(version)}
    return Facts("", {}, meta, "INFO")


def _failure(text: str) -> Facts | None:
    """Read `RequestId: <request id> Error: Runtime exited with error: exit status 1`.

    Or `RequestId: <request id> Process exited before completing request`.
    """
    words = text.split(None, 3)
    if len(words) < 3 or words[0] != "RequestId:" or words[2] not in ("Error:", "Process"):
        return None
    return Facts("", {}, {"request_id": text_of(words[1])}, "ERROR")


# By the first six bytes
_LINES: dict[bytes, Callable[[str], Facts | None]] = {
    b"REPORT": _report,
    b"START ": _start_or_end,
    b"END Re": _start_or_end,
    b"INIT_S": _phase,
    b"INIT_R": _phase,
    b"RESTOR": _phase,
    b"Reques": _failure,
}

read = reader(_PLATFORM, *_APPLICATIONS, text=_text)
