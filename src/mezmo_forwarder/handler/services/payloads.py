"""JSON messages of a known shape: which fields tell that it is one, and what those fields tell."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from handler.texts.literals import begins_object

from .facts import (
    GENERAL,
    LONGEST_VALUE,
    Facts,
    Found,
    Read,
    Value,
    decoder,
    found_in,
    general,
    only_level,
    printable,
)


class Payload(Struct, frozen=True):
    """A shape of JSON messages.

    Args:
        marks: the fields that all have to be there.
        others: fields that may be.
        tell: from the fields, of whatever type they are, to what they say; takes out those that mislead.
        raw: those of `marks` that stay JSON text.
        service: the AWS service that writes it, where log group and stream do not tell.
    """

    marks: tuple[str, ...]
    others: tuple[str, ...]
    tell: Callable[[Found], "Told"]
    raw: tuple[str, ...] = ()
    service: str = ""


class Told(Struct, gc=False):
    """What a message says, before general facts join in.

    Args:
        app: as in `Facts`.
        names: the same.
        meta: the same; `present` leaves out what is missing.
        level: a level if none of the usual fields tells one, nor Mezmo finds one.
        inner: the fields of an inner object whose level and trace are as good as the message's own.
    """

    app: str = ""
    names: dict[str, str] = {}
    meta: dict[str, Value] = {}
    level: str = ""
    inner: Found | None = None


def reader(*payloads: Payload, text: Read | None = None, known: bool = True) -> Read:
    """Return what reads messages of any of these shapes, and of none: those of other JSON tell what all do.

    Args:
        payloads: the shapes, the first that fits is taken.
        text: reads messages that are no JSON objects.
        known: whether the service is known by log group and stream.
    """
    decode = decoder(
        [name for payload in payloads for name in (*payload.marks, *payload.others)],
        [name for payload in payloads for name in payload.raw],
    )
    by_marks = [(frozenset(payload.marks), payload) for payload in payloads]

    def read(literal: bytes) -> Facts | None:
        if not begins_object(literal):
            return text(literal) if text else None
        found = found_in(literal, decode)
        if found is None or (len(found) == 1 and "level" in found and type(found["level"]) is str):
            return None
        fields = found.keys()
        for marks, payload in by_marks:
            if marks <= fields:
                return facts_of(payload.tell(found), found, "" if known else payload.service)
        level, trace = general(found)
        return Facts("", {}, {"trace_id": trace}, level) if trace else only_level(level)

    return read


def facts_of(told: Told, found: Found, service: str = "") -> Facts | None:
    """Put together what a shape of messages tells and what all messages tell.

    Args:
        told: the first, of which `meta` may be changed.
        found: the message's fields.
        service: the AWS service, if it has to be told; it is the app too if there is no better one.
    """
    level, trace = ("", "") if GENERAL.isdisjoint(found) else general(found)
    if told.inner is not None:
        inner_level, inner_trace = general(told.inner, nested=True)
        level, trace = level or inner_level, trace or inner_trace
    if not level and type(found.get("level")) is not str:
        level = told.level
    meta = told.meta
    if trace:
        meta["trace_id"] = trace
    app = printable(told.app).strip()
    if service:
        meta["aws_service"] = service
        app = app or service
    if meta or told.names or app:
        return Facts(app, told.names, meta, level)
    return only_level(level)


_T = TypeVar("_T", bound=Value)


def present(values: Mapping[str, _T | None]) -> dict[str, _T]:
    """Return the values that are there: neither None nor an empty text."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


# What services have in common

UUID = 36  # characters


def is_uuid(text: bytes) -> bool:
    """Whether a text looks like a request id, which is a UUID."""
    return len(text) == UUID and text[8:24:5] == b"----" and text.replace(b"-", b"").isalnum()


def level_of_status(status: int | None) -> str:
    """Return the level of a request that was answered with this status; empty if there is none."""
    return "" if status is None else "ERROR" if status >= 500 else "WARN" if status >= 400 else "INFO"


# Fields of fields


def object_of(value: object) -> Found:
    """Return a field's object; an empty one if it is none."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """Return a field's text, cut to what `meta` may hold; empty if the field is missing or no text."""
    return value[:LONGEST_VALUE] if type(value) is str else ""


def number_of(value: object) -> float | None:
    """Return a field's number, also from a text; None if it is none, or one that 64 bits do not hold."""
    if type(value) not in (int, float, str) or (type(value) is str and len(value) > 24):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]  # its type is looked at above
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 2**63 else None  # NaN and infinity neither


def integer_of(value: object) -> int | None:
    """Return a field's number without what follows the point; None as for `number_of`."""
    if type(value) is int:
        return value if abs(value) < 2**63 else None
    if type(value) is str and value.isdecimal() and value.isascii():
        return int(value) if len(value) <= 18 else None
    number = number_of(value)
    return None if number is None else int(number)
