"""Who updates the library keeps what is deployed, unless the CHANGELOG says so."""

import re
from pathlib import Path

import pytest

from tests.constructs.released import APPS, FOLDER, synthesize
from tests.constructs.test_replacement import difference

ROOT = Path(__file__).resolve().parents[2]


def lost(printed: str) -> list[str]:
    """Return the logical ids of what CDK's CLI says would be replaced, or would go."""
    replaced = re.findall(r"^\[~\] AWS::\S+ .*?(\S+) (?:replace|may be replaced)$", printed, re.MULTILINE)
    return replaced + re.findall(r"^\[-\] AWS::\S+ .*?(\S+) (?:destroy|orphan)$", printed, re.MULTILINE)


def unreleased() -> str:
    """Return what the CHANGELOG says of the next release."""
    return (ROOT / "CHANGELOG.md").read_text().partition("\n## Unreleased")[2].partition("\n## ")[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", APPS)
def test_an_update_of_the_library_replaces_nothing(tmp_path: Path, name: str) -> None:
    synthesize(name, tmp_path)

    printed = difference(FOLDER / name.replace(" ", "-"), tmp_path, stacks=None)
    told = unreleased()
    assert [logical_id for logical_id in lost(printed) if logical_id not in told] == [], printed
