"""What the documents say is what there is."""

import json
import re
from pathlib import Path

import pytest

from tests.handler.recognition import DOCUMENT, document

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("local/*.md"),
    *ROOT.glob("examples/*/*.md"),
    *ROOT.glob("benchmarks/*.md"),
    *ROOT.glob("docs/*.md"),
]


def test_quickstart_is_the_example_and_under_twenty_lines() -> None:
    example = (ROOT / "examples/quickstart/app.py").read_text(encoding="utf-8")

    assert f"```python\n{example}```" in README
    assert len(example.splitlines()) < 20


def test_every_property_is_in_the_readme() -> None:
    assembly = json.loads((ROOT / ".jsii").read_text(encoding="utf-8"))
    interfaces = ("MezmoLogForwarderProps", "LineOptions")
    properties = [
        declared
        for interface in interfaces
        for declared in assembly["types"][f"mezmo-forwarder.{interface}"]["properties"]
    ]
    names = [re.sub("([A-Z])", r"_\1", declared["name"]).lower() for declared in properties]

    assert [name for name in names if f"`{name}`" not in README] == []


def test_the_cli_version_in_the_readme_is_the_one_that_is_tried() -> None:
    tried = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["aws-cdk"]

    assert set(re.findall(r"aws-cdk@([\d.]+)", README)) == {tried}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_warning_is_in_the_readme() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src/mezmo_forwarder").glob("*.ts")
    )
    identifiers = set(re.findall("mezmo-forwarder:[a-zA-Z]+", sources))

    assert identifiers
    assert {identifier for identifier in identifiers if f"`{identifier}`" not in README} == set()


def test_the_services_are_those_of_the_samples() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `python -m tests.handler.recognition`"
