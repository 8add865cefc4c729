"""How each language's application is built from the packed artefact, with that language's usual tools."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Maven's downloads. One of our own: the artefact is packed again and again under one version, which Maven
# believes never to change.
MAVEN = ROOT / ".dev/maven"
# What a package's client is told by the machine, and may not do without: where its registry is.
CLIENTS = (".npmrc", ".m2/settings.xml", ".config/pip/pip.conf", ".config/go/env")
GO_MODULE = "github.com/mezmo-forwarder/mezmo-forwarder-go/mezmoforwarder"


@dataclass(frozen=True)
class Language:
    """A language: the programs that it needs, and the commands from the artefact to the template.

    `{packed}` is the folder of artefacts and `{maven}` that of Maven's downloads. `manifest` is the file that
    pins aws-cdk-lib, as `pin` finds it. `error` is the line in which a user reads an error at synthesis, as a
    regular expression over what is printed.
    """

    name: str
    programs: Sequence[str]
    version: str
    pack: str
    build: Sequence[str]
    synthesize: str
    manifest: str
    pin: str
    error: str

    @property
    def folder(self) -> Path:
        """The folder of its application."""
        return Path(__file__).with_name(self.name.lower())

    @property
    def pinned(self) -> str:
        """The version of aws-cdk-lib that its application pins."""
        found = re.search(self.pin, (self.folder / self.manifest).read_text(encoding="utf-8"))
        assert found, f"{self.name} pins aws-cdk-lib"
        return found[1]

    def missing(self) -> list[str]:
        """Return the programs that this machine lacks."""
        return [program for program in self.programs if shutil.which(program) is None]


PYTHON = Language(
    name="Python",
    programs=["python"],
    version="python --version",
    pack="python -m pip wheel --quiet --no-deps --wheel-dir {packed}/python .",
    build=[
        "python -m venv environment",
        "environment/bin/pip install --quiet --no-compile -r requirements.txt {packed}/python/*.whl",
    ],
    synthesize="environment/bin/python app.py",
    manifest="requirements.txt",
    pin=r"aws-cdk-lib==(\S+)",
    error=r"^RuntimeError: {}\n\Z",
)
TYPESCRIPT = Language(
    name="TypeScript",
    programs=["node", "npm"],
    version="node --version",
    pack="jsii-pacmak --target js --outdir {packed}",
    build=[
        "npm ci --no-audit --no-fund",
        "npm install --no-audit --no-fund --no-save {packed}/js/*.tgz",
        "npx tsc",
    ],
    synthesize="node app.js",
    manifest="package.json",
    pin=r'"aws-cdk-lib": "(\S+)"',
    error=r"^Error: {}$",
)
JAVA = Language(
    name="Java",
    programs=["javac", "mvn"],
    version="javac -version",
    pack="jsii-pacmak --target java --outdir {packed} --maven-local-repository {maven}",
    build=["mvn -B -q -Dmaven.repo.local={maven} -Dpacked={packed}/java compile"],
    synthesize="mvn -B -q -Dmaven.repo.local={maven} -Dpacked={packed}/java exec:java",
    manifest="pom.xml",
    pin=r"<cdk\.version>(.+)</",
    error=r"\A\W*\[ERROR\] .* An exception occurred while executing the Java class\. {}$",
)
GO = Language(
    name="Go",
    programs=["go"],
    version="go env GOVERSION",
    pack="jsii-pacmak --code-only --target go --outdir {packed}",
    build=[f"go mod edit -replace {GO_MODULE}={{packed}}/go/mezmoforwarder", "go build -o app ."],
    synthesize="./app",
    manifest="go.mod",
    pin=r"awscdk/v2 v(\S+)",
    error=r"\Apanic: {}$",
)
LANGUAGES = [PYTHON, TYPESCRIPT, JAVA, GO]


class CommandError(Exception):
    """A command that failed; its text is what the command printed."""

    def is_of_a_registry(self) -> bool:
        """Whether it failed because a registry was not reached, or does not have a package."""
        return bool(_OF_A_REGISTRY.search(str(self)))


_OF_A_REGISTRY = re.compile(
    r"Could not (transfer|find|resolve) |Unresolveable build extension"  # Maven
    r"|Forbidden|dial tcp|i/o timeout"  # Go
    r"|npm error code (E40[34]|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN)"
)


@dataclass
class Application:
    """One language's application, in a folder of its own."""

    language: Language
    directory: Path
    packed: Path
    maven: Path = MAVEN
    environment: Mapping[str, str] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)

    def build(self) -> None:
        """Pack the library for the language, and build the application from the artefact."""
        self.pack()
        self.build_packed()

    def pack(self) -> None:
        """Pack the library for the language."""
        shutil.rmtree(self.maven / "io/github/mezmo-forwarder", ignore_errors=True)
        self.run(self.language.pack, ROOT)

    def build_packed(self, commands: Sequence[str] = ()) -> None:
        """Build the application from an artefact that is there, by the language's commands or others."""
        shutil.copytree(self.language.folder, self.directory)
        for command in commands or self.language.build:
            self.run(command, self.directory)

    def synthesize(self, context: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Run the application and return its one template."""
        environment = {
            "CDK_OUTDIR": str(self.directory / "cdk.out"),
            "CDK_CONTEXT_JSON": json.dumps(dict(context or {})),
        }
        self.run(self.language.synthesize, self.directory, environment)
        template: dict[str, Any] = json.loads(
            (self.directory / "cdk.out/MezmoLogs.template.json").read_text()
        )
        return template

    def run(self, command: str, cwd: Path, environment: Mapping[str, str] | None = None) -> str:
        """Run a command and return what it printed."""
        begun = time.monotonic()
        # The application's own packages, not those of the development environment.
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        finished = subprocess.run(
            command.format(packed=self.packed, maven=self.maven),
            shell=True,
            cwd=cwd,
            env=clean | dict(self.environment) | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.times[command] = time.monotonic() - begun
        if finished.returncode:
            raise CommandError(finished.stdout)
        return finished.stdout


def clean_home(directory: Path) -> dict[str, str]:
    """Return the environment of somebody whose home is empty but for where the registries are."""
    for name in CLIENTS:
        if (Path.home() / name).exists():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path.home() / name, directory / name)
    return {"HOME": str(directory), "GOMODCACHE": "", "GOCACHE": ""}
