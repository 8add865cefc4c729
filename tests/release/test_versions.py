"""Which version comes next, by what was committed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.versions import FIRST, Change, Version, change_of, next_version

versions = st.builds(Version, *[st.integers(0, 50)] * 3)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("feat: a dashboard", Change.FEATURE),
        ("feat(local): a dashboard", Change.FEATURE),
        ("fix: lines in order", Change.FIX),
        ("perf: fewer copies", Change.FIX),
        ("docs: the dashboard", Change.NONE),
        ("chore(release): 0.2.0", Change.NONE),
        ("feat!: other names", Change.BREAKING),
        ("fix(handler)!: other names", Change.BREAKING),
        ("refactor: names\n\nBREAKING CHANGE: `subscribe` is `forward`", Change.BREAKING),
        ("refactor: names\n\nBREAKING-CHANGE: `subscribe` is `forward`", Change.BREAKING),
        ("docs: say what BREAKING CHANGE: means", Change.NONE),
        ("Merge branch 'feat: x'", Change.NONE),
        ("feature: none of the names", Change.NONE),
        ("feat:no space", Change.NONE),
    ],
)
def test_what_a_commit_says(message: str, change: Change) -> None:
    assert change_of(message) is change


@pytest.mark.parametrize(
    ("last", "messages", "following"),
    [
        ("1.2.3", ["docs: x"], None),
        ("1.2.3", [], None),
        ("1.2.3", ["fix: x", "docs: x"], "1.2.4"),
        ("1.2.3", ["fix: x", "feat: x"], "1.3.0"),
        ("1.2.3", ["feat!: x", "fix: x"], "2.0.0"),
        # Before 1.0 what breaks is a minor version.
        ("0.2.3", ["feat!: x"], "0.3.0"),
        ("0.2.3", ["fix: x"], "0.2.4"),
        (None, ["fix: x"], str(FIRST)),
        (None, ["docs: x"], None),
    ],
)
def test_the_next_version(last: str | None, messages: list[str], following: str | None) -> None:
    found = next_version(Version.parse(last) if last else None, messages)

    assert (str(found) if found else None) == following


@given(versions, st.sampled_from(Change))
def test_a_change_makes_a_greater_version(version: Version, change: Change) -> None:
    following = version.after(change)

    assert following > version or change is Change.NONE
    assert Version.parse(str(following)) == following


@pytest.mark.parametrize("text", ["1.2", "v1.2.3", "1.2.3-rc.1", "01.2.3", "1.2.3\n"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="is no version; write three numbers"):
        Version.parse(text)
