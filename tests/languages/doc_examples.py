"""The examples of the doc comments as programs: in Go, whose translations `tools/doc_examples.py` mends."""

import json
import re
from pathlib import Path

TABLET = Path(__file__).resolve().parents[2] / ".jsii.tabl.json"
CDK = "github.com/aws/aws-cdk-go/awscdk/v2"
OURS = "github.com/mezmo-forwarder/mezmo-forwarder-go/mezmoforwarder"
# What rosetta's fixture gives to each.
GIVEN = {
    "stack": "awscdk.Stack",
    "secret": "awssecretsmanager.ISecret",
    "forwarder": "mezmoforwarder.MezmoLogForwarder",
    "topic": "awssns.ITopic",
}


def go_package() -> str:
    """Return one Go package with a function for each example."""
    snippets = json.loads(TABLET.read_text(encoding="utf-8"))["snippets"].values()
    functions = "".join(
        function(number, snippet["translations"]["go"]["source"]) for number, snippet in enumerate(snippets)
    )
    packages = set(re.findall(r"\b(aws\w+|jsii|mezmoforwarder)\.[A-Z]", functions))
    paths = {"awscdk": CDK, "jsii": "github.com/aws/jsii-runtime-go", "mezmoforwarder": OURS}
    imports = "".join(f'\t"{paths.get(name, f"{CDK}/{name}")}"\n' for name in sorted(packages))
    return f"package examples\n\nimport (\n{imports})\n{functions}"


def function(number: int, example: str) -> str:
    """Return a function that holds an example; Go has each variable used."""
    parameters = ", ".join(f"{name} {of}" for name, of in GIVEN.items())
    used = "".join(f"\n_ = {name}" for name in re.findall(r"^(\w+) :=", example, flags=re.MULTILINE))
    return f"\nfunc example{number}({parameters}) {{\n{{\n{example}{used}\n}}\n}}\n"
