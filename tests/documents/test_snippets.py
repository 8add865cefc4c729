"""Every block of code in every document is tried, by its language."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from tests.documents import python_snippets, typescript_snippets
from tests.documents.commands import CHECKS, CommandError, check
from tests.documents.markdown import Fence, documents, fences, inline_code
from tests.documents.shell import SHELLS, commands, placeholders

# What jsii-rosetta compiles already: `projen docs`.
GENERATED = ("API.md", "docs/api/")
DOCUMENTS = [document for document in documents() if not document.startswith(GENERATED)]
FENCES = [fence for document in DOCUMENTS for fence in fences(document)]
PARSERS = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}
TRIED = {"python", "typescript", "text", "hcl", *SHELLS, *PARSERS}


def of(*languages: str) -> pytest.MarkDecorator:
    """Give a test the fences of some languages."""
    return pytest.mark.parametrize(
        "fence", [fence for fence in FENCES if fence.language in languages], ids=str
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_fence_has_a_language_that_is_tried(document: str) -> None:
    assert [(str(fence), fence.language) for fence in fences(document) if fence.language not in TRIED] == []


@of("python")
def test_python_runs_and_synthesizes(fence: Fence, tmp_path: Path) -> None:
    python_snippets.run(fence.text, tmp_path)


def test_typescript_compiles() -> None:
    found = typescript_snippets.errors({str(one): one.text for one in FENCES if one.language == "typescript"})
    assert {fence: errors for fence, errors in found.items() if errors} == {}


@of(*PARSERS)
def test_data_is_data(fence: Fence, tmp_path: Path) -> None:
    if "${" in fence.text:  # a place that a program fills
        return
    if "Resources:" in fence.text or '"Resources":' in fence.text:
        template = tmp_path / f"template.{fence.language}"
        template.write_text(fence.text)
        linted = subprocess.run(
            ["cfn-lint", template], capture_output=True, text=True, check=False, timeout=120
        )
        assert linted.returncode == 0, linted.stdout
        return
    PARSERS[fence.language](fence.text)


@of("hcl")
def test_terraform_reads_it(fence: Fence) -> None:
    if not shutil.which("terraform"):
        pytest.skip("there is no terraform here")
    formatted = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-"],
        input=fence.text, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr


@of(*SHELLS)
def test_bash_reads_it(fence: Fence) -> None:
    read = subprocess.run(
        ["bash", "-n"], input=fence.text, capture_output=True, text=True, check=False, timeout=60
    )
    assert (read.returncode, read.stderr) == (0, "")
    assert placeholders(fence.text) == [], (
        "write in capitals what a reader is to put in: bash reads `<` as a file's"
    )


@of(*SHELLS)
def test_commands_exist_with_their_options(fence: Fence) -> None:
    for words in commands(fence.text):
        check(words)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_sentences_exist_with_their_options(document: str) -> None:
    wrong = []
    for code in inline_code(document):
        if code.split(" ")[0] in CHECKS and " " in code:
            try:
                for words in commands(re.sub("<[^<>]+>", "PLACEHOLDER", code)):
                    check(words, mention=True)
            except (CommandError, ValueError) as error:
                wrong.append(str(error))
    assert wrong == []
