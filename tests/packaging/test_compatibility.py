"""The public API is held to the last release's."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORWARDER = "mezmo-forwarder.MezmoLogForwarder"

pytestmark = pytest.mark.slow


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Today's API, as if it were released."""
    for name in (".jsii", "package.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


def compared(release: Path) -> tuple[int, str]:
    """Compare today's library with a release; return the exit code and what is printed."""
    command = [sys.executable, "tools/compatibility.py", str(release)]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    return finished.returncode, finished.stdout + finished.stderr


def test_what_is_the_same_passes(release: Path) -> None:
    assert compared(release)[0] == 0


def test_a_method_that_is_gone_fails(release: Path) -> None:
    assembly = json.loads((release / ".jsii").read_text())
    methods = assembly["types"][FORWARDER]["methods"]
    gone = {**next(one for one in methods if one["name"] == "subscribe"), "name": "forward"}
    methods.append(gone)
    (release / ".jsii").write_text(json.dumps(assembly))

    code, printed = compared(release)
    assert code != 0
    assert f"removed:{FORWARDER}.forward" in printed
