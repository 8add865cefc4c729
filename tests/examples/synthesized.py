"""An example, synthesized as it stands."""

import contextlib
import json
import runpy
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(folder.parent.name for folder in ROOT.glob("examples/*/app.py"))

Resources = dict[str, dict[str, Any]]  # of a stack, by logical id


@dataclass
class Example:
    """One of `examples/`, after its synthesis.

    Args:
        folder: where it is.
        app: the app that it makes.
        assembly: the directory with its templates and assets, which the CDK CLI deploys.
    """

    folder: Path
    app: App
    assembly: Path

    @property
    def readme(self) -> str:
        """What a user reads first."""
        return (self.folder / "README.md").read_text(encoding="utf-8")

    @property
    def templates(self) -> dict[str, Path]:
        """The templates, by the names of their files."""
        found = {path.name: path for path in sorted(self.assembly.glob("*.template.json"))}
        assert found, f"no template in {self.assembly}"
        return found

    @property
    def stacks(self) -> dict[str, Resources]:
        """The resources, by the ids of their stacks."""
        return {
            name.removesuffix(".template.json"): json.loads(path.read_bytes())["Resources"]
            for name, path in self.templates.items()
        }

    def resources(self, resource_type: str) -> list[dict[str, Any]]:
        """Return the properties of all resources of a type."""
        return [
            resource["Properties"]
            for resources in self.stacks.values()
            for resource in resources.values()
            if resource["Type"] == resource_type
        ]

    @property
    def log_groups_of_others(self) -> set[str]:
        """The names of the log groups that are subscribed and not made here."""
        subscribed, made = (
            {name for found in self.resources(of) if isinstance(name := found.get("LogGroupName"), str)}
            for of in ("AWS::Logs::SubscriptionFilter", "AWS::Logs::LogGroup")
        )
        return subscribed - made


def synthesize(name: str, assembly: Path) -> Example:
    """Run an example's app.py in its folder, in this process, since to start another one takes seconds."""
    folder = ROOT / "examples" / name
    assert json.loads((folder / "cdk.json").read_bytes()) == {"app": "python app.py"}
    with contextlib.chdir(folder):
        made = runpy.run_path(str(folder / "app.py"), run_name="__main__").values()
    (app,) = (found for found in made if isinstance(found, App))
    # Where the app wrote is decided by the environment that jsii was started in.
    shutil.move(app.outdir, assembly)
    return Example(folder, app, assembly)
