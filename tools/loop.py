"""The editing loop of the construct: after each change compile, generate the Python package, test.

    python3 tools/dev.py loop [PYTEST ARGUMENT ...]

Runs until it is interrupted. jsii stays in memory and compiles what changed: a second instead of six.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence

COMPILED = "Found 0 errors"


def main(arguments: Sequence[str]) -> None:
    """Watch, and run the rest of the loop after every compilation without errors."""
    compiler = subprocess.Popen(
        ["jsii", "--watch", "--silence-warnings=reserved-word"], stdout=subprocess.PIPE, text=True
    )
    with compiler, contextlib.suppress(KeyboardInterrupt):
        assert compiler.stdout
        for line in compiler.stdout:
            print(line, end="", flush=True)
            if COMPILED in line:
                started = time.monotonic()
                test(arguments or ["tests/constructs", "-m", "not slow"])
                print(f"[loop] {time.monotonic() - started:.1f} s after compilation; waiting for a change")
        compiler.terminate()


def test(arguments: Sequence[str]) -> None:
    """Generate the Python package and run pytest on it."""
    if subprocess.run(["projen", "bindings:python"], check=False).returncode == 0:
        subprocess.run(["pytest", "-q", *arguments], check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
