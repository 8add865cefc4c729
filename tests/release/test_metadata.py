"""What registries would miss."""

import json
from collections.abc import Mapping
from pathlib import Path

from wheel_commands import BETA, STABLE

from release import metadata
from release.contents import Artefact

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <name>a</name><description>a</description><url>https://example.com</url>
  <licenses><license><name>Apache-2.0</name><url>https://example.com</url></license></licenses>
  <developers><developer><organization>a</organization></developer></developers>
  <scm><connection>scm:git:https://example.com</connection><url>https://example.com</url></scm>
  <groupId>a</groupId><artifactId>a</artifactId><version>1.2.3</version>
</project>"""
MANIFEST = dict.fromkeys(metadata.NPM_NEEDS, "a") | {"version": "1.2.3", "keywords": ["awscdk"]}


def about_pom(folder: Path, text: str) -> list[str]:
    (folder / "a-1.2.3.pom").write_text(text)
    for kind in ("", "-sources", "-javadoc"):
        (folder / f"a-1.2.3{kind}.jar").touch()
    return metadata.about_pom(folder / "a-1.2.3.pom")


def test_maven_central(tmp_path: Path) -> None:
    assert about_pom(tmp_path, POM) == []
    for name, element in {
        "description": "<description>a</description>",
        "licenses/license/name": "<name>Apache-2.0</name>",
        "developers/developer": "<developer><organization>a</organization></developer>",
        "scm/connection": "<connection>scm:git:https://example.com</connection>",
    }.items():
        assert about_pom(tmp_path, POM.replace(element, "")) == [f"a-1.2.3.pom has no {name}"]
    (tmp_path / "a-1.2.3.pom").write_text(POM)
    (tmp_path / "a-1.2.3-javadoc.jar").unlink()
    (wrong,) = metadata.about_pom(tmp_path / "a-1.2.3.pom")
    assert wrong.startswith("a-1.2.3-javadoc.jar is missing")


def about_npm(manifest: Mapping[str, object]) -> list[str]:
    files = {"package.json": json.dumps(manifest).encode(), ".jsii": b'{"version": "1.2.3"}'}
    return metadata.about_npm(Artefact("a.tgz", files, {}, 0))


def test_npm_and_construct_hub() -> None:
    assert about_npm(MANIFEST) == []
    assert about_npm(MANIFEST | {"license": ""}) == ["a.tgz: package.json has no license"]
    (wrong,) = about_npm(MANIFEST | {"keywords": ["cdk"]})
    assert "by which Construct Hub finds it" in wrong
    assert about_npm(MANIFEST | {"version": "1.2.4"}) == ["a.tgz: .jsii is of 1.2.3, package.json of 1.2.4"]


def wheel(description: str, version: str = "1.2.3") -> Artefact:
    head = [f"Classifier: {one}" for one in [*metadata.PYPI_CLASSIFIERS, STABLE]]
    head += [f"Project-URL: {one}, https://example.com" for one in sorted(metadata.PYPI_URLS)]
    text = "\n".join(["Metadata-Version: 2.1", f"Version: {version}", *head, "", description])
    return Artefact("a.whl", {"a-1.2.3.dist-info/METADATA": text.encode()}, {}, 0)


def test_pypi() -> None:
    assert metadata.about_wheel(wheel("[costs](https://example.com/costs.md)")) == []
    assert metadata.about_wheel(wheel("[costs](docs/costs.md)")) == [
        "a.whl: docs/costs.md leads nowhere on PyPI's page"
    ]
    text = wheel("").files["a-1.2.3.dist-info/METADATA"].replace(b"Classifier: Typing :: Typed\n", b"")
    without = Artefact(
        "a.whl", {"a-1.2.3.dist-info/METADATA": text.replace(b"Project-URL: Issues", b"X: ")}, {}, 0
    )
    assert metadata.about_wheel(without) == [
        'a.whl: no classifier "Typing :: Typed"',
        "a.whl: no project URL Issues",
    ]


def test_before_its_first_major_version_pypi_is_told_of_a_beta() -> None:
    assert metadata.about_wheel(wheel("", version="0.9.0")) == [f'a.whl: no classifier "{BETA}"']


def test_nuget_from_source(tmp_path: Path) -> None:
    given = "".join(f"<{name}>a</{name}>" for name in metadata.NUGET_NEEDS if name != "Authors")
    (tmp_path / "a.csproj").write_text(f"<Project><PropertyGroup>{given}</PropertyGroup></Project>")

    assert metadata.about_csproj(tmp_path / "a.csproj") == ["a.csproj has no Authors"]


def test_nuget_compiled() -> None:
    given = "".join(f"<{name}>a</{name}>" for name in metadata.NUSPEC_NEEDS if name != "license")
    nuspec = f'<package xmlns="http://example.com/nuspec.xsd"><metadata>{given}</metadata></package>'
    package = Artefact("a.nupkg", {"MezmoForwarder.nuspec": nuspec.encode()}, {}, 0)

    assert metadata.about(package) == ["a.nupkg: its nuspec has no license"]


def test_go() -> None:
    right = {
        "mezmoforwarder/go.mod": b"module github.com/mezmo-forwarder/mezmo-forwarder-go/mezmoforwarder\n"
    }
    assert metadata.about_go(Artefact("go/", right, {}, 0)) == []
    (wrong,) = metadata.about_go(Artefact("go/", {"mezmoforwarder/go.mod": b"module example.com/a\n"}, {}, 0))
    assert "go.mod begins with module example.com/a" in wrong
