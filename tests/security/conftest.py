"""The matrix of options, synthesized once."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

# A validation engine of newer aws-cdk-lib that takes two seconds; tests/pipeline synthesizes with it.
os.environ.setdefault("CDK_VALIDATION", "false")

from aws_cdk import App

from tests.security.options import app_of, name, rows
from tests.security.pairwise import Row


@dataclass
class Matrix:
    """The rows, their app, and where it was synthesized."""

    rows: list[Row]
    app: App
    directory: Path

    def template(self, number: int) -> Path:
        """Return the template of a row."""
        return self.directory / f"{name(number)}.template.json"


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    """Every two options together."""
    directory = tmp_path_factory.mktemp("matrix")
    chosen = rows()
    app = app_of(chosen, str(directory))
    app.synth()
    return Matrix(chosen, app, directory)
