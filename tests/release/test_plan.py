"""What a push to main means: release, propose, or nothing."""

from datetime import date
from pathlib import Path

import pytest

from release import changelog
from release.plan import Plan, plan
from release.versions import Version, last_release
from tests.release.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.commit("feat: a dashboard")
    return made


def turn(repository: Repository, version: Version) -> None:
    """Merge the pull request of a release."""
    text = changelog.read(repository.folder)
    repository.write(changelog.turn(text, version, date(2026, 12, 1)))
    repository.commit(f"chore(release): {version}")


def release(repository: Repository, version: Version) -> None:
    turn(repository, version)
    repository.git("tag", version.tag)


def unreleased(repository: Repository, line: str) -> None:
    text = changelog.read(repository.folder)
    repository.write(text.replace("## Unreleased\n", f"## Unreleased\n\n- {line}\n", 1))


def test_from_the_first_commit_to_the_second_release(repository: Repository) -> None:
    folder = repository.folder
    assert plan(folder) == Plan(propose=Version(0, 1, 0))

    turn(repository, Version(0, 1, 0))
    assert plan(folder) == Plan(release=Version(0, 1, 0))

    repository.git("tag", "v0.1.0")
    assert plan(folder) == Plan()

    unreleased(repository, "A fix.")
    repository.commit("fix: the dashboard")
    assert plan(folder) == Plan(propose=Version(0, 1, 1))

    unreleased(repository, "A change.")
    repository.commit("feat!: another dashboard")
    assert plan(folder) == Plan(propose=Version(0, 2, 0))


def test_a_release_that_failed_before_its_tag_is_tried_again(repository: Repository) -> None:
    turn(repository, Version(0, 1, 0))
    repository.commit("fix: what made the packing fail")

    assert plan(repository.folder) == Plan(release=Version(0, 1, 0))


def test_what_users_are_not_told_is_not_released(repository: Repository) -> None:
    release(repository, Version(0, 1, 0))
    repository.commit("fix(local): the stand-in")

    assert plan(repository.folder) == Plan()


def test_what_is_written_alone_is_not_released(repository: Repository) -> None:
    release(repository, Version(0, 1, 0))
    unreleased(repository, "A word.")
    repository.commit("docs: a word")

    assert plan(repository.folder) == Plan()


def test_a_person_may_say_more_but_not_less(repository: Repository) -> None:
    release(repository, Version(0, 1, 0))
    unreleased(repository, "A change.")
    repository.commit("feat: another dashboard")
    turn(repository, Version(1, 0, 0))
    assert plan(repository.folder) == Plan(release=Version(1, 0, 0))

    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    turn(repository, Version(0, 1, 1))
    with pytest.raises(ValueError, match=r"has 0\.1\.1, but .* since 0\.1\.0 needs 0\.2\.0 or more"):
        plan(repository.folder)


def test_the_last_release_is_the_greatest(repository: Repository) -> None:
    for version in (Version(0, 1, 0), Version(0, 10, 0), Version(0, 9, 0)):
        repository.git("tag", version.tag)

    assert last_release(repository.folder) == Version(0, 10, 0)


def test_tags_of_others_are_none_of_ours(repository: Repository) -> None:
    release(repository, Version(0, 1, 0))
    repository.git("tag", "v2-draft")
    repository.git("switch", "--quiet", "--create", "other")
    repository.commit("feat: elsewhere")
    repository.git("tag", "v9.0.0")
    repository.git("switch", "--quiet", "main")

    assert plan(repository.folder) == Plan()


def test_it_is_told_as_a_steps_outputs() -> None:
    assert Plan(release=Version(1, 2, 3)).outputs() == "release=1.2.3\npropose=\n"
    assert Plan().outputs() == "release=\npropose=\n"
