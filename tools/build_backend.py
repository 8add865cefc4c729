"""The PEP 517 back end of this repository, since jsii has none.

It compiles the construct, puts the function's asset together and lets `jsii-pacmak` generate the Python
project; setuptools then builds that. Metadata has one source, `.projenrc.py`.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import node
from setuptools import build_meta

ROOT = Path(__file__).resolve().parents[1]
GENERATED = ROOT / "build/bindings/python"
Config = Mapping[str, str | list[str]] | None


def get_requires_for_build_wheel(config_settings: Config = None) -> list[str]:  # noqa: ARG001 (PEP 517's signature)
    """Ask for a Node of our own where the machine has none that is new enough."""
    return [] if node.find() else [node.requirement()]


def get_requires_for_build_sdist(config_settings: Config = None) -> list[str]:
    """Ask for the same as a wheel does."""
    return get_requires_for_build_wheel(config_settings)


def build_wheel(
    wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel that a release would hold."""
    generate()
    return inside_generated(
        lambda: build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    )


def build_sdist(sdist_directory: str, config_settings: Config = None) -> str:
    """Build the source distribution of the generated project; it needs no Node to install."""
    generate()
    return inside_generated(lambda: build_meta.build_sdist(sdist_directory, config_settings))


def generate() -> None:
    """Compile and generate the Python project in `build/bindings/python`."""
    environment = node.environment()
    if not (ROOT / "node_modules/.package-lock.json").exists():
        run("npm", "ci", "--no-audit", "--no-fund", environment=environment)
    run("npx", "projen", "library", environment=environment)


def run(*command: str, environment: Mapping[str, str]) -> None:
    """Run a build step; its failure is the build's."""
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise FileNotFoundError(f"{command[0]} is not on PATH; install Node {node.OLDEST} or newer")
    subprocess.run([program, *command[1:]], cwd=ROOT, env=dict(environment), check=True)


def inside_generated(build: Callable[[], str]) -> str:
    """Call setuptools in the generated project, which it finds by the working directory."""
    before = Path.cwd()
    shutil.rmtree(GENERATED / "build", ignore_errors=True)
    os.chdir(GENERATED)
    try:
        return build()
    finally:
        os.chdir(before)
