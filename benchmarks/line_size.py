"""How many bytes a line of the standard format is longer than its message."""

import json
import statistics
from collections import defaultdict

from benchmarks.corpus import event, pack
from benchmarks.lambda_python import LambdaPython
from benchmarks.report import Findings, table
from local.demo.sample_events import ECS_GROUP, LAMBDA_GROUP, sample_events

_GROUPS = (ECS_GROUP, LAMBDA_GROUP)
_LAST = ("**all that a line adds**", "the message itself")


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Take the demo's lines apart."""
    streams: dict[tuple[str, str], list[str]] = defaultdict(list)
    for number, sample in enumerate(sample_events(200 if quick else 2000, now=1_793_000_000_000)):
        stream = streams[sample.log_group, sample.log_stream]
        stream.append(event(number, sample.timestamp, sample.message))
    parts: dict[str, list[dict[str, int]]] = {group: [] for group in _GROUPS}
    for (group, name), events in streams.items():
        file = runner.file(pack("stream", events, logGroup=group, logStream=name))
        parts[group] += map(_parts, runner.probe("lines", file).result)
    # Of what not every line has, the mean counts the others as well.
    names = dict.fromkeys(name for group in _GROUPS for part in parts[group] for name in part)
    rows = [
        [name, *(f"{statistics.mean(part.get(name, 0) for part in parts[group]):.0f}" for group in _GROUPS)]
        for name in [*(name for name in names if name not in _LAST), *_LAST]
    ]
    return Findings({"line_size": table(["", *(f"`{group}`" for group in _GROUPS)], rows)})


def _parts(line: dict[str, object]) -> dict[str, int]:
    """Return the bytes of each part of a line; together they are the line and the comma after it."""
    message, meta = line["line"], line["meta"]
    assert isinstance(message, str)
    assert isinstance(meta, dict)
    length, whole = len(message.encode()), _size(line) + len(",")
    parts = {f"`meta.{name}`": _size({name: value}) - 1 for name, value in meta.items()}
    parts["`meta` around them"] = len('"meta":{},') - 1  # the last field has no comma
    parts |= {f"`{name}`": _size({name: line[name]}) - 1 for name in line if name not in ("line", "meta")}
    parts["`line` around the message, braces, comma"] = len('{"line":""},')
    parts["escapes in the message"] = _size(message) - len('""') - length
    assert sum(parts.values()) + length == whole, "every byte is accounted for"
    return {**parts, **dict(zip(_LAST, (whole - length, length), strict=True))}


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
