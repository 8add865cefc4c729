"""What the documents say is what there is."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.documents.markdown import fences
from tests.documents.shell import SHELLS, commands
from tests.handler.recognition import DOCUMENT, document

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = [
    f"/{name}" for name in subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
]
WRITTEN = [name for name in FILES if name.endswith(".md") and not name.startswith(("/API.md", "/docs/api/"))]


def test_quickstart_is_the_example_and_under_twenty_lines() -> None:
    example = (ROOT / "examples/quickstart/app.py").read_text(encoding="utf-8")

    assert f"```python\n{example}```" in README
    assert len(example.splitlines()) < 20


def test_the_commands_of_the_readme_are_those_of_the_quickstart_which_are_run() -> None:
    app = ["--app", "python app.py"]  # which the example's cdk.json says
    told, run = (
        [
            words[:-2] if words[-2:] == app else words
            for fence in fences(document)
            for words in commands(fence.text if fence.language in SHELLS else "")
            if words[0] in {"aws", "npx"}
        ]
        for document in ("README.md", "examples/quickstart/README.md")
    )

    assert [*told, ["npx", run[1][1], "destroy"]] == run


def test_the_readme_fits_a_first_reading() -> None:
    lines = README.splitlines()
    prose = [line for line in lines if not line.startswith(("|", "Apache-2.0"))]

    assert len(lines) < 200
    assert [line for line in prose if len(line) > 121] == []


def test_the_services_are_those_of_the_samples() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `python -m tests.handler.recognition`"


@pytest.mark.parametrize("document", WRITTEN)
def test_source_files_are_named_as_they_are(document: str) -> None:
    text = (ROOT / document[1:]).read_text(encoding="utf-8")
    named = {match[1] for match in re.finditer(r"`([\w./-]+\.(?:py|ts))`", text)}

    # By the end of its path: ARCHITECTURE's rows say which folder they are about.
    assert {name for name in named if not any(file.endswith(f"/{name}") for file in FILES)} == set()


def test_every_folder_has_its_place_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    paths = [Path(file).parts[1:-1][:2] for file in FILES if not file.startswith("/.")]
    # An example is a folder of its own, and a row in the README there.
    folders = {Path(*(path[:1] if path[0] == "examples" else path)) for path in paths if path}

    assert {one for one in folders if f"`{one}" not in text and f"`{one.name}/`" not in text} == set()
