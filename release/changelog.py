"""CHANGELOG.md: people write what is unreleased; a release puts its version and date over it."""

import re
from datetime import date
from pathlib import Path

from release.versions import ROOT, Version

FILE = ROOT / "CHANGELOG.md"
UNRELEASED = "## Unreleased\n"
RELEASED = re.compile(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
SECTION = re.compile(r"^## .*$", re.MULTILINE)


def unreleased(text: str) -> str:
    """Return what stands under Unreleased.

    Raises:
        ValueError: there is no such heading, or more than one.

    """
    if text.count(f"\n{UNRELEASED}") != 1:
        raise ValueError(f'CHANGELOG.md needs one heading "{UNRELEASED.strip()}"')
    return until_next_section(text, text.index(f"\n{UNRELEASED}") + len(UNRELEASED) + 1)


def newest(text: str) -> Version | None:
    """Return the version that stands first, or nothing before the first release."""
    found = RELEASED.search(text)
    return Version.parse(found[1]) if found else None


def notes(text: str, version: Version) -> str:
    """Return what stands under a version.

    Raises:
        ValueError: it has no heading.

    """
    for found in RELEASED.finditer(text):
        if found[1] == str(version):
            return until_next_section(text, found.end())
    raise ValueError(f'CHANGELOG.md has no heading "## {version} - DATE"')


def turn(text: str, version: Version, day: date) -> str:
    """Return the text with a version over what was unreleased, and nothing unreleased.

    Raises:
        ValueError: nothing is unreleased, or the version is there already.

    """
    if not unreleased(text):
        raise ValueError("CHANGELOG.md has nothing under Unreleased: write what users get, then release")
    if any(found[1] == str(version) for found in RELEASED.finditer(text)):
        raise ValueError(f"CHANGELOG.md has {version} already; take the next version")
    return text.replace(UNRELEASED, f"{UNRELEASED}\n## {version} - {day.isoformat()}\n", 1)


def until_next_section(text: str, begin: int) -> str:
    """Return a section's content."""
    following = SECTION.search(text, begin)
    return text[begin : following.start() if following else None].strip()


def read(root: Path = ROOT) -> str:
    """Return the text of a tree's CHANGELOG.md."""
    return (root / FILE.name).read_text(encoding="utf-8")
