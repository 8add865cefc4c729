"""A repository of its own for a test, with a CHANGELOG like ours."""

import os
import subprocess
from pathlib import Path

CHANGELOG = "# Changelog\n\n## Unreleased\n\n- A dashboard.\n"


class Repository:
    """A git repository in a folder; its commits are empty but for the CHANGELOG."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch", "main")
        self.write(CHANGELOG)

    def write(self, changelog: str) -> None:
        (self.folder / "CHANGELOG.md").write_text(changelog, encoding="utf-8")

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def git(self, *arguments: str) -> str:
        who = {
            f"GIT_{role}_{part}": "test@example.com"
            for role in ("AUTHOR", "COMMITTER")
            for part in ("NAME", "EMAIL")
        }
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(
            command, env=os.environ | who, capture_output=True, text=True, check=True
        ).stdout.strip()
