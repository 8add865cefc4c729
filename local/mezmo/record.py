"""What the stand-in remembers: requests, committed lines, flags. No ingestion key is ever in it."""

import json
from dataclasses import dataclass
from enum import StrEnum

from local.mezmo.faults import ConnectionFault, Fault
from local.mezmo.strict_json import JsonValue

REDACTED = "[redacted]"


class FlagKind(StrEnum):
    """What Mezmo accepts and then changes or loses, so that a user would be surprised."""

    HOSTNAME_DOT = "hostname-dot"
    TAGS_TOO_LONG = "tags-too-long"
    LINE_TRUNCATED = "line-truncated"
    APP_DROPPED = "app-dropped"
    META_TOO_DEEP = "meta-too-deep"
    META_TYPE_CHANGED = "meta-type-changed"
    RESERVED_KEY_REMOVED = "reserved-key-removed"
    KEY_IN_BODY = "key-in-body"


@dataclass(frozen=True, slots=True)
class Flag:
    """Something accepted but not as it was sent; ``line`` is the index in the request, None for all of it."""

    kind: FlagKind
    request: int
    line: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """One element of a request's lines, as it came.

    ``problem`` is the rules' objection, None if there is none.
    """

    value: JsonValue
    problem: str | None
    committed: bool


@dataclass(frozen=True, slots=True)
class CommittedLine:
    """A line that Mezmo would keep.

    ``line`` is cut to 16,384 bytes and ``app`` replaced by ``file``, as Mezmo does; the rest is as sent.
    ``timestamp`` is in milliseconds. ``fields`` is the whole line as sent. ``hostname`` is empty and ``tags``
    too for a pipeline.
    """

    request: int
    index: int
    line: str
    timestamp: int
    app: str
    hostname: str
    tags: tuple[str, ...]
    env: str | None
    level: str | None
    meta: dict[str, JsonValue] | None
    fields: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class RecordedConnection:
    """A connection and the fault it met, before any request.

    ``number`` counts connections from 1, ``time`` is in seconds since the epoch and ``port`` is the client's.
    """

    number: int
    time: float
    port: int
    fault: ConnectionFault


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request and its fate, in the order of arrival.

    ``status`` is the status sent, None when there was no answer; ``verdict`` is the status that the rules
    alone would have given and ``problem`` their objection. ``headers`` have lower-case names. ``body`` is
    decoded, or as received where it cannot be; ``wire_bytes`` is its size as received. ``time`` is in seconds
    since the epoch, ``connection`` counts connections from 1.
    """

    number: int
    time: float
    connection: int
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    wire_bytes: int
    hostname: str
    tags: tuple[str, ...]
    lines: tuple[ReceivedLine, ...]
    flags: tuple[Flag, ...]
    fault: Fault
    verdict: int
    problem: str | None
    status: int | None

    def header(self, name: str) -> str | None:
        """Return the first header of that name, None if there is none."""
        return next((value for key, value in self.headers if key == name.lower()), None)


def to_json(
    requests: tuple[RecordedRequest, ...], lines: tuple[CommittedLine, ...], flags: tuple[Flag, ...]
) -> bytes:
    """Encode the record as one JSON document.

    A body is text; bytes that are not UTF-8 become lone surrogates (Python's ``surrogateescape``).
    """

    def encode(value: object) -> object:
        if isinstance(value, bytes):
            return value.decode(errors="surrogateescape")
        if isinstance(value, Fault):
            return type(value).__name__
        return {name: getattr(value, name) for name in type(value).__slots__}  # type: ignore[attr-defined]  # all have them

    return json.dumps({"requests": requests, "lines": lines, "flags": flags}, default=encode).encode()
