"""The handler's folders, and which may import which: the table of ARCHITECTURE.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import handler

ROOT = Path(handler.__file__).parent
LINES = {"texts", "events", "services", "redaction", "lines"}
MAY_IMPORT = {
    "texts": set(),
    "events": {"texts"},
    "services": {"texts"},
    "redaction": {"texts"},
    "lines": LINES,
    "aws": set(),
    "store": {"events", "lines", "aws"},
    "delivery": {"events", "lines", "store", "aws"},
    "forwarding": {*LINES, "aws", "store", "delivery"},
    "redriving": {*LINES, "aws", "store", "delivery", "forwarding"},
}
# Builds what the others are given.
PUTS_TOGETHER = "forwarding/sender.py"


def names(path: Path) -> Iterator[str]:
    """Yield the modules of the handler that a file imports anywhere, as in `lines.batches`."""
    folder = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ["handler", *folder][: len(folder) + 2 - node.level] if node.level else []
            module = ".".join([*package, *([node.module] if node.module else [])])
            found = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("handler.") for name in found if name.startswith("handler."))


def rooms(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in names(path)} & set(MAY_IMPORT)


def files(room: str = ".") -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / room).rglob("*.py"))


def test_each_room_is_in_the_table() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_what_is_above_it(room: str) -> None:
    others = {file: rooms(ROOT / file) - {room} - MAY_IMPORT[room] for file in files(room)}
    assert {file: wrong for file, wrong in others.items() if wrong} == {}


def test_what_calls_aws_knows_no_lines() -> None:
    both = [file for file in files() if "aws" in (found := rooms(ROOT / file)) and found & LINES]
    assert both == [PUTS_TOGETHER]
