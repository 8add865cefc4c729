"""What a user installs: the wheel that `pip wheel .` builds, in environments of its own."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOOR = json.loads((ROOT / "package.json").read_text())["peerDependencies"]["aws-cdk-lib"].removeprefix("^")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a command and return what it printed; its output is the failure's text."""
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:]
    return finished.stdout


def install(python: Path, *requirements: str | Path) -> None:
    """Install into an environment; byte code is left out, which saves most of the time."""
    run(python, "-m", "pip", "install", "--quiet", "--no-compile", *requirements)


@pytest.fixture(scope="module", params=[f"=={FLOOR}", ">=2"], ids=["floor", "newest"])
def python(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Make an environment with the wheel and one aws-cdk-lib, the oldest accepted or the newest there is."""
    directory = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", directory)
    program = directory / "bin/python"
    install(program, wheel, f"aws-cdk-lib{request.param}")
    yield program
    shutil.rmtree(directory)


def synthesize(python: Path, app: Path, directory: Path) -> dict[str, Any]:
    """Run a CDK app outside the repository and return its one template."""
    shutil.copy(app, directory / "app.py")
    script = "import os, runpy; os.environ['CDK_OUTDIR'] = 'cdk.out'; runpy.run_path('app.py')"
    run(python, "-W", "error", "-c", script, cwd=directory)
    (found,) = (directory / "cdk.out").glob("*.template.json")
    template: dict[str, Any] = json.loads(found.read_text())
    return template


def by_type(template: dict[str, Any], resource_type: str) -> list[dict[str, Any]]:
    return [found for found in template["Resources"].values() if found["Type"] == resource_type]


def invoked_by(template: dict[str, Any], service: str) -> list[dict[str, Any]]:
    permissions = by_type(template, "AWS::Lambda::Permission")
    return [found for found in permissions if found["Properties"]["Principal"] == f"{service}.amazonaws.com"]


def test_the_app_of_the_design(python: Path, tmp_path: Path) -> None:
    template = synthesize(python, Path(__file__).with_name("design_app.py"), tmp_path)

    assert "resolve:" not in str(template), "no dynamic reference to the key"
    assert len(by_type(template, "AWS::Lambda::Function")) == 4, "two a forwarder"
    assert len(invoked_by(template, "logs")) == 2, "one a forwarder"
    assert len(by_type(template, "AWS::Logs::SubscriptionFilter")) == 2, "one a log group"


def test_the_quickstart(python: Path, tmp_path: Path) -> None:
    template = synthesize(python, ROOT / "examples/quickstart/app.py", tmp_path)

    assert len(invoked_by(template, "logs")) == 1
    assert len(by_type(template, "AWS::Logs::SubscriptionFilter")) == 2
    for function in by_type(template, "AWS::Lambda::Function"):
        settings = function["Properties"]["Environment"]["Variables"]["MEZMO_FORWARDER_SETTINGS"]
        assert "https://logs.mezmo.com/logs/ingest" in str(settings)


def test_the_constructs_tests_pass_on_the_wheel(python: Path) -> None:
    locked = (ROOT / "requirements/dev.txt").read_text()
    pins = [
        line.split()[0]
        for line in locked.splitlines()
        if line.startswith(("pytest==", "hypothesis==", "msgspec==", "pytest-timeout=="))
    ]
    install(python, *pins)

    # Without the generated code on the path, mezmo_forwarder is the wheel's.
    printed = run(
        python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "pythonpath=src/mezmo_forwarder .",
        "tests/constructs", "-m", "not slow",
    )  # fmt: skip
    assert " passed" in printed
    assert str(python.parents[1]) in run(
        python, "-c", "import mezmo_forwarder; print(mezmo_forwarder.__file__)"
    )


def refusal(*command: str | Path, cwd: Path) -> str:
    """Run a command as somebody whom AWS does not know, see that it is refused, and return why."""
    nobody = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("AWS_")}
    nobody |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    refused = subprocess.run(
        command, cwd=cwd, env=nobody, capture_output=True, text=True, timeout=60, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    return refused.stderr


def test_the_preview(python: Path, wheel: Path, tmp_path: Path) -> None:
    program = python.with_name("mezmo-forwarder")
    (tmp_path / "app.log").write_text("ERROR x\n\n")
    refused = refusal(program, "preview", "app.log", cwd=tmp_path)
    # The error names the command that installs what lacks; from the wheel at hand, that command is this.
    assert f'{python} -m pip install "mezmo-forwarder[preview]"' in refused
    install(python, f"{wheel}[preview]")
    synthesize(python, ROOT / "examples/quickstart/app.py", tmp_path)
    (template,) = (tmp_path / "cdk.out").glob("*.template.json")

    printed = run(program, "preview", "app.log", "--settings", template, "--html", "page.html", cwd=tmp_path)
    assert printed.startswith("2 events → 1 line · 1 filtered (empty)")
    assert "ERROR x" in (tmp_path / "page.html").read_text()


def test_the_commands_that_call_aws(python: Path, wheel: Path, tmp_path: Path) -> None:
    program = python.with_name("mezmo-forwarder")
    commands: dict[str, tuple[str, ...]] = {
        "doctor": ("doctor", "MezmoLogs"),
        "aws": ("backfill", "/app", "--function", "MezmoLogs", "--from", "2026-11-01"),
    }
    for extra, command in commands.items():
        told = refusal(program, *command, cwd=tmp_path)
        assert f'{python} -m pip install "mezmo-forwarder[{extra}]"' in told
    install(python, f"{wheel}[aws,doctor]")
    for command in commands.values():
        told = refusal(program, *command, cwd=tmp_path)
        assert told.startswith("mezmo-forwarder: there is no AWS region; add --region")


def test_the_wheel_is_the_bindings_and_the_commands(wheel: Path, tmp_path: Path) -> None:
    run("jsii-pacmak", "--target", "python", "--outdir", tmp_path)
    (bindings,) = (tmp_path / "python").glob("*.whl")
    found, expected = contents(wheel), contents(bindings)
    added = {name: found.pop(name) for name in [*found] if name not in expected}
    metadata = next(name for name in expected if name.endswith("/METADATA"))
    packages = next(name for name in expected if name.endswith("/top_level.txt"))
    # METADATA has extras and what PyPI's page shows besides; top_level.txt the package of the commands.
    said = (b"Name: ", b"Version: ", b"Summary: ", b"License: ", b"Requires-Dist: ")
    needed = {line for line in expected.pop(metadata).splitlines() if line.startswith(said)}
    assert needed <= set(found.pop(metadata).splitlines())
    assert set(expected.pop(packages).splitlines()) <= set(found.pop(packages).splitlines())

    assert found == expected
    asset = {
        name.partition("/lib/handler/handler/")[2]: content
        for name, content in found.items()
        if "/lib/handler/handler/" in name
    }
    function = "mezmo_forwarder_commands/function/handler/"
    carried = {name.removeprefix(function): added.pop(name) for name in [*added] if name.startswith(function)}
    assert carried == asset, "the preview runs the function's own code"
    commands = ROOT / "src/commands"
    sources = [path for path in commands.rglob("*.*") if path.is_file() and path.suffix != ".pyc"]
    assert {name: content for name, content in added.items() if not name.endswith("/entry_points.txt")} == {
        path.relative_to(commands).as_posix(): path.read_bytes() for path in sources
    }


def contents(wheel: Path) -> dict[str, bytes]:
    """Return a wheel's files; in the place of the bundled npm package, the files in that."""
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".tgz"):
                with tarfile.open(fileobj=io.BytesIO(archive.read(name))) as package:
                    members = [member for member in package.getmembers() if member.isfile()]
                    found |= {f"{name}/{m.name}": read for m in members if (read := content(package, m))}
            elif not name.endswith(("/RECORD", "/WHEEL")):
                found[name] = archive.read(name)
    return found


def content(package: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """Return a member's bytes."""
    file = package.extractfile(member)
    assert file
    return file.read()
