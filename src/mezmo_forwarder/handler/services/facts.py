r"""What a message says beside its text: a level that Mezmo would not find, and the id of its trace.

Every message that is a JSON object is asked, so that this must cost little: it is parsed once, and only what
is wanted of it is made. A message is the bytes of a JSON string literal, quotes and escapes included, as in
`literals`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict, cast

import msgspec
from msgspec import Raw, Struct

from handler.texts.literals import begins_object

Value = str | int | float
"""What a field of `meta` may be, but for those of `json_messages`."""
Found = dict[str, object]

# Characters of a text in `meta`, so that all of one line's stay far below the 32 KB that Mezmo takes.
LONGEST_VALUE = 256
_DAMAGED = (msgspec.DecodeError, UnicodeError, RecursionError)

_text = msgspec.json.Decoder(str).decode
_texts = msgspec.json.Decoder(list[str]).decode


class Facts(Struct, frozen=True, gc=False):
    """What one message adds to its line; shared by messages, so that nothing of it may be changed.

    Args:
        app: in the place of the app that log group and stream tell; empty for none.
        names: what templates may use besides.
        meta: fields for the line's `meta`; a field has the same type in every message.
        level: the line's level; empty where Mezmo finds it by itself, or there is none.
    """

    app: str = ""
    names: dict[str, str] = {}
    meta: Mapping[str, object] = {}
    level: str = ""


Read = Callable[[bytes], Facts | None]

# The fields of a JSON object that tell the level by a name
_NAMED = frozenset(
    (
        "severity",  # Google's, and many
        "levelname",  # Python's
        "level_name",  # Monolog's
        "log_level",
        "log.level",  # Elastic's
        "LogLevel",  # .NET's
        "Level",  # Serilog's
        "severity_text",  # OpenTelemetry's
        "severityText",
    )
)
# ... or, but for `level` itself, by a number of OpenTelemetry's
_NUMBERED = frozenset(("severity_number", "severityNumber"))
# ... and that tell the trace.
_TRACES = frozenset(
    (
        "trace_id",
        "traceId",
        "traceparent",  # W3C's
        "xray_trace_id",  # Powertools'
        "xrayTraceId",  # API Gateway's
        "X-Amzn-Trace-Id",
        "otelTraceID",  # OpenTelemetry's for Python
        "TraceId",  # .NET's
        "trace.id",  # Elastic's
    )
)


GENERAL = frozenset(("level", *_NAMED, *_NUMBERED, *_TRACES))


def decoder(names: Iterable[str] = (), raw: Iterable[str] = ()) -> Callable[[str], Found]:
    """Return what decodes those fields of a JSON object that tell level and trace, and others.

    Args:
        names: the others.
        raw: others that stay the JSON text that they are, as `Raw`.
    """
    fields: dict[str, type] = dict.fromkeys([*GENERAL, *names], object)
    fields |= dict.fromkeys(raw, Raw)
    wanted = cast("Any", TypedDict)("wanted", fields, total=False)
    return cast("Callable[[str], Found]", msgspec.json.Decoder(wanted).decode)


_decode = decoder()


def found_in(literal: bytes, decode: Callable[[str], Found]) -> Found | None:
    """Decode the fields of a message; None if it has none of them, is no JSON object, or too deep a one."""
    if not begins_object(literal):
        return None
    try:
        return decode(_text(literal)) or None
    except _DAMAGED:
        return None


def parse(text: bytes) -> object:
    """Decode a JSON text; None if it is damaged or too deep."""
    try:
        return msgspec.json.decode(text)
    except _DAMAGED:
        return None


def parse_object(text: str) -> Found | None:
    """Decode those fields of a text that tell level and trace; None as for `found_in`."""
    try:
        return _decode(text) or None
    except _DAMAGED:
        return None


def decoded(literal: bytes) -> str:
    """Return a message's text; empty if it is none, or holds a lone surrogate."""
    try:
        return _text(literal)
    except _DAMAGED:
        return ""


def read(literal: bytes) -> Facts | None:
    """Return what a message says; None for nothing. The message is any JSON value, and may be damaged."""
    if not begins_object(literal):
        return None
    try:
        found = _decode(_text(literal))
    except _DAMAGED:
        return None
    return _facts(found) if found else None


def _facts(found: Found) -> Facts | None:
    if len(found) == 1 and type(found.get("level")) is str:
        return None
    level, trace = general(found)
    if trace:
        return Facts("", {}, {"trace_id": trace}, level)
    return only_level(level)


def read_all(literals: list[bytes]) -> list[Facts | None]:
    """Do `read` for many messages: two thirds of its time."""
    try:
        texts = _texts(b"[%b]" % b",".join(literals))
        facts: list[Facts | None] = [None] * len(texts)
        for place, text in enumerate(texts):
            if (
                (text[:1] == "{" or (text[:1].isspace() and text.lstrip()[:1] == "{"))
                and (found := _decode(text))
                # What is most often found, told apart without a call
                and (len(found) > 1 or type(found.get("level")) is not str)
            ):
                facts[place] = _facts(found)
    except _DAMAGED:
        return [read(literal) for literal in literals]
    return facts


def general(found: Found, *, nested: bool = False) -> tuple[str, str]:
    """Return the level that fields tell and Mezmo would not find, and the trace id; empty for none.

    Args:
        found: fields, of any type.
        nested: they are not the message's own but an inner object's, where Mezmo finds no `level`.
    """
    level = number = trace = ""
    for name, value in found.items():
        if name == "level":
            if type(value) is str:
                level = named_level(value) if nested else "-"  # Mezmo's own parsing takes it
            else:
                number = _level_by_number(value) or number
        elif name in _TRACES:
            if not trace and type(value) is str:
                trace = trace_id(value)
        elif level:
            continue
        elif name in _NAMED:
            if type(value) is str:
                level = named_level(value)
            elif name == "severity":
                number = number or _level_by_syslog_number(value)
        elif name in _NUMBERED:
            number = number or _level_by_otel_number(value)
    return "" if level == "-" else level or number, trace


def printable(name: str) -> str:
    """Return a name with an underscore for each character that no name may hold."""
    return name if name.isprintable() else "".join(c if c.isprintable() else "_" for c in name)


# Level

# As Mezmo spells levels, from how others do
_LEVELS = {
    name: level
    for level, names in {
        "TRACE": "trace verbose finest finer trce",
        "DEBUG": "debug fine config dbug debug1 debug2 debug3 debug4 debug5",
        "INFO": "info information informational log system note normal",
        "NOTICE": "notice",
        "WARN": "warn warning",
        "ERROR": "error err eror fail",
        "CRITICAL": "critical crit",
        "ALERT": "alert",
        "EMERGENCY": "emergency emerg",
        "FATAL": "fatal panic dpanic",
        "SEVERE": "severe",
    }.items()
    for name in names.split()
}
# syslog's numbers, which GELF uses
_SYSLOG = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARN", "NOTICE", "INFO", "DEBUG")
# pino's and bunyan's: 10, 20, ... 60, and what lies between two belongs to the lower one
_TENS = ("", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
# OpenTelemetry's: 1 to 24, four of each
_FOURS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


_ONLY_LEVEL = {level: Facts(level=level) for level in (*_LEVELS.values(), *_SYSLOG)}


def only_level(level: str) -> Facts | None:
    """Return what a message says that tells a level and no more; None if it tells none."""
    return _ONLY_LEVEL.get(level)


def named_level(name: str) -> str:
    """Return a level as Mezmo spells it; empty if the name is not one of a level."""
    return _LEVELS.get(name.lower(), "") if len(name) <= 16 else ""


def _level_by_number(number: object) -> str:
    if type(number) is int and 10 <= number < 70:
        return _TENS[number // 10]
    return _level_by_syslog_number(number)


def _level_by_syslog_number(number: object) -> str:
    return _SYSLOG[number] if type(number) is int and 0 <= number < len(_SYSLOG) else ""


def _level_by_otel_number(number: object) -> str:
    return _FOURS[(number - 1) // 4] if type(number) is int and 1 <= number <= 24 else ""


# Trace


def trace_id(value: str) -> str:
    """Return a trace id in W3C's form, 32 lower-case hex digits.

    Args:
        value: that form, a whole `traceparent`, an X-Ray id (`1-5759e988-bd862e3fe1be46a994272793`), or the
            header `X-Amzn-Trace-Id` that has one as its `Root`.

    Returns:
        The id; empty for anything else.
    """
    if len(value) != 32:
        root = value.find("Root=", 0, LONGEST_VALUE)
        if root >= 0:
            value = value[root + 5 : root + 41]
        if value[:2] == "1-" and value[10:11] == "-" and not value[35:36].isalnum():
            value = value[2:10] + value[11:35]
        elif len(value) == 55 and value[2] == value[35] == value[52] == "-":
            value = value[3:35]
        if len(value) != 32:
            return ""
    try:
        identity = bytes.fromhex(value).hex()
    except ValueError:
        return ""
    return identity if len(identity) == 32 and identity.strip("0") else ""
