"""A release in CHANGELOG.md: its heading, and what users are told."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release import changelog
from release.versions import Version

DAY = date(2026, 12, 1)
OURS = changelog.read()
TEXT = """# Changelog

A word about the format.

## Unreleased

### Added

- `subscribe_all`.

## 0.1.0 - 2026-11-27

### Added

- Everything.
"""


def test_a_release_is_a_heading() -> None:
    turned = changelog.turn(TEXT, Version(0, 2, 0), DAY)

    assert turned == TEXT.replace("## Unreleased\n", "## Unreleased\n\n## 0.2.0 - 2026-12-01\n")
    assert changelog.newest(turned) == Version(0, 2, 0)
    assert changelog.unreleased(turned) == ""
    assert changelog.notes(turned, Version(0, 2, 0)) == "### Added\n\n- `subscribe_all`."
    assert changelog.notes(turned, Version(0, 1, 0)) == "### Added\n\n- Everything."


def test_our_own_can_be_turned() -> None:
    ours = OURS.replace("## Unreleased\n", "## Unreleased\n\n- A line.\n", 1)

    turned = changelog.turn(ours, Version(99, 0, 0), DAY)

    assert changelog.newest(turned) == Version(99, 0, 0)
    assert changelog.notes(turned, Version(99, 0, 0)).startswith("- A line.")


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\r\n#"), min_size=1), min_size=1))
def test_what_was_unreleased_is_told_whole(lines: list[str]) -> None:
    content = "".join(f"- {line}\n" for line in lines)
    text = f"# Changelog\n\n## Unreleased\n\n{content}\n## 0.1.0 - 2026-11-27\n\n- Old.\n"

    turned = changelog.turn(text, Version(0, 2, 0), DAY)

    assert changelog.notes(turned, Version(0, 2, 0)) == content.strip()
    assert changelog.notes(turned, Version(0, 1, 0)) == "- Old."


def test_nothing_unreleased_is_refused() -> None:
    turned = changelog.turn(TEXT, Version(0, 2, 0), DAY)

    with pytest.raises(ValueError, match="nothing under Unreleased"):
        changelog.turn(turned, Version(0, 3, 0), DAY)


def test_a_version_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.1\.0 already; take the next version"):
        changelog.turn(TEXT, Version(0, 1, 0), DAY)


@pytest.mark.parametrize("text", ["# Changelog\n", f"{TEXT}\n## Unreleased\n"])
def test_one_heading_is_needed(text: str) -> None:
    with pytest.raises(ValueError, match='one heading "## Unreleased"'):
        changelog.unreleased(text)


def test_notes_of_a_version_that_is_not_there() -> None:
    with pytest.raises(ValueError, match=r'no heading "## 9\.0\.0 - DATE"'):
        changelog.notes(TEXT, Version(9, 0, 0))
