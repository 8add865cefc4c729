"""What Mezmo asks of one request, checked in the order in which it would object."""

import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from local.mezmo.credentials import Headers, Redactor, presented_keys
from local.mezmo.line_rules import problem_of
from local.mezmo.record import FlagKind
from local.mezmo.strict_json import JsonValue, parse

DECODED_BYTES = 10 * 1024 * 1024
_PIPELINE_PATH = re.compile(r"/v1/[\w.~-]+", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]")
_CONTENT_TYPE = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PARAMETERS = {"hostname", "tags", "now", "mac", "ip"}
_BAD_PARAMETERS = "Bad or missing parameters."


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of the stand-in
    """The whole request is refused with this status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it was read; ``unreadable`` is set when its body could not be."""

    connection: int
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    unreadable: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest decoded bodies, in bytes."""

    log_analysis: int
    pipeline: int


@dataclass(slots=True)
class Judgement:
    """What the rules make of a request: its lines with their problems, or a refusal; no key in any of it."""

    body: bytes
    hostname: str = ""
    tags: tuple[str, ...] = ()
    flags: list[tuple[FlagKind, str]] = field(default_factory=list)
    lines: list[tuple[JsonValue, str | None]] = field(default_factory=list)
    refusal: Refusal | None = None


def judge(incoming: Incoming, keys: Collection[str], limits: Limits, redactor: Redactor) -> Judgement:
    """Apply every rule; the first that is broken decides, and what was found before it stays."""
    found = Judgement(body=redactor.body(incoming.body))
    try:
        _apply(incoming, keys, limits, redactor, found)
    except Refusal as refusal:
        found.refusal = refusal
    return found


def _apply(
    incoming: Incoming, keys: Collection[str], limits: Limits, redactor: Redactor, found: Judgement
) -> None:
    pipeline = _endpoint(incoming)
    _credentials(incoming, keys, pipeline=pipeline)
    if not pipeline:
        _query(redactor.query(incoming.query), found)
    elif incoming.query:
        raise Refusal(400, "a pipeline takes no query")
    if incoming.unreadable:
        raise incoming.unreadable
    decoded = _decoded(incoming)
    found.body = redactor.body(decoded)
    if found.body != decoded:
        found.flags.append((FlagKind.KEY_IN_BODY, "an ingestion key"))
    if pipeline and len(decoded) > limits.pipeline:
        raise Refusal(413, "Payload too large")
    if not pipeline and len(decoded) > limits.log_analysis:
        raise Refusal(400, "Message size too large")
    found.lines = [(value, problem_of(value)) for value in _lines(found.body, pipeline=pipeline)]
    if all(problem for _, problem in found.lines):
        raise Refusal(400, _BAD_PARAMETERS)


def _endpoint(incoming: Incoming) -> bool:
    pipeline = _PIPELINE_PATH.fullmatch(incoming.path) is not None
    if not pipeline and incoming.path != "/logs/ingest":
        raise Refusal(404, "Not Found")
    if incoming.method != "POST":
        raise Refusal(405, "Method Not Allowed")
    return pipeline


def _credentials(incoming: Incoming, keys: Collection[str], *, pipeline: bool) -> None:
    presented = presented_keys(incoming.headers, pipeline=pipeline)
    if len(presented) > 1:
        raise Refusal(400, "more than one credential")
    if not presented:
        raise Refusal(401, "Missing Credentials")
    if presented[0] not in keys:
        raise Refusal(403, "Account not found or inactive")


def _query(query: str, found: Judgement) -> None:
    if _BAD_ESCAPE.search(query):
        raise Refusal(400, "the query is not well-formed")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError:
        raise Refusal(400, "the query is not well-formed") from None
    parameters = dict(pairs)
    hostname = parameters.get("hostname", "")
    if not hostname:
        raise Refusal(400, "Missing param hostname.")
    if len(hostname) > 256 or _CONTROL.search(hostname):
        raise Refusal(400, "hostname is over 256 characters or holds control characters")
    if len(parameters) != len(pairs):
        raise Refusal(400, "a query parameter is repeated")
    if unknown := parameters.keys() - _PARAMETERS:
        raise Refusal(400, f"unknown query parameter {min(unknown)!r}")
    tags = tuple(parameters["tags"].split(",")) if "tags" in parameters else ()
    if not all(tag.strip() for tag in tags):
        raise Refusal(400, "tags has an empty element")
    found.hostname, found.tags = hostname, tags
    if "." in hostname:
        found.flags.append((FlagKind.HOSTNAME_DOT, "the text after the first dot is cut"))
    if (length := len(parameters.get("tags", ""))) > 80:
        found.flags.append((FlagKind.TAGS_TOO_LONG, f"{length} characters"))


def _decoded(incoming: Incoming) -> bytes:
    headers = dict(reversed(incoming.headers))
    if not _CONTENT_TYPE.fullmatch(headers.get("content-type", "").strip()):
        raise Refusal(415, "the content type is not JSON")
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise Refusal(415, "the content encoding is neither identity nor gzip")
    body = _gunzip(incoming.body) if encoding == "gzip" else incoming.body
    if len(body) > DECODED_BYTES:
        raise Refusal(413, "Payload too large")
    return body


def _gunzip(body: bytes) -> bytes:
    """Unpack every member, but no more than one byte over the limit: a bomb stays small."""
    decoded = b""
    while True:
        member = zlib.decompressobj(wbits=31)
        try:
            decoded += member.decompress(body, DECODED_BYTES + 1 - len(decoded))
        except zlib.error:
            raise Refusal(400, "the gzip data is corrupt") from None
        body = member.unused_data
        if len(decoded) > DECODED_BYTES or (member.eof and not body):
            return decoded
        if not member.eof:
            raise Refusal(400, "the gzip data is cut short")


def _lines(body: bytes, *, pipeline: bool) -> list[JsonValue]:
    try:
        root = parse(body)
    except ValueError as error:
        raise Refusal(400, f"the body is not JSON: {error}") from None
    lines = root if pipeline else _wrapped(root)
    if not isinstance(lines, list):
        raise Refusal(400, "the body is not an array" if pipeline else '"lines" parameter not an array.')
    if not lines:
        raise Refusal(400, "no lines")
    return lines


def _wrapped(root: JsonValue) -> JsonValue:
    """Return what stands for the lines in log analysis' object."""
    if not isinstance(root, dict):
        raise Refusal(400, "the body is not an object")
    name = "ls" if root.get("e") == "ls" else "lines"  # the alias is what Mezmo's own Lambda sends
    if isinstance(root.get(name), list) and root.keys() != ({"e", "ls"} if name == "ls" else {"lines"}):
        raise Refusal(400, _BAD_PARAMETERS)
    return root.get(name)
