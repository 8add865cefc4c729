"""What holds of every example: it synthesizes, cdk-nag and cfn-lint find nothing, its README is one screen.

What cdk-nag is to leave in an example as it is, the example says itself, with the reason:
`Validations.of(...).acknowledge(...)`.
"""

import json
import re

import pytest

from tests.examples.conftest import Synthesized
from tests.examples.synthesized import EXAMPLES, ROOT
from tests.security.findings import lint, nag

CLI = json.loads((ROOT / "package.json").read_bytes())["devDependencies"]["aws-cdk"]

every_example = pytest.mark.parametrize("name", EXAMPLES)


@every_example
def test_it_makes_a_forwarder(name: str, synthesized: Synthesized) -> None:
    functions = synthesized(name).resources("AWS::Lambda::Function")

    assert [made for made in functions if "MezmoForwarder" in str(made) or "mezmo" in str(made).lower()]


@every_example
def test_cdk_nag_finds_nothing(name: str, synthesized: Synthesized) -> None:
    assert nag(synthesized(name).app, "AwsSolutions") == {}


@every_example
def test_cfn_lint_finds_nothing(name: str, synthesized: Synthesized) -> None:
    templates = synthesized(name).templates.items()

    assert {template: found for template, path in templates if (found := lint(path))} == {}


@every_example
def test_nothing_else_is_warned_of(name: str, synthesized: Synthesized) -> None:
    documents = [json.loads(path.read_bytes()) for path in synthesized(name).assembly.glob("*.metadata.json")]
    entries = [entry for document in documents for found in document.values() for entry in found]

    assert entries
    assert [entry["data"] for entry in entries if entry["type"] in ("aws:cdk:warning", "aws:cdk:error")] == []


@every_example
def test_its_readme_is_one_screen_from_nothing_to_lines(name: str, synthesized: Synthesized) -> None:
    readme = synthesized(name).readme

    assert len(readme.splitlines()) <= 45
    assert set(re.findall(r"aws-cdk@(\S+) (bootstrap|deploy|destroy)", readme)) == {
        (CLI, "bootstrap"),
        (CLI, "deploy"),
        (CLI, "destroy"),
    }
    assert "In Mezmo" in readme, "say what to look for in Mezmo"


def test_the_index_has_every_example() -> None:
    index = (ROOT / "examples/README.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| \[(\w+)\]\(\1/README\.md\)", index, re.MULTILINE) == sorted(
        re.findall(r"\]\((\w+)/README\.md\)", index), key=index.index
    )
    assert sorted(re.findall(r"\]\((\w+)/README\.md\)", index)) == EXAMPLES
