"""Hold the public API to the last release's: `python3 tools/dev.py run projen compat`.

An argument is compared with in its place: the folder of a compiled library, or `npm:NAME@VERSION`.
A change that breaks a user's program fails, unless `.compatignore` names it by the key that is printed. A
line there is for a major version (before 1.0, a minor one), and goes once that is released.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = json.loads((ROOT / "package.json").read_text())["name"]


def main(arguments: Sequence[str]) -> int:
    """Compare what was compiled last with what npm has, or what is named; return the exit code."""
    if arguments:
        return compare(arguments[0])
    released = last_release()
    if released is None:
        print(f"{PACKAGE} has no release yet: there is no API to keep")
        return 0
    return compare(f"npm:{PACKAGE}@{released}")


def last_release() -> str | None:
    """Return the version that npm gives to who asks for none, or nothing before the first release."""
    asked = ["npm", "view", PACKAGE, "version", "--json"]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)
    if answer.returncode == 0:
        return str(json.loads(answer.stdout))
    if "E404" in answer.stdout + answer.stderr:
        return None
    sys.exit(f"npm does not say what was released last: {answer.stderr}")


def compare(released: str) -> int:
    """Compare the compiled library with another, a folder or `npm:NAME@VERSION`; return the exit code."""
    command = ["jsii-diff", released, str(ROOT), "--keys", "--ignore-file", str(ROOT / ".compatignore")]
    return subprocess.run(command, timeout=300, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
