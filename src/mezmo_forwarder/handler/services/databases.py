"""Messages of databases: of PostgreSQL and of MySQL, as RDS has them log."""

import re
from itertools import pairwise

from .facts import Facts, Value, decoded, named_level
from .payloads import integer_of, number_of, reader, text_of

_HEAD = 400  # bytes at the beginning of a message that are looked at


_PREFIX = re.compile(
    rb'"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+:'  # %t
    rb"[^ ]*?:"  # %r, empty for a process of the server's own
    rb"(?P<user>[^:@\\]*)@(?P<name>[^:\\]*):"
    rb"\[(?P<process>\d{1,9})\]:"
    rb"(?P<word>[A-Z]+\d?):  "
    rb"(?:duration: (?P<duration>\d+\.\d+) ms)?"
)


def _postgresql(literal: bytes) -> Facts | None:
    """Read RDS's prefix: `2026-11-23 10:00:00 UTC:10.0.0.1(5432):user@database:[1234]:ERROR:  text`."""
    found = _PREFIX.match(literal, 0, _HEAD)
    if found is None:
        return None
    meta: dict[str, Value] = {"process": int(found["process"])}
    for name in ("user", "name"):
        if value := found[name]:
            meta[f"db_{name}"] = text_of(value.decode("utf-8", "replace"))
    if duration := found["duration"]:
        meta["duration_ms"] = float(duration)
    # DETAIL, HINT, STATEMENT and the like are no levels, but more about the line before.
    return Facts("", {}, meta, named_level(found["word"].decode()))


def _mysql(literal: bytes) -> Facts | None:
    """Read an error log's `2026-11-23T10:00:00.123456Z 0 [Warning] [MY-010068] ...`, or a slow query."""
    if literal.startswith(b'"# '):
        return _slow_query(literal)
    head = literal[1:80]
    _, found, rest = head.partition(b" [")
    level, closed, _ = rest.partition(b"]")
    if not found or not closed or not head[:4].isdigit():
        return None
    name = named_level(level.decode("ascii", "replace"))
    return Facts("", {}, {}, name) if name else None


def _slow_query(literal: bytes) -> Facts | None:
    r"""Read the lines that come before a slow query.

    `# User@Host: user[user] @  [10.0.0.1]  Id: 12\n# Query_time: 2.000201  Lock_time: 0.000000 ...`
    """
    words = decoded(literal)[:_HEAD].split()
    meta: dict[str, Value] = {}
    for name, value in pairwise(words):
        if name == "Query_time:" and (seconds := number_of(value)) is not None:
            meta["duration_ms"] = round(seconds * 1000, 3)
        elif name == "Rows_examined:" and (rows := integer_of(value)) is not None:
            meta["rows_examined"] = rows
        elif name == "User@Host:":
            meta["db_user"] = text_of(value.partition("[")[0])
    return Facts("", {}, meta, "WARN") if meta else None


read_postgresql = reader(text=_postgresql)
read_mysql = reader(text=_mysql)
