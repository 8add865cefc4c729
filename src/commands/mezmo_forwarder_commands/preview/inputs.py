"""Sample events in all the forms that people have them in, as the payloads that a function gets.

Whatever the form, it becomes CloudWatch's document, which the handler's own code then reads.
"""

import gzip
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from handler.errors import EventError
from handler.events.documents import payload_of, unpack_base64
from handler.events.kinesis import records_of
from mezmo_forwarder_commands.errors import CommandError

_GZIP = b"\x1f\x8b"
_TEXT_GROUP = "/preview"
_STREAM = "preview"
_EXPORTED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*)", re.DOTALL)
_EXPORTED_FILE = re.compile(r"\d{6}\.gz")
_Object = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class About:
    """What is said about events that do not say it themselves.

    Args:
        kind: what the files are: `auto`, `cloudwatch`, `events`, `export` or `text`.
        group: the log group.
        stream: the log stream.
        owner: the account.
        filters: the subscription filters that matched.
        now: the time of text without one, in milliseconds since the epoch.
    """

    kind: str = "auto"
    group: str | None = None
    stream: str | None = None
    owner: str = "000000000000"
    filters: tuple[str, ...] = ()
    now: int = 0


@dataclass(frozen=True, slots=True)
class Payload:
    """Gzip data as a function gets it, and the name of what it came from."""

    packed: bytes
    name: str


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    data: bytes
    stream: str | None = None  # as an export's folder names it


def read(paths: Iterable[str], about: About) -> Iterator[Payload]:
    """Read files, folders, and standard input for `-`.

    Raises:
        CommandError: one cannot be read, or is not what it should be; the text says which.
    """
    for path in paths:
        for source in _sources(path):
            found = False
            for packed in _payloads(source, about):
                found = True
                yield Payload(packed, source.name)
            if not found:
                raise CommandError(f"{source.name} holds no log events")


def _sources(path: str) -> Iterator[_Source]:
    if path == "-":
        yield _Source("standard input", sys.stdin.buffer.read())
        return
    try:
        if Path(path).is_dir():
            files = sorted(found for found in Path(path).rglob("*") if _EXPORTED_FILE.fullmatch(found.name))
            if not files:
                raise CommandError(f"{path} is a folder without an export to S3; name files instead")
        else:
            files = [Path(path)]
        for file in files:
            stream = file.parent.name if _EXPORTED_FILE.fullmatch(file.name) else None
            yield _Source(str(file), file.read_bytes(), stream or None)
    except OSError as error:
        raise CommandError(
            f"{path}: {error.strerror}; name a file that can be read, or - for standard input"
        ) from error


def _payloads(source: _Source, about: About) -> Iterator[bytes]:
    packed = source.data.startswith(_GZIP)
    text = _unpack(source).decode("utf-8-sig", "replace")
    kind = about.kind
    if kind in {"auto", "cloudwatch", "events"}:
        value = _parse(text)
        if value == []:
            return
        values = value if isinstance(value, list) else _json_lines(text) if value is None else [value]
        if kind == "auto":
            kind = _kind_of(values)
        if kind == "cloudwatch":
            for one in values or [value]:
                yield from _of_cloudwatch(source, one)
            return
        if kind == "events":
            yield from _of_events(source, about, values)
            return
    if kind == "export" or (kind == "auto" and packed and _EXPORTED.match(text)):
        yield from _of_export(source, about, text)
        return
    lines = text.removesuffix("\n").split("\n") if text else []
    events = [_event(number, about.now, line) for number, line in enumerate(lines)]
    if events:
        yield _pack(about, about.group or _TEXT_GROUP, about.stream or _STREAM, events)


def _unpack(source: _Source) -> bytes:
    if not source.data.startswith(_GZIP):
        return source.data
    try:
        return gzip.decompress(source.data)
    except (OSError, EOFError, zlib.error) as error:
        raise CommandError(f"{source.name} begins like gzip and is none: {error}; fetch it again") from error


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _json_lines(text: str) -> list[object]:
    """Return what stands in the lines if the first one is CloudWatch's, otherwise nothing."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or not _is_cloudwatch(_parse(lines[0])):
        return []
    return [_parse(line) for line in lines]


def _kind_of(values: list[object]) -> str:
    if any(map(_is_cloudwatch, values)):
        return "cloudwatch"
    if any(isinstance(one, dict) and isinstance(one.get("events"), list) for one in values):
        return "events"
    # A log line in JSON may have a time and a message too, but not when CloudWatch took it in.
    wanted = {"timestamp", "message", "ingestionTime"}
    return (
        "events" if values and all(isinstance(one, dict) and wanted <= set(one) for one in values) else "auto"
    )


def _is_cloudwatch(value: object) -> bool:
    return isinstance(value, dict) and any(name in value for name in ("awslogs", "messageType", "Records"))


def _of_cloudwatch(source: _Source, value: object) -> Iterator[bytes]:
    """Yield the payloads of an event or of a document."""
    try:
        if isinstance(value, dict) and "messageType" in value:
            yield pack(value)
        elif (records := records_of(value)) is not None:
            for record in records:
                yield unpack_base64(record.data)
        else:
            yield payload_of(value)
    except EventError as error:
        raise CommandError(f"{source.name}: {error}") from error


def _of_events(source: _Source, about: About, values: list[object]) -> Iterator[bytes]:
    """Yield a payload for each stream of what `aws logs` prints."""
    group = _group(source, about)
    events: list[object] = []
    for value in values:
        listed = value.get("events") if isinstance(value, dict) else None
        events += listed if isinstance(listed, list) else [value]
    streams: dict[str, list[_Object]] = {}
    for number, event in enumerate(events):
        if not isinstance(event, dict) or not {"timestamp", "message"} <= set(event):
            shown = json.dumps(event)[:80]
            raise CommandError(
                f"{source.name}: event {number} is {shown}, without timestamp or message; "
                "save the whole output of `aws logs filter-log-events --output json`"
            )
        stream = str(event.get("logStreamName") or about.stream or _STREAM)
        identity = event.get("eventId")
        made = _event(number, event["timestamp"], event["message"])
        streams.setdefault(stream, []).append(made | {"id": str(identity)} if identity else made)
    for stream, some in streams.items():
        yield _pack(about, group, stream, some)


def _of_export(source: _Source, about: About, text: str) -> Iterator[bytes]:
    """Yield the payload of a file that CloudWatch Logs exported to S3; a line without a time goes on."""
    group = _group(source, about)
    found: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.removesuffix("\n").split("\n")):
        if match := _EXPORTED.fullmatch(line):
            found.append((round(datetime.fromisoformat(match[1]).timestamp() * 1000), [match[2]]))
        elif found:
            found[-1][1].append(line)
        else:
            raise CommandError(
                f"{source.name}: line {number + 1} is {line[:60]!r}, and does not begin with a time as in an "
                "export to S3; use --format text for plain text"
            )
    events = [_event(number, time, "\n".join(lines)) for number, (time, lines) in enumerate(found)]
    yield _pack(about, group, about.stream or source.stream or _STREAM, events)


def _group(source: _Source, about: About) -> str:
    if not about.group:
        raise CommandError(f"{source.name} does not say which log group it is from; add --log-group NAME")
    return about.group


def _event(number: int, timestamp: object, message: object) -> dict[str, object]:
    return {"id": f"{number:056d}", "timestamp": timestamp, "message": message}


def _pack(about: About, group: str, stream: str, events: Sequence[_Object]) -> bytes:
    return pack(
        {
            "messageType": "DATA_MESSAGE",
            "owner": about.owner,
            "logGroup": group,
            "logStream": stream,
            "subscriptionFilters": about.filters,
            "logEvents": events,
        }
    )


def pack(document: object) -> bytes:
    """Return a document as CloudWatch packs it; the escapes of lone surrogates stay escapes."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode("utf-8", "backslashreplace"), 1, mtime=0)
