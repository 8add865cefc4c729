"""Which version comes next: what the commits since the last release say, by Conventional Commits."""

import re
import subprocess
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
HEADER = re.compile(r"(?P<type>\w+)(\([^)]*\))?(?P<breaking>!)?: \S")
FOOTER = re.compile(r"^BREAKING[ -]CHANGE: ", re.MULTILINE)
SEPARATOR = "\x1e"


class Change(IntEnum):
    """What a commit means for those who use the library; the greatest of all decides."""

    NONE = 0
    FIX = 1
    FEATURE = 2
    BREAKING = 3


class Version(NamedTuple):
    """A version without anything after its three numbers: we make no pre-releases."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read `1.2.3`.

        Raises:
            ValueError: it is something else.

        """
        found = re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", text)
        if found is None:
            raise ValueError(f'"{text}" is no version; write three numbers, as in 1.2.3')
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def tag(self) -> str:
        """The name of its tag."""
        return f"v{self}"

    def after(self, change: Change) -> "Version":
        """Return the version that such a change makes; before 1.0 what breaks is a minor version."""
        if change is Change.BREAKING and self.major:
            return Version(self.major + 1, 0, 0)
        if change >= Change.FEATURE:
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + change)


FIRST = Version(0, 1, 0)


def change_of(message: str) -> Change:
    """Return what one commit's message says; one that is not conventional says nothing."""
    header = HEADER.match(message)
    if header is None:
        return Change.NONE
    if header["breaking"] or FOOTER.search(message):
        return Change.BREAKING
    return {"feat": Change.FEATURE, "fix": Change.FIX, "perf": Change.FIX}.get(header["type"], Change.NONE)


def next_version(last: Version | None, messages: Iterable[str]) -> Version | None:
    """Return the version after the last one, or nothing where no commit asks for one."""
    change = max(map(change_of, messages), default=Change.NONE)
    if change is Change.NONE:
        return None
    return last.after(change) if last else FIRST


def last_release(repository: Path = ROOT) -> Version | None:
    """Return the greatest version that this commit, or one before it, is tagged with."""
    tags = git(repository, "tag", "--merged", "HEAD", "--list", "v*").split()
    versions = [Version.parse(tag[1:]) for tag in tags if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    return max(versions, default=None)


def messages_since(last: Version | None, repository: Path = ROOT) -> list[str]:
    """Return the messages of all commits since a release, or of all there are."""
    commits = f"{last.tag}..HEAD" if last else "HEAD"
    log = git(repository, "log", "--no-merges", f"--format=%B{SEPARATOR}", commits)
    return [message.strip() for message in log.split(SEPARATOR) if message.strip()]


def git(repository: Path, *arguments: str) -> str:
    """Run git and return what it prints; what it complains of is seen as it comes."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120).stdout
