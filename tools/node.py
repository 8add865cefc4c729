"""Find a Node that is new enough, or name the package that brings one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = 22


def find() -> Path | None:
    """Return the folder of a Node of at least the oldest supported version: this environment's own, or PATH's."""
    candidates = [Path(sys.executable).parent / "node", shutil.which("node")]
    for candidate in candidates:
        if candidate and Path(candidate).exists() and major(Path(candidate)) >= OLDEST:
            return Path(candidate).parent
    return None


def major(program: Path) -> int:
    """Return a Node's major version; 0 for what does not answer as Node does."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    match = re.match(r"v(\d+)\.", answer.stdout)
    return int(match[1]) if match else 0


def requirement() -> str:
    """Return the locked requirement that brings a whole Node with npm into a virtual environment."""
    lock = (ROOT / "requirements/node.txt").read_text()
    return lock.split("\\\n")[0].splitlines()[-1].strip()


def environment() -> dict[str, str]:
    """Return this process's environment with the Node that was found first on PATH."""
    folder = find()
    if folder is None:
        raise FileNotFoundError(f"no Node {OLDEST} or newer: install one, or `pip install {requirement()}`")
    here = [str(Path(sys.executable).parent), str(folder)]
    return {**os.environ, "PATH": os.pathsep.join([*dict.fromkeys(here), os.environ["PATH"]])}
