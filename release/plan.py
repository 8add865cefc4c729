"""What is to be done about a commit on main: release it, propose a release, or nothing.

The CHANGELOG decides: where its first version has no tag, that version is to be released. So a release is
a merge, and what is released is what was read. Conventional commits decide which version is proposed.
"""

from dataclasses import dataclass
from pathlib import Path

from release import changelog
from release.versions import FIRST, ROOT, Change, Version, last_release, messages_since, next_version


@dataclass(frozen=True)
class Plan:
    """At most one of them is given."""

    release: Version | None = None
    propose: Version | None = None

    def outputs(self) -> str:
        """Return it as a step of a workflow gives its outputs."""
        return f"release={self.release or ''}\npropose={self.propose or ''}\n"


def plan(repository: Path = ROOT) -> Plan:
    """Look at the CHANGELOG, the tags and the commits.

    Raises:
        ValueError: the CHANGELOG's version is none that may follow the last release.

    """
    text = changelog.read(repository)
    last, written = last_release(repository), changelog.newest(text)
    following = next_version(last, messages_since(last, repository))
    if written and (last is None or written != last):
        check(written, last, following)
        return Plan(release=written)
    # What users are not told of is no release: nothing is proposed while nothing is written.
    return Plan(propose=following) if following and changelog.unreleased(text) else Plan()


def check(written: Version, last: Version | None, following: Version | None) -> None:
    """Refuse a version that says less than the commits do; more is a person's decision."""
    least = following or (last.after(Change.FIX) if last else FIRST)
    if written < least:
        raise ValueError(
            f"CHANGELOG.md has {written}, but what was committed since {last or 'the beginning'} "
            f"needs {least} or more; change the heading"
        )
