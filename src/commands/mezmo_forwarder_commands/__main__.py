"""Where the program starts: finds the subcommand, and what it needs.

The constructs' package is not imported: it would start Node. The handler's code lies beside this file in the
wheel, in `function/`, as it lies in the function; in a clone it is on the path already.
"""

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from . import backfill_command, doctor_command, preview_command
from .errors import CommandError

PROGRAM = "mezmo-forwarder"
_OLDEST_PYTHON = (3, 11)
# What each extra brings, by the names that are imported: msgspec and isal for the function's own code.
_EXTRAS = {
    "preview": ("msgspec", "isal"),
    "aws": ("botocore",),
    "doctor": ("msgspec", "isal", "botocore"),
}
_FUNCTION = Path(__file__).resolve().parent / "function"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit code; 2 with the reason on standard error if it cannot run."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Commands around mezmo-forwarder.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    preview_command.add(commands)
    doctor_command.add(commands)
    backfill_command.add(commands)
    options = parser.parse_args(arguments)
    try:
        _prepare(options.extra)
        return int(options.run(options))
    except CommandError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # as when `| head` has seen enough
        sys.stderr.close()
        return 0


def _prepare(extra: str) -> None:
    """Make the handler's code importable, and see that what the command needs is there.

    Raises:
        CommandError: Python is too old for it, or what it imports is not installed.
    """
    if sys.version_info < _OLDEST_PYTHON:
        running = ".".join(map(str, sys.version_info[:3]))
        raise CommandError(
            f"Python {running} is too old for this command: use Python 3.11 or newer; "
            "the constructs themselves need 3.10"
        )
    missing = [name for name in _EXTRAS[extra] if importlib.util.find_spec(name) is None]
    if missing:
        raise CommandError(
            f"this command needs {' and '.join(missing)}; run: "
            f'{sys.executable} -m pip install "{PROGRAM}[{extra}]"'
        )
    if _FUNCTION.is_dir():
        sys.path.insert(0, str(_FUNCTION))


def _version() -> str:
    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return "(a clone)"


if __name__ == "__main__":
    sys.exit(main())
