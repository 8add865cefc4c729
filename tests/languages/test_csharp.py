"""C#: the package is generated, its project file read, and the application's names looked up in it.

No test of ours compiles it, for want of .NET: the release workflow does.
"""

import json
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = Path(__file__).with_name("csharp")
# What the application has of CDK and .NET.
THEIRS = {
    *("Account", "Amazon", "AnyTerm", "App", "AWS", "CDK", "Collections", "Days", "Dictionary", "Duration"),
    *("Env", "Environment", "FilterPattern", "FromLogGroupName", "FromSecretNameV2", "Generic", "LogGroup"),
    *("Logs", "Main", "Node", "Program", "Region", "Seconds", "Secret", "SecretsManager", "Stack", "System"),
    *("StackProps", "Synth", "TryGetContext"),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate the C# package, as source, and return its folder."""
    directory = tmp_path_factory.mktemp("csharp")
    command = ["jsii-pacmak", "--code-only", "--target", "dotnet", "--outdir", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True)
    return directory / "dotnet/MezmoForwarder"


def test_the_project_file(generated: Path) -> None:
    package = json.loads((ROOT / "package.json").read_text())
    project = ET.parse(generated / "MezmoForwarder.csproj")

    said = {name: project.findtext(f"PropertyGroup/{name}") for name in ("PackageId", "PackageVersion")}
    assert said == {"PackageId": "MezmoForwarder", "PackageVersion": package["version"]}
    assert project.findtext("PropertyGroup/PackageLicenseExpression") == package["license"]
    needs = {one.get("Include"): one.get("Version") for one in project.iterfind("ItemGroup/PackageReference")}
    for nuget, npm in (("Amazon.CDK.Lib", "aws-cdk-lib"), ("Constructs", "constructs")):
        floor = package["peerDependencies"][npm].removeprefix("^")
        assert needs[nuget] == f"[{floor},{int(floor.split('.')[0]) + 1}.0.0)"
    (resource,) = project.iterfind("ItemGroup/EmbeddedResource")
    assert (generated / str(resource.get("Include"))).exists(), "the JavaScript that it runs"
    assert "SubscriptionFilter Subscribe(" in (generated / "MezmoForwarder/MezmoLogForwarder.cs").read_text()


def test_the_application_names_what_there_is(generated: Path) -> None:
    program = re.sub(r'@?"[^"]*"|//.*', "", (APPLICATION / "Program.cs").read_text(encoding="utf-8"))
    declared = {
        word
        for path in (generated / "MezmoForwarder").glob("*.cs")
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("///")
        for word in re.findall(r"\b[A-Z]\w+", line)
    }

    assert set(re.findall(r"\b[A-Z]\w+", program)) - declared - THEIRS == set()
    assert (
        "<code>forwarder.SubscribeAccount(" in (generated / "MezmoForwarder/MezmoLogForwarder.cs").read_text()
    )


def test_the_application_pins_what_the_others_do() -> None:
    project = (APPLICATION / "MezmoLogs.csproj").read_text(encoding="utf-8")
    pins = dict(re.findall(r'Include="([\w.]+)" Version="\[(.+)\]"', project))
    python = dict(
        line.split("==") for line in Path(APPLICATION.parent / "python/requirements.txt").read_text().split()
    )

    assert pins.pop("MezmoForwarder") == "$(MezmoForwarderVersion)"
    assert pins == {"Amazon.CDK.Lib": python["aws-cdk-lib"], "Constructs": python["constructs"]}
