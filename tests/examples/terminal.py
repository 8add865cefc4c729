"""Runs the commands of a document as its reader does, in bash, with a local AWS behind them."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from local import programs
from local.aws import LocalAws
from local.aws.local_aws import REGION
from tests.documents.markdown import ROOT, Fence
from tests.documents.shell import SHELLS

CLI = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["aws-cdk"]
NOT_RUN = "not run:"  # and why, in an HTML comment above a block of commands that no local AWS can carry out
SECONDS = 300
PYTHON = shlex.quote(sys.executable)
# The programs of a reader that are answered otherwise than by what this machine has.
PROGRAMS = {
    "aws": f'PYTHONPATH={shlex.quote(str(ROOT))} exec {PYTHON} -m tests.examples.aws_program "$@"',
    # The CLI of that version; it asks nobody back. What is bootstrapped already takes seconds to say so.
    "npx": f"""
[ "$1" = aws-cdk@{CLI} ] || {{ echo "npx $1: not what is tried"; exit 1; }}
shift
made="$MADE/$(printf '%s' "$*" | tr -c 'a-z0-9\\n' -)"
case "$1" in
  bootstrap) [ -e "$made" ] || cdk "$@" && touch "$made" ;;
  deploy) exec cdk "$@" --require-approval never --no-notices ;;
  destroy) exec cdk "$@" --force --no-notices ;;
  *) exec cdk "$@" --no-notices ;;
esac""",
    # It is on Python's path already, and nothing else of this repository is.
    "pip": r'[[ "$*" =~ ^install\ mezmo-forwarder(\[[a-z,]+\])?$ ]] || { echo "pip $*: not here"; exit 1; }',
    "mezmo-forwarder": f'exec {PYTHON} -m mezmo_forwarder_commands "$@"',
}


class TerminalError(Exception):
    """A command of a document that failed; its text is what was printed."""


class Terminal:
    """A reader's terminal.

    Args:
        aws: what `aws` and the CDK CLI speak to.
        directory: an empty folder, where programs and configuration are put.
        profiles: the accounts that `--profile` names.
    """

    def __init__(self, aws: LocalAws, directory: Path, profiles: Mapping[str, str] | None = None) -> None:
        self._aws = aws
        self._programs = directory / "bin"
        self._made = directory / "made"
        for folder in (self._programs, self._made):
            folder.mkdir(parents=True)
        for name, script in PROGRAMS.items():
            self.add_program(name, script)
        self._profiles = directory / "config"
        self._profiles.write_text(
            "".join(
                f"[profile {name}]\nregion = {REGION}\n"
                f"aws_access_key_id = {account}\naws_secret_access_key = local\n"
                for name, account in (profiles or {}).items()
            )
        )

    def add_program(self, name: str, script: str) -> None:
        """Have a program answered by these lines of bash."""
        program = self._programs / name
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)

    def run(self, commands: str, cwd: Path) -> str:
        """Run commands, and return what they printed.

        Raises:
            TerminalError: one of them failed.
        """
        environment = self._aws.environment
        printed, failure = programs.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=cwd,
            environment={
                **environment,
                "PATH": os.pathsep.join([str(self._programs), environment["PATH"]]),
                "PYTHONPATH": str(ROOT / "build/bindings/python/src"),
                "AWS_CONFIG_FILE": str(self._profiles),
                "MADE": str(self._made),
                "CI": "true",
                # A validation engine of newer aws-cdk-lib that takes two seconds.
                "CDK_VALIDATION": "false",
            },
            seconds=SECONDS,
        )
        if failure:
            raise TerminalError(f"{failure} of\n{commands}\n{printed}")
        return printed


def is_run(fence: Fence) -> bool:
    """Whether a block is commands that can be run here."""
    return fence.language in SHELLS and not fence.note.startswith(NOT_RUN)
