"""Fail when the generated files are not what `.projenrc.py` makes, as after an edit by hand."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = Path(".projen/files.json")


def main() -> int:
    """Generate into a scratch copy, compare, and name every file that differs."""
    recorded = generated_files(ROOT)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        sources = [".projenrc.py", *(str(path.relative_to(ROOT)) for path in ROOT.glob("projenrc/*.py"))]
        for name in [*sources, *recorded]:
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy / name)
        subprocess.run(
            [sys.executable, ".projenrc.py"],
            cwd=copy,
            env={**os.environ, "PROJEN_DISABLE_POST": "true"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        names = sorted({*recorded, *generated_files(copy)})
        differing = [name for name in names if content(ROOT / name) != content(copy / name)]
    for name in differing:
        print(f"{name}: not what .projenrc.py makes; change .projenrc.py and run `python .projenrc.py`")
    return 1 if differing else 0


def generated_files(directory: Path) -> list[str]:
    """Return the names that projen recorded as its own, and package.json, which it shares with npm."""
    return [*json.loads((directory / MANIFEST).read_text())["files"], "package.json"]


def content(path: Path) -> bytes | None:
    """Return a file's bytes, or None where there is none."""
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
