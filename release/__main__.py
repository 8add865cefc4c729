"""A release, step by step.

    python -m release plan                 # what this commit of main is: to be released, or to be proposed
    python -m release turn 1.2.3           # put that version over what CHANGELOG.md has unreleased
    python -m release propose 1.2.3        # the same, as a pull request
    python -m release pack 1.2.3 dist      # every artefact, from the commit
    python -m release check dist           # whether each holds what it should; what they hold, in a table
    python -m release rehearse             # all of it without registries: `projen release:dry-run`

The first three need Python alone.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from release.artefacts import clone, pack
from release.checks import check
from release.plan import plan
from release.proposal import propose, turn
from release.rehearsal import rehearse
from release.versions import Version


def main(arguments: Sequence[str]) -> int:
    """Do one step; return 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__.split("\n", 1)[0])
    steps = parser.add_subparsers(dest="step", required=True)
    steps.add_parser("plan")
    for name in ("turn", "propose", "pack"):
        steps.add_parser(name).add_argument("version", type=Version.parse)
    steps.choices["pack"].add_argument("dist", type=Path)
    steps.add_parser("check").add_argument("dist", type=Path)
    steps.add_parser("rehearse").add_argument("--dist", type=Path, help="keep the artefacts there")
    given = parser.parse_args(arguments)
    if given.step == "plan":
        print(plan().outputs(), end="")
    elif given.step == "turn":
        turn(given.version)
    elif given.step == "propose":
        propose(given.version)
    else:
        return with_tools(given)
    return 0


def with_tools(given: argparse.Namespace) -> int:
    """Do one of the steps that need the development environment."""
    if given.step == "pack":
        with clone() as tree:
            pack(given.version, tree, given.dist)
        return 0
    return check(given.dist) if given.step == "check" else rehearse(given.dist)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
