"""The pull request whose merge is the release: the CHANGELOG turned, on a branch of its own.

It is a draft, since GitHub starts no workflow for what a workflow pushed: a person marks it ready, and that
starts the tests.
"""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from release import changelog
from release.versions import ROOT, Version, git

BRANCH = "next-release"
NUMBER = ".[].number"
AUTHOR = (
    "-c",
    "user.name=mezmo-forwarder release",
    "-c",
    "user.email=mezmo-forwarder@users.noreply.github.com",
)
BODY = """\
Merging this releases {version}: tag, GitHub release, PyPI, npm, Maven Central, NuGet and Go.

1. Read the CHANGELOG as a user would. What is wrong there is mended on main: this branch is made anew.
2. Mark this as ready for review, which starts the tests.
3. Merge.
"""


def turn(version: Version, root: Path = ROOT) -> None:
    """Put the version and today's date over what is unreleased in a tree's CHANGELOG.md."""
    today = datetime.now(UTC).date()
    text = changelog.turn(changelog.read(root), version, today)
    (root / changelog.FILE.name).write_text(text, encoding="utf-8")


def propose(version: Version, root: Path = ROOT) -> None:
    """Push the branch, and open the pull request unless it is open already."""
    turn(version, root)
    title = f"chore(release): {version}"
    git(root, "switch", "--force-create", BRANCH)
    git(root, *AUTHOR, "commit", "--all", "--message", title)
    git(root, "push", "--force", "origin", BRANCH)
    told = ("--title", title, "--body", BODY.format(version=version))
    opened = github(
        root, "pr", "list", "--head", BRANCH, "--state", "open", "--json", "number", "--jq", NUMBER
    )
    if opened:
        github(root, "pr", "edit", opened, *told)
        # The tests that ran are of another commit.
        github(root, "pr", "ready", "--undo", opened)
    else:
        github(root, "pr", "create", "--draft", "--base", "main", "--head", BRANCH, *told)


def github(root: Path, *arguments: str) -> str:
    """Run GitHub's command line and return what it prints; what it complains of is seen as it comes."""
    command = ["gh", *arguments]
    ran = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    return ran.stdout.strip()
