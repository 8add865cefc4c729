"""The API reference is what the library says, in every language; and it says something of everything."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_reference import FILES

ROOT = Path(__file__).resolve().parents[2]
TYPES: dict[str, dict[str, Any]] = {
    name.partition(".")[2]: described
    for name, described in json.loads((ROOT / ".jsii").read_text(encoding="utf-8"))["types"].items()
}
# What every construct has, and every method with options: the type says what it is.
CONVENTIONAL = {"scope", "id", "props", "options"}
# What only one language's reader would read as code.
SYNTAX = re.compile(r"\bnew [A-Z]|\b(this|self)\.|=>|\(\{|\{ ?\w+: |\[[A-Z]\w+\.\w+\(|\bundefined\b|\bnil\b")


def described() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every public name with what the library has of it: types, enums' members, properties, methods."""
    for name, one in TYPES.items():
        yield name, one
        for part in ("members", "properties", "methods"):
            yield from ((f"{name}.{member['name']}", member) for member in one.get(part, []))


def parameters() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every parameter, with the name of its method and its own."""
    for name, one in described():
        for parameter in one.get("parameters", []):
            yield name, parameter["name"], parameter


def texts() -> Iterator[tuple[str, str]]:
    """Yield every text that is not an example."""
    of = [*described(), *((f"{name}({own})", parameter) for name, own, parameter in parameters())]
    for name, one in of:
        docs = one.get("docs", {})
        yield from (
            (name, docs[part]) for part in ("summary", "remarks", "default", "returns") if part in docs
        )


def test_every_name_has_a_summary() -> None:
    assert [name for name, one in described() if not one.get("docs", {}).get("summary")] == []


def test_every_summary_is_whole() -> None:
    # jsii takes the text up to the first of these for the summary; what follows is not in a table's cell.
    assert [name for name, one in described() if one["docs"]["summary"].endswith((";", ":"))] == []


def test_every_option_that_can_be_left_out_says_what_is_then() -> None:
    missing = [
        f"{name}.{option['name']}"
        for name, one in TYPES.items()
        for option in one.get("properties", [])
        if one.get("datatype") and option.get("optional") and not option["docs"].get("default")
    ]
    assert missing == []


def test_every_parameter_says_what_it_is() -> None:
    assert [
        f"{method}({name})"
        for method, name, one in parameters()
        if name not in CONVENTIONAL and not one.get("docs", {}).get("summary")
    ] == []


def test_every_class_has_an_example() -> None:
    assert [
        name for name, one in TYPES.items() if one["kind"] == "class" and not one["docs"].get("example")
    ] == []


def test_no_text_speaks_one_language() -> None:
    assert [(name, found[0]) for name, text in texts() if (found := SYNTAX.search(text))] == []


@pytest.mark.parametrize("language", FILES)
def test_examples_read_as_the_language(language: str) -> None:
    text = (ROOT / FILES[language]).read_text(encoding="utf-8")
    examples = re.findall(r"\*Example\*\n\n```(\w+)\n(.*?)```", text, flags=re.DOTALL)
    written = [one for _, one in described() if one["docs"].get("example")]
    foreign = {
        "Python": r"\bconst |\bnew |;$|\bnull\b|\btrue\b",
        "TypeScript": r"\bself\b|:=|\bvar ",
        "Java": r"\bconst |'|:=|\w: ",
        "Go": r"\bconst |\bnew |'|;$|\bthis\b",
        "C#": r"\bconst |'|:=|\w: ",
    }[language]
    tag = {"C#": "csharp"}.get(language, language.lower())

    assert len(examples) == len(written)
    assert {name for name, _ in examples} == {tag}
    assert [code for _, code in examples if re.search(foreign, code, flags=re.MULTILINE)] == []


def test_the_package_shows_them_too() -> None:
    # That those for C# and Go do is seen in tests/languages.
    package = (ROOT / "build/bindings/python/src/mezmo_forwarder/__init__.py").read_text(encoding="utf-8")

    assert "        forwarder.subscribe_account(exclude_log_group_prefixes=" in package


@pytest.mark.slow
def test_the_references_are_what_the_library_says(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "tools/api_reference.py", tmp_path], check=True, timeout=300)

    for file in FILES.values():
        assert (tmp_path / file).read_bytes() == (ROOT / file).read_bytes(), "run `projen docs`"
        # GitHub shows the text of a larger file, and not the page.
        assert (ROOT / file).stat().st_size < 1_000_000
