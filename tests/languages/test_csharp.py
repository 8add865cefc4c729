"""C#: the package is generated and its project file read. No test of ours compiles it."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_project_file(tmp_path: Path) -> None:
    subprocess.run(
        ["jsii-pacmak", "--code-only", "--target", "dotnet", "--outdir", tmp_path], cwd=ROOT, check=True
    )
    folder = tmp_path / "dotnet/MezmoForwarder"
    package = json.loads((ROOT / "package.json").read_text())
    project = ET.parse(folder / "MezmoForwarder.csproj")

    said = {name: project.findtext(f"PropertyGroup/{name}") for name in ("PackageId", "PackageVersion")}
    assert said == {"PackageId": "MezmoForwarder", "PackageVersion": package["version"]}
    assert project.findtext("PropertyGroup/PackageLicenseExpression") == package["license"]
    needs = {one.get("Include"): one.get("Version") for one in project.iterfind("ItemGroup/PackageReference")}
    for nuget, npm in (("Amazon.CDK.Lib", "aws-cdk-lib"), ("Constructs", "constructs")):
        floor = package["peerDependencies"][npm].removeprefix("^")
        assert needs[nuget] == f"[{floor},{int(floor.split('.')[0]) + 1}.0.0)"
    (resource,) = project.iterfind("ItemGroup/EmbeddedResource")
    assert (folder / str(resource.get("Include"))).exists(), "the JavaScript that it runs"
    assert "SubscriptionFilter Subscribe(" in (folder / "MezmoForwarder/MezmoLogForwarder.cs").read_text()
