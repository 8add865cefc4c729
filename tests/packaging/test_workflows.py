"""What GitHub runs for us: no workflow that a stranger can turn."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / ".github/workflows").glob("*.yml"))


def test_each_action_is_pinned_by_commit() -> None:
    used = [action for path in WORKFLOWS for action in re.findall(r"uses: (\S+)", path.read_text())]

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


def test_actionlint_finds_nothing() -> None:
    """It comes by `go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7`; zizmor is in `check`."""
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("no actionlint on PATH")
    found = subprocess.run([program, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False)

    assert found.stdout == ""
