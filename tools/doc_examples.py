"""Translate the examples of the doc comments: each language's package and reference show its own.

`jsii-rosetta` compiles them strictly and leaves its translations in `.jsii.tabl.json`, where `jsii-pacmak`
and `jsii-docgen` look for them. Its Go comes without packages' names and pointers, and with arguments left
out: `go` mends what the examples here have of that, and tests/languages compiles all of them.
"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TABLET = ROOT / ".jsii.tabl.json"
OURS = "mezmoforwarder"
# How many arguments Go wants of what examples call of CDK without naming all.
ARITIES = {"NewStream": 3, "Code_FromAsset": 2}
# Types of CDK's that rosetta names without a package.
PACKAGES = dict.fromkeys(["CompositeAlarmProps", "IAlarmAction", "MetricOptions"], "awscloudwatch")


def main() -> None:
    """Write the tablet; what has not changed since the last time is not translated again."""
    cache = ROOT / "build/examples.tabl.json"
    cache.parent.mkdir(exist_ok=True)
    TABLET.unlink(missing_ok=True)  # rosetta would take what is mended there for its own
    command = ["jsii-rosetta", "extract", "--compile", "--strict", "--batch", "--trim-cache"]
    subprocess.run([*command, "--cache", str(cache), ".jsii"], cwd=ROOT, check=True)
    tablet = json.loads(TABLET.read_text(encoding="utf-8"))
    types = json.loads((ROOT / ".jsii").read_text(encoding="utf-8"))["types"].values()
    for snippet in tablet["snippets"].values():
        translation = snippet["translations"]["go"]
        translation["source"] = go(translation["source"], [*types])
    TABLET.write_text(json.dumps(tablet), encoding="utf-8")


def go(source: str, types: list[dict[str, Any]]) -> str:
    """Return an example as Go has it."""
    modules = go_packages()
    packages = PACKAGES | {described["name"]: OURS for described in types}
    variables = "|".join({"forwarder", *re.findall(r"^(\w+) :=", source, flags=re.MULTILINE)})

    def mend(code: str) -> str:
        code = re.sub(r"\bthis\b", "stack", code).replace("jsii.Boolean(", "jsii.Bool(")
        code = re.sub(r"\b(\w+)\.(?=[A-Z])", lambda found: f"{modules.get(found[1], found[1])}.", code)
        code = re.sub(rf"\*(?={OURS}\.)", "", code)
        code = re.sub(r"(?<=[&\]])([A-Z]\w+)(?=\{)", lambda found: f"{packages[found[1]]}.{found[1]}", code)
        code = re.sub(r"(?<!\w)(\[\]|map\[)(?=[^{\"]*\{)", r"&\1", code)
        # Members are exported, and properties are methods.
        code = re.sub(r"\b(\w+)\.([a-z])", lambda found: f"{found[1]}.{found[2].upper()}", code)
        return re.sub(rf"\b({variables})\.\w+\b(?!\()", lambda found: f"{found[0]}()", code)

    return with_all_arguments(outside_strings(source, mend), ARITIES | arities(types))


def go_packages() -> dict[str, str]:
    """Return Go's packages by the names that the fixture gives to CDK's modules."""
    fixture = (ROOT / "rosetta/default.ts-fixture").read_text(encoding="utf-8")
    found = re.findall(r"import \* as (\w+) from 'aws-cdk-lib/([\w-]+)'", fixture)
    return {name: module.replace("-", "") for name, module in found}


def outside_strings(source: str, change: Callable[[str], str]) -> str:
    """Change a text but for its string literals."""
    parts = re.split(r'("(?:[^"\\]|\\.)*")', source)
    return "".join(part if part.startswith('"') else change(part) for part in parts)


def arities(types: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many arguments our methods have, by their names in Go."""
    found = {}
    for described in types:
        for method in described.get("methods", []):
            owner = f"{described['name']}_" if method.get("static") else ""
            if not method.get("variadic"):
                name = method["name"]
                found[f"{owner}{name[0].upper()}{name[1:]}"] = len(method.get("parameters", []))
    return found


def with_all_arguments(source: str, wanted: dict[str, int]) -> str:
    """Add `nil` for the arguments that a call leaves out: Go lets none be left out."""
    # From the last, so that the places of those before it stay.
    for found in reversed([*re.finditer(r"\.(\w+)\(", source)]):
        depth, commas, end = 1, 0, found.end()
        while depth:
            if source[end] == '"':
                end = source.index('"', end + 1)
            depth += (source[end] in "({[") - (source[end] in ")}]")
            commas += depth == 1 and source[end] == ","
            end += 1
        given = commas + 1 if source[found.end() : end - 1].strip() else 0
        lacking = ["nil"] * (wanted.get(found[1], 0) - given)
        if lacking:
            before = [source[: end - 1]] if given else [source[: end - 1] + lacking.pop()]
            source = ", ".join([*before, *lacking]) + source[end - 1 :]
    return source


if __name__ == "__main__":
    main()
