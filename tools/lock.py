"""Write the Python lock files, with hashes, from their `.in` files: `python tools/lock.py`.

Needs `uv` (`pip install uv`): it resolves once for every platform and Python that the project supports.
"""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*ROOT.glob("requirements/*.in"), ROOT / "src/mezmo_forwarder/handler/requirements.in"])


def main() -> None:
    """Resolve every `.in` file into the `.txt` file beside it."""
    for source in SOURCES:
        relative = source.relative_to(ROOT)
        command = ["uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "--no-annotate"]
        # An extra stays with its pin: without it older pips look for the newest version and miss its hash.
        command += ["--no-strip-extras"]
        command += ["--custom-compile-command", "python tools/lock.py", "--quiet"]
        command += [str(relative), "--output-file", str(relative.with_suffix(".txt"))]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
