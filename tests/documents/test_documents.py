"""What the documents say is what there is."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.handler.recognition import DOCUMENT, document

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "docs/reference"


def test_quickstart_is_the_example_and_under_twenty_lines() -> None:
    example = (ROOT / "examples/quickstart/app.py").read_text(encoding="utf-8")

    assert f"```python\n{example}```" in README
    assert len(example.splitlines()) < 20


def test_the_readme_fits_a_first_reading() -> None:
    lines = README.splitlines()
    prose = [line for line in lines if not line.startswith(("|", "Apache-2.0"))]

    assert len(lines) < 200
    assert [line for line in prose if len(line) > 121] == []


def test_every_property_is_in_the_reference() -> None:
    text = (REFERENCE / "properties.md").read_text(encoding="utf-8")
    assembly = json.loads((ROOT / ".jsii").read_text(encoding="utf-8"))
    interfaces = ("MezmoLogForwarderProps", "LineOptions")
    properties = [
        declared
        for interface in interfaces
        for declared in assembly["types"][f"mezmo-forwarder.{interface}"]["properties"]
    ]
    names = [re.sub("([A-Z])", r"_\1", declared["name"]).lower() for declared in properties]

    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_warning_is_in_the_reference() -> None:
    text = (REFERENCE / "warnings.md").read_text(encoding="utf-8")
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src/mezmo_forwarder").rglob("*.ts")
    )
    identifiers = set(re.findall("mezmo-forwarder:[a-zA-Z]+", sources))

    assert identifiers
    assert {identifier for identifier in identifiers if f"`{identifier}`" not in text} == set()


def test_the_services_are_those_of_the_samples() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `python -m tests.handler.recognition`"


@pytest.mark.slow
def test_api_md_is_what_the_library_says(tmp_path: Path) -> None:
    before = (ROOT / "API.md").read_text(encoding="utf-8")
    kept = tmp_path / "API.md"
    shutil.copy(ROOT / "API.md", kept)
    try:
        subprocess.run(["projen", "docs"], cwd=ROOT, check=True, capture_output=True, timeout=300)
        assert (ROOT / "API.md").read_text(encoding="utf-8") == before, "run `projen docs`"
    finally:
        shutil.copy(kept, ROOT / "API.md")
