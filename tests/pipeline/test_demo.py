"""The demo, as README's command runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def test_the_demo_reconciles_and_leaves_no_process_behind(tmp_path: Path) -> None:
    # Whatever the demo starts works below this directory, and so names it or has it open.
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    finished = subprocess.run(
        [sys.executable, "-m", "local.demo", "--events", "300"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout
    assert "300 of 300 events arrived (100.00 %), each once, none flagged" in finished.stdout
    assert "300 of 300 events" in (ROOT / "build/demo/index.html").read_text(encoding="utf-8")
    assert processes_below(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def processes_below(directory: Path) -> list[str]:
    """Return the command lines of processes that name a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if str(directory) in command:
            found.append(command)
    return found
