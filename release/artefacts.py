"""Every artefact of a release, packed from a commit in a clone of its own: the working tree plays no part.

`dist` is as publib expects it, a folder a language, with `standalone`, the GitHub release's `assets` and its
`notes.md` beside them.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from release import changelog
from release.versions import ROOT, Version, git

SUMS = "SHA256SUMS"
SBOM = "sbom.cdx.json"


@contextmanager
def clone(commit: str = "HEAD") -> Iterator[Path]:
    """Give a commit's tree, with the tools that are installed here."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / ROOT.name
        git(ROOT, "clone", "--quiet", "--no-checkout", str(ROOT), str(tree))
        git(tree, "checkout", "--quiet", "--detach", git(ROOT, "rev-parse", commit).strip())
        (tree / "node_modules").symlink_to(ROOT / "node_modules")
        yield tree


def pack(version: Version, tree: Path, dist: Path) -> None:
    """Pack everything of a tree under a version into `dist`.

    Raises:
        ValueError: the CHANGELOG does not have the version.

    """
    notes = changelog.notes(changelog.read(tree), version)
    set_version(version, tree)
    for language in ("python", "js", "java", "go"):
        run(tree, "projen", f"package:{language}")
    pack_dotnet(version, tree)
    run(tree, "python", "-m", "standalone")
    shutil.rmtree(dist, ignore_errors=True)
    shutil.copytree(tree / "dist", dist)
    (dist / "notes.md").write_text(notes + "\n", encoding="utf-8")
    collect_assets(version, tree, dist)


def pack_dotnet(version: Version, tree: Path) -> None:
    """Compile and pack the C# package, and compile and run an application with it.

    Where nothing can compile it, its source is generated.

    Raises:
        FileNotFoundError: nothing can, and it is for a release.

    """
    if shutil.which("dotnet"):
        run(tree, "projen", "package:dotnet")
        application = "tests/languages/csharp"
        source = f"-p:RestoreAdditionalProjectSources={tree / 'dist/dotnet'}"
        run(tree, "dotnet", "build", application, f"-p:MezmoForwarderVersion={version}", source)
        run(tree, "dotnet", "run", "--no-build", "--project", application)
    elif os.environ.get("CI") == "true":
        raise FileNotFoundError("no dotnet on PATH; install .NET's SDK: a release has a compiled C# package")
    else:
        print("no dotnet on this machine: the C# package is generated, not compiled", flush=True)
        run(tree, "jsii-pacmak", "--code-only", "--target", "dotnet")


def set_version(version: Version, tree: Path) -> None:
    """Write the version where everything takes it from."""
    for name in ("package.json", "package-lock.json"):
        manifest = json.loads((tree / name).read_text(encoding="utf-8"))
        manifest["version"] = str(version)
        if "packages" in manifest:
            manifest["packages"][""]["version"] = str(version)
        (tree / name).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def collect_assets(version: Version, tree: Path, dist: Path) -> None:
    """Put what the GitHub release holds side by side, with checksums."""
    assets = dist / "assets"
    assets.mkdir()
    patterns = ["python/*.whl", "java/**/*.jar", "java/**/*.pom", "dotnet/*.nupkg", "dotnet/*.snupkg"]
    patterns += ["standalone/*.json", "standalone/*.zip"]
    for path in sorted(found for pattern in patterns for found in dist.glob(pattern)):
        shutil.copyfile(path, assets / path.name)
    (package,) = (dist / "js").glob("*.tgz")
    shutil.copyfile(package, assets / f"mezmo-forwarder-{version}.tgz")
    shutil.copyfile(tree / "lib/handler" / SBOM, assets / f"mezmo-forwarder-{version}.{SBOM}")
    write_sums(assets)


def write_sums(assets: Path) -> None:
    """Write what `sha256sum --check` reads."""
    lines = [f"{sha256(path)}  {path.name}\n" for path in sorted(assets.iterdir())]
    (assets / SUMS).write_text("".join(lines), encoding="utf-8")


def sha256(path: Path) -> str:
    """Return a file's checksum."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(tree: Path, *command: str) -> None:
    """Run a step of the packing in the tree."""
    # Python there is the tree's own, not what the development environment has on its path.
    paths = ["src/commands", "build/bindings/python/src", "src/mezmo_forwarder", "tools", "."]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(tree / path) for path in paths)}
    print(f"$ {' '.join(command)}", flush=True)
    subprocess.run(command, cwd=tree, env=environment, check=True)
