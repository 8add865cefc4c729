"""The pull request of a release: a branch at a remote that is real, and GitHub's command line that is not."""

from pathlib import Path

import pytest

from release.proposal import BRANCH, propose
from release.versions import Version
from tests.release.repository import Repository

# It notes what it is asked, and knows of an open pull request where there is a file that says so.
GH = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/asked"
if [ "$2" = list ] && [ -f "$here/open" ]; then cat "$here/open"; fi
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository(tmp_path / "repository")
    made.commit("feat: a dashboard")
    made.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    made.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return made


def test_the_branch_is_main_with_the_changelog_turned(repository: Repository, tmp_path: Path) -> None:
    propose(Version(0, 1, 0), repository.folder)

    assert repository.git("log", "--format=%s", f"origin/{BRANCH}").splitlines() == [
        "chore(release): 0.1.0",
        "feat: a dashboard",
    ]
    assert "\n## 0.1.0 - 20" in repository.git("show", f"origin/{BRANCH}:CHANGELOG.md")
    asked = (tmp_path / "asked").read_text()
    assert f"pr create --draft --base main --head {BRANCH} --title chore(release): 0.1.0" in asked


def test_what_came_since_is_in_the_same_pull_request(repository: Repository, tmp_path: Path) -> None:
    propose(Version(0, 1, 0), repository.folder)
    (tmp_path / "open").write_text("7\n")
    repository.git("switch", "--quiet", "main")
    repository.commit("feat: another")

    propose(Version(0, 1, 0), repository.folder)

    assert "feat: another" in repository.git("log", "--format=%s", f"origin/{BRANCH}")
    asked = (tmp_path / "asked").read_text()
    assert asked.count("pr create") == 1
    assert "pr edit 7 --title chore(release): 0.1.0" in asked
    assert "pr ready --undo 7" in asked, "the tests that ran are of another commit"
