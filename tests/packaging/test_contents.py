"""The wheel and the npm package hold what they should and nothing more, and tell registries what they show.

What they hold stands in release/contents.py, by groups; every artefact is looked at in `release:dry-run`.
"""

import subprocess
from pathlib import Path

import pytest

from release import contents, metadata

ROOT = Path(__file__).resolve().parents[2]


def check(artefact: contents.Artefact, largest: int) -> None:
    """Show the groups with their sizes, and find nothing wrong."""
    print("\n".join(artefact.rows()))
    assert artefact.problems() == []
    assert metadata.about(artefact) == []
    assert artefact.size < largest


def test_the_npm_package(tmp_path: Path) -> None:
    command = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=True)
    (package,) = tmp_path.glob("*.tgz")

    check(contents.archive(package, contents.NPM), largest=3_000_000)


@pytest.mark.slow
def test_the_wheel(wheel: Path) -> None:
    check(contents.archive(wheel, contents.WHEEL), largest=3_300_000)


@pytest.mark.slow
def test_pypi_takes_the_wheel_and_renders_its_page(wheel: Path) -> None:
    assert metadata.twine_problems([wheel]) == []
