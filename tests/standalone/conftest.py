"""The files that are deployed without CDK, made once."""

import json
from pathlib import Path

import pytest

from standalone.__main__ import write
from tests.standalone.deployed import Json


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files by what follows the version in their names."""
    version = json.loads((Path(__file__).parents[2] / "package.json").read_text())["version"]
    directory = tmp_path_factory.mktemp("standalone") / "files"
    return {path.name.removeprefix(f"mezmo-forwarder-{version}."): path for path in write(directory)}


@pytest.fixture(scope="session")
def template(files: dict[str, Path]) -> Json:
    found: Json = json.loads(files["template.json"].read_text())
    return found


@pytest.fixture(scope="session")
def application(files: dict[str, Path]) -> Json:
    found: Json = json.loads(files["sar.template.json"].read_text())
    return found
