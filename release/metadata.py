"""What registries want to be told of a package, and what their pages show."""

import email
import json
import subprocess
import sys
from collections.abc import Iterable
from email.message import Message
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import long_description
from wheel_commands import BETA, STABLE

from release.contents import Artefact, artefacts

POM = "{http://maven.apache.org/POM/4.0.0}"
# https://central.sonatype.org/publish/requirements
MAVEN_NEEDS = ["name", "description", "url", "licenses/license/name", "licenses/license/url"]
MAVEN_NEEDS += ["developers/developer", "scm/connection", "scm/url", "groupId", "artifactId", "version"]
NUGET_NEEDS = ["PackageId", "PackageVersion", "Description", "Authors", "PackageLicenseExpression"]
NUGET_NEEDS += ["ProjectUrl", "RepositoryUrl", "PackageTags"]
NUSPEC_NEEDS = ["id", "version", "description", "authors", "license", "projectUrl", "repository", "tags"]
PYPI_CLASSIFIERS = ["Framework :: AWS CDK :: 2", "Typing :: Typed", "Programming Language :: Python :: 3.11"]
PYPI_CLASSIFIERS += ["License :: OSI Approved :: Apache Software License"]
PYPI_URLS = {"Source", "Documentation", "Changelog", "Issues"}
# Construct Hub takes what npm has with one of its keywords, jsii's description, and one of its licences.
NPM_NEEDS = ["author", "bugs", "description", "homepage", "license", "repository", "stability", "version"]


def problems(dist: Path) -> list[str]:
    """Return what registries would miss, in words."""
    packed = {one.name: one for one in artefacts(dist)}
    wrong = [problem for one in packed.values() for problem in about(one)]
    wrong += [problem for path in dist.glob("java/**/*.pom") for problem in about_pom(path)]
    wrong += [problem for path in dist.glob("dotnet/**/*.csproj") for problem in about_csproj(path)]
    return wrong + about_go(packed["go/"])


def about(artefact: Artefact) -> list[str]:
    """Look at a package of one file, by its kind."""
    kinds = {".whl": about_wheel, ".tgz": about_npm, ".nupkg": about_nupkg}
    look = kinds.get(Path(artefact.name).suffix)
    return look(artefact) if look else []


def about_npm(package: Artefact) -> list[str]:
    """Look at what npm and Construct Hub show."""
    manifest: dict[str, Any] = json.loads(package.files["package.json"])
    wrong = [f"{package.name}: package.json has no {name}" for name in NPM_NEEDS if not manifest.get(name)]
    if "awscdk" not in manifest.get("keywords", []):
        wrong.append(f'{package.name}: package.json has no keyword "awscdk", by which Construct Hub finds it')
    described = json.loads(package.files[".jsii"])
    if described["version"] != manifest["version"]:
        wrong.append(
            f"{package.name}: .jsii is of {described['version']}, package.json of {manifest['version']}"
        )
    return wrong


def about_wheel(wheel: Artefact) -> list[str]:
    """Look at what PyPI shows."""
    told = wheel_metadata(wheel)
    classifiers = told.get_all("Classifier", [])
    needed = [*PYPI_CLASSIFIERS, BETA if told.get("Version", "").startswith("0.") else STABLE]
    wrong = [f'{wheel.name}: no classifier "{one}"' for one in needed if one not in classifiers]
    urls = {one.partition(",")[0] for one in told.get_all("Project-URL", [])}
    wrong += [f"{wheel.name}: no project URL {one}" for one in sorted(PYPI_URLS - urls)]
    relative = long_description.relative(str(told.get_payload()))
    return wrong + [f"{wheel.name}: {one} leads nowhere on PyPI's page" for one in relative]


def wheel_metadata(wheel: Artefact) -> Message:
    """Return a wheel's METADATA; the payload is the long description."""
    (name,) = wheel.named(r"[^/]+\.dist-info/METADATA")
    return email.message_from_string(wheel.files[name].decode())


def twine_problems(wheels: Iterable[Path]) -> list[str]:
    """Let twine look at wheels as PyPI does, the description rendered."""
    command = [sys.executable, "-m", "twine", "--no-color", "check", "--strict", *map(str, wheels)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return [] if found.returncode == 0 else [found.stdout + found.stderr]


def about_pom(path: Path) -> list[str]:
    """Look at what Maven Central requires."""
    pom = ET.parse(path).getroot()
    wrong = [f"{path.name} has no {need}" for need in MAVEN_NEEDS if not has(pom, need)]
    for kind in ("", "-sources", "-javadoc"):
        jar = path.with_name(f"{path.stem}{kind}.jar")
        if not jar.exists():
            wrong.append(f"{jar.name} is missing: Maven Central wants classes, sources and Javadoc")
    return wrong


def has(pom: ET.Element, need: str) -> bool:
    """Whether an element is there, with a text or with elements in it."""
    element = pom.find("/".join(f"{POM}{name}" for name in need.split("/")))
    return element is not None and bool((element.text or "").strip() or len(element))


def about_csproj(path: Path) -> list[str]:
    """Look at what becomes the NuGet package's description."""
    project = ET.parse(path)
    return [
        f"{path.name} has no {need}" for need in NUGET_NEEDS if not project.findtext(f"PropertyGroup/{need}")
    ]


def about_nupkg(package: Artefact) -> list[str]:
    """Look at what NuGet shows of a package that was compiled."""
    described = ET.fromstring(package.files["MezmoForwarder.nuspec"])
    given = {element.tag.rpartition("}")[2] for element in described.iter()}
    return [f"{package.name}: its nuspec has no {need}" for need in NUSPEC_NEEDS if need not in given]


def about_go(module: Artefact) -> list[str]:
    """Look at what publib takes the tag and the repository from."""
    name = module.files["mezmoforwarder/go.mod"].decode().split("\n", 1)[0]
    wanted = "module github.com/mezmo-forwarder/mezmo-forwarder-go/mezmoforwarder"
    return [] if name == wanted else [f"go.mod begins with {name}, not with {wanted}"]
