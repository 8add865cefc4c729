"""Running programs of which nothing is to be left."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def run(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], seconds: float
) -> tuple[str, str]:
    """Run a program that reads nothing, and then end all that it has started.

    Returns what it printed, and how it failed; nothing if it did not.
    """
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=seconds)
        failure = f"exit status {process.returncode}" if process.returncode else ""
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        printed, _ = process.communicate()
        failure = f"did not end within {seconds:g} s"
    finally:
        kill_group(process)
    return printed, failure


def kill_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process that leads a session, and all of its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()
