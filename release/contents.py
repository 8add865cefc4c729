"""What each artefact holds, and that it is what it should hold and nothing more."""

import io
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# What a file of an artefact is, by its path; every artefact has at least one file of each of its groups.
Groups = Mapping[str, str]

FUNCTION = {
    "function": r"handler/[\w/]+\.py",
    "function: compiled modules": r"(isal|msgspec)/\w+\.cpython-31[34]-(x86_64|aarch64)-linux-gnu\.so",
    "function: their Python": r"(isal|msgspec)/\w+\.py",
    "function: their licences": r"(isal|msgspec)[\w.-]*/(licenses/|isa-l/)LICENSE",
    "function: SBOM": r"sbom\.cdx\.json",
}
NPM: Groups = {
    "constructs": r"lib/(?!handler/)[\w/-]+\.js",
    "types": r"lib/(?!handler/)[\w/-]+\.d\.ts",
    **{name: f"lib/handler/{pattern}" for name, pattern in FUNCTION.items()},
    "jsii's description": r"\.jsii",
    "documents": r"(API|CHANGELOG|README|THIRD_PARTY)\.md|LICENSE",
    "manifest": r"package\.json",
}
WHEEL: Groups = {
    "bindings": r"mezmo_forwarder/(__init__|_jsii/__init__)\.py|mezmo_forwarder/py\.typed",
    "the npm package": r"mezmo_forwarder/_jsii/mezmo-forwarder@[\d.]+\.jsii\.tgz",
    "commands": r"mezmo_forwarder_commands/(?!function/)[\w/]+\.py",
    "commands: the preview's page": r"mezmo_forwarder_commands/preview/page\.(html|css|js)",
    "commands: the function's modules": r"mezmo_forwarder_commands/function/handler/[\w/]+\.py",
    "metadata": r"mezmo_forwarder-[\d.]+\.dist-info/(METADATA|RECORD|WHEEL|LICENSE|\w+\.txt)",
}
MAVEN_DESCRIPTION = r"META-INF/(MANIFEST\.MF|INDEX\.LIST|maven/io\.github\.mezmo-forwarder/.+)"
JAR: Groups = {
    "classes": r"io/github/mezmoforwarder/[\w$-]+\.class",
    "the npm package": r"io/github/mezmoforwarder/mezmo-forwarder@[\d.]+\.jsii\.tgz",
    "jsii's names": r"io/github/mezmoforwarder/\$Module\.txt",
    "Maven's description": MAVEN_DESCRIPTION,
}
SOURCES: Groups = {
    "sources": r"io/github/mezmoforwarder/[\w$-]+\.java",
    "the npm package": JAR["the npm package"],
    "jsii's names": JAR["jsii's names"],
    "Maven's description": MAVEN_DESCRIPTION,
}
JAVADOC: Groups = {
    "pages": r"[\w/$.-]+\.html",
    "their looks and search": r"[\w/.-]+\.(css|js|zip|png|svg)|element-list|legal/.+",
    "Maven's description": MAVEN_DESCRIPTION,
}
GO: Groups = {
    "sources": r"mezmoforwarder/[\w/]+\.go",
    "the npm package": r"mezmoforwarder/jsii/mezmo-forwarder-[\d.]+\.tgz",
    "module": r"mezmoforwarder/(go\.mod|version)",
    "documents": r"mezmoforwarder/(README\.md|LICENSE)",
}
NUGET: Groups = {
    "library": r"lib/net[\d.]+/MezmoForwarder\.(dll|xml)",
    "description": r"MezmoForwarder\.nuspec|_rels/\.rels|\[Content_Types\]\.xml|package/services/.+",
}
NUGET_SOURCE: Groups = {
    "sources": r"MezmoForwarder/[\w/]+\.cs",
    "the npm package": r"MezmoForwarder/mezmo-forwarder-[\d.]+\.tgz",
    "project": r"MezmoForwarder/MezmoForwarder\.csproj",
    "documents": r"MezmoForwarder/LICENSE",
}
STANDALONE: Groups = {
    "templates": r"mezmo-forwarder-[\d.]+(\.sar)?\.template\.json",
    "code": r"mezmo-forwarder-[\d.]+\.zip",
    "documents": r"README\.md|LICENSE",
}
ASSETS: Groups = {
    "packages": r"mezmo-forwarder-[\d.]+(-sources|-javadoc)?\.(tgz|jar|pom)|mezmo_forwarder-[\d.]+\S+\.whl",
    "without CDK": r"mezmo-forwarder-[\d.]+(\.zip|(\.sar)?\.template\.json)",
    "SBOM": r"mezmo-forwarder-[\d.]+\.sbom\.cdx\.json",
    "checksums": r"SHA256SUMS",
}
# Where there is a dotnet.
NUGET_ASSETS: Groups = {**ASSETS, "C#": r"MezmoForwarder\.[\d.]+\.s?nupkg"}


@dataclass(frozen=True)
class Artefact:
    """One that is published: its files, the groups they should be of, and its bytes as it is shipped."""

    name: str
    files: Mapping[str, bytes]
    groups: Groups
    size: int

    def unexpected(self) -> list[str]:
        """Return the files that belong to no group."""
        expected = re.compile("|".join(f"(?:{pattern})" for pattern in self.groups.values()))
        return [name for name in self.files if not expected.fullmatch(name)]

    def missing(self) -> list[str]:
        """Return the groups that no file belongs to."""
        return [group for group, pattern in self.groups.items() if not self.named(pattern)]

    def named(self, pattern: str) -> list[str]:
        """Return the files whose whole path is as a pattern says."""
        return [name for name in self.files if re.fullmatch(pattern, name)]

    def problems(self) -> list[str]:
        """Return what is wrong, in words."""
        wrong = [
            f"{self.name} holds {name}, which is of no group in release/contents.py"
            for name in self.unexpected()
        ]
        return wrong + [f"{self.name} holds nothing of the group “{group}”" for group in self.missing()]

    def rows(self) -> list[str]:
        """Return what it holds, a row of a table for each group."""
        rows = [f"| **{self.name}** | {len(self.files)} | {self.size:,} |"]
        for group, pattern in self.groups.items():
            names = self.named(pattern)
            rows.append(f"| {group} | {len(names)} | {sum(len(self.files[name]) for name in names):,} |")
        return rows


def artefacts(dist: Path) -> list[Artefact]:
    """Return all that was packed."""
    found = [archive(path, NPM) for path in dist.glob("js/*.tgz")]
    found += [archive(path, WHEEL) for path in dist.glob("python/*.whl")]
    for path in sorted(dist.glob("java/**/*.jar")):
        kinds = {"sources": SOURCES, "javadoc": JAVADOC}
        found.append(archive(path, kinds.get(path.stem.rpartition("-")[2], JAR)))
    found.append(folder(dist, "go", GO))
    packages = sorted(dist.glob("dotnet/*.nupkg"))
    found += [archive(path, NUGET) for path in packages] or [folder(dist, "dotnet", NUGET_SOURCE)]
    found.append(folder(dist, "standalone", STANDALONE))
    found += [archive(path, FUNCTION) for path in dist.glob("standalone/*.zip")]
    found.append(folder(dist, "assets", NUGET_ASSETS if packages else ASSETS))
    return found


def archive(path: Path, groups: Groups) -> Artefact:
    """Read a package: a zip by any name, or npm's tar, whose one folder is left out of the names."""
    if path.suffix == ".tgz":
        files = {name.partition("/")[2]: content for name, content in untar(path.read_bytes()).items()}
    else:
        with zipfile.ZipFile(path) as package:
            files = {info.filename: package.read(info) for info in package.infolist() if not info.is_dir()}
    return Artefact(path.name, files, groups, path.stat().st_size)


def untar(content: bytes) -> dict[str, bytes]:
    """Return a gzipped tar's files."""
    with tarfile.open(fileobj=io.BytesIO(content)) as package:
        read = {member.name: package.extractfile(member) for member in package.getmembers()}
        return {name: file.read() for name, file in read.items() if file}


def folder(dist: Path, name: str, groups: Groups) -> Artefact:
    """Read an artefact that is a folder."""
    paths = sorted(path for path in (dist / name).rglob("*") if path.is_file())
    files = {path.relative_to(dist / name).as_posix(): path.read_bytes() for path in paths}
    return Artefact(f"{name}/", files, groups, sum(map(len, files.values())))
