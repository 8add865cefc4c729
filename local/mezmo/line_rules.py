"""What Mezmo asks of one line, and what it does to a line without a word."""

import json
from collections.abc import Iterator

from local.mezmo.record import CommittedLine, FlagKind
from local.mezmo.strict_json import JsonValue, nesting

LINE_BYTES = 16_384
META_BYTES = 32_768
META_LEVELS = 3
_LENGTHS = {"app": 512, "file": 512, "level": 80}  # characters; `file` becomes the app
_STRINGS = {"app", "file", "level", "env"}
_STRING_MAPS = {"label", "annotation"}
_KNOWN = {"line", "timestamp", "meta"} | _STRINGS | _STRING_MAPS
_REMOVED = {"_account", "_retention"}

Fields = dict[str, JsonValue]


def problem_of(value: JsonValue) -> str | None:
    """Return why Mezmo should refuse this line, None when it should not."""
    if not isinstance(value, dict):
        return "not an object"
    return next(_problems(value), None)


def _problems(fields: Fields) -> Iterator[str]:
    if unknown := fields.keys() - _KNOWN:
        yield f"unknown key {min(unknown)!r}"
    if not isinstance(fields.get("line"), str) or not fields["line"]:
        yield "line is not a non-empty string"
    timestamp = fields.get("timestamp")
    # A bool is an int in Python, never in JSON.
    if type(timestamp) is not int or not 10**12 <= timestamp < 10**13:
        yield "timestamp is not an integer of 13 digits"
    if not fields.get("app") and not fields.get("file"):
        yield "neither app nor file"
    for name in sorted(_STRINGS & fields.keys()):
        text = fields[name]
        if not isinstance(text, str):
            yield f"{name} is not a string"
        elif name in _LENGTHS and len(text) > _LENGTHS[name]:
            yield f"{name} is over {_LENGTHS[name]} characters"
    for name in sorted(_STRING_MAPS & fields.keys()):
        members = fields[name]
        if not isinstance(members, dict) or not all(isinstance(text, str) for text in members.values()):
            yield f"{name} is not an object of strings"
    if "meta" in fields:
        if not isinstance(fields["meta"], dict):
            yield "meta is not an object"
        elif _size(fields["meta"]) > META_BYTES:
            yield f"meta is over {META_BYTES} bytes"


def committed_line(
    fields: Fields, *, request: int, index: int, hostname: str, tags: tuple[str, ...]
) -> CommittedLine:
    """Return the line as Mezmo would keep it; ``fields`` must have no problem."""

    def text(name: str) -> str | None:
        value = fields.get(name)
        assert value is None or isinstance(value, str)
        return value

    timestamp, meta = fields["timestamp"], fields.get("meta")
    assert isinstance(timestamp, int)
    assert meta is None or isinstance(meta, dict)
    return CommittedLine(
        request=request,
        index=index,
        line=_truncated(text("line") or ""),
        timestamp=timestamp,
        app=text("file") or text("app") or "",
        hostname=hostname,
        tags=tags,
        env=text("env"),
        level=text("level"),
        meta=meta,
        fields=fields,
    )


class LineFlags:
    """Finds what Mezmo changes in the lines it accepts; remembers the meta fields' types between lines."""

    def __init__(self) -> None:
        self._types: dict[tuple[str, ...], str] = {}

    def of(self, fields: Fields) -> list[tuple[FlagKind, str]]:
        """Return the kind and the detail of each flag of an accepted line."""
        return list(self._flags(fields))

    def _flags(self, fields: Fields) -> Iterator[tuple[FlagKind, str]]:
        line, meta = fields["line"], fields.get("meta", {})
        assert isinstance(line, str)
        assert isinstance(meta, dict)
        if (size := len(_utf8(line))) > LINE_BYTES:
            yield FlagKind.LINE_TRUNCATED, f"{size} bytes"
        if fields.get("app") and fields.get("file"):
            yield FlagKind.APP_DROPPED, "app and file are both present"
        if (levels := nesting(meta)) > META_LEVELS:
            yield FlagKind.META_TOO_DEEP, f"{levels} levels"
        for name in sorted(_REMOVED & (meta.keys() | _keys_of_json_text(line))):
            yield FlagKind.RESERVED_KEY_REMOVED, name
        for path, kind in _types_of(meta, ()):
            before = self._types.setdefault(path, kind)
            if before != kind:
                yield FlagKind.META_TYPE_CHANGED, f"{'.'.join(path)}: {before}, then {kind}"


def _types_of(value: JsonValue, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    match value:
        case None:
            return  # an index takes no type from null
        case dict():
            kind = "object"
            for name, member in value.items():
                yield from _types_of(member, (*path, name))
        case list():
            kind = "array"
            for member in value:
                yield from _types_of(member, (*path, "[]"))
        case str():
            kind = "string"
        case bool():
            kind = "boolean"
        case _:
            kind = "number"
    yield path, kind


def _keys_of_json_text(line: str) -> set[str]:
    """Return the root keys of a line that Mezmo would parse as JSON."""
    if not line.endswith("}"):
        return set()
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return set()
    return set(parsed) if isinstance(parsed, dict) else set()


def _size(value: JsonValue) -> int:
    return len(_utf8(json.dumps(value, ensure_ascii=False, separators=(",", ":"))))


def _truncated(line: str) -> str:
    encoded = _utf8(line)
    end = min(len(encoded), LINE_BYTES)
    while end < len(encoded) and encoded[end] & 0xC0 == 0x80:  # in the middle of a character
        end -= 1
    return encoded[:end].decode(errors="surrogatepass")


def _utf8(text: str) -> bytes:
    # A lone surrogate is legal in JSON text and takes the three bytes of its replacement character.
    return text.encode(errors="surrogatepass")
