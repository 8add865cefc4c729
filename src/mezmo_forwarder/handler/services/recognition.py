"""Who wrote a line: an AWS service, a function, a container, by the names of log group and log stream."""

import re
from contextlib import suppress
from functools import cache, lru_cache

from msgspec import Struct

from .facts import LONGEST_VALUE, Read, printable
from .table import IDS, SERVICES, SHAPES, UNKNOWN, Service

_LONGEST_APP = 512
_LONGEST_HOSTNAME = 256
_LONGEST_NAME = 1024  # characters of a log group or log stream that is looked at; AWS allows 512


class Recognized(Struct, frozen=True):
    """What log group and log stream tell of the lines of a document; shared, so that it may not be changed.

    Args:
        service: the AWS service, as in `SERVICES`; empty if it is not known.
        app: service, function or container, never an id; 1 to 512 characters.
        hostname: cluster, function, API or database, never an id; 1 to 256 characters and no dot, at which
            Mezmo would cut it.
        names: what templates may use: `cluster`, `container`, `function`, ..., none of them an id.
        meta: what goes into the `meta` of each line: the service, those names, and ids.
        read: what a message says besides, from its JSON string literal: what `facts.read` tells, and what the
            service's own format does. None where `facts.read` is all there is.
    """

    service: str
    app: str
    hostname: str
    names: dict[str, str]
    meta: dict[str, str]
    read: Read | None = None


def recognize(log_group: str, log_stream: str) -> Recognized:
    """Return what the names of log group and log stream tell; they may be any text."""
    return _recognize(log_group[: _LONGEST_NAME + 1], log_stream[: _LONGEST_NAME + 1])


@lru_cache(maxsize=64)
def _recognize(log_group: str, log_stream: str) -> Recognized:
    for service in SERVICES:
        by_group = _match(service.groups, log_group)
        by_stream = _match(service.streams, log_stream)
        if by_group is not None or by_stream is not None:
            if not by_stream and service.more:
                by_stream = _match(service.more, log_stream)
            # What the log group says is more to be relied on.
            return _recognized(service, log_group, {**service.names, **(by_stream or {}), **(by_group or {})})
    return _recognized(UNKNOWN, log_group, {})


def _recognized(service: Service, log_group: str, found: dict[str, str]) -> Recognized:
    group = printable(log_group).strip("/").removeprefix("aws/")
    parts = {"_group": group, "_last": group.rpartition("/")[2]}
    parts |= {name: printable(value)[:LONGEST_VALUE] for name, value in found.items() if value}
    told = {name: value for name, value in parts.items() if name[0] != "_"}
    return Recognized(
        service=service.name,
        app=_fill(service.app, parts)[:_LONGEST_APP],
        hostname=_fill(service.hostname, parts).replace(".", "_")[:_LONGEST_HOSTNAME].rstrip(),
        names={name: value for name, value in told.items() if name not in IDS},
        meta={"aws_service": service.name, **told} if service.name else {},
        read=service.read and service.read(),
    )


def _fill(templates: tuple[str, ...], parts: dict[str, str]) -> str:
    """Fill the first template whose names are all there."""
    for template in templates:
        with suppress(KeyError):
            if text := template.format_map(parts).strip():
                return text
    return "unknown"


def _match(patterns: tuple[str, ...], text: str) -> dict[str, str] | None:
    if len(text) > _LONGEST_NAME:
        return None
    for pattern in patterns:
        # Few expressions are ever compiled: a function sees few kinds of names.
        if all(part in text for part in _literals(pattern)) and (
            found := _expression(pattern).fullmatch(text)
        ):
            return found.groupdict()
    return None


_PLACE = re.compile("<([^>]*)>")


@cache
def _literals(pattern: str) -> list[str]:
    return _PLACE.split(pattern)[::2]


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = _PLACE.split(pattern)
    for place in range(1, len(parts), 2):
        name, _, shape = parts[place].partition(":")
        parts[place] = f"(?P<{name}>{shape or SHAPES.get(name, '[^/]+')})"
    parts[::2] = map(re.escape, parts[::2])
    return re.compile("".join(parts), re.DOTALL)
