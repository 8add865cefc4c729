"""What is found wrong with an artefact's contents, on small ones; the real ones are in tests/packaging."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from release import checks, contents
from release.artefacts import write_sums

GROUPS = {"code": r"lib/\w+\.js", "licence": "LICENSE"}


def tgz(path: Path, names: list[str]) -> Path:
    """Write a package as npm does: everything in one folder."""
    with tarfile.open(path, "w:gz") as package:
        for name in names:
            member = tarfile.TarInfo(f"package/{name}")
            member.size = 3
            package.addfile(member, io.BytesIO(b"abc"))
    return path


def test_what_it_should_hold_and_nothing_more(tmp_path: Path) -> None:
    found = contents.archive(tgz(tmp_path / "a.tgz", ["lib/index.js", "lib/other.js", "LICENSE"]), GROUPS)

    assert found.problems() == []
    assert found.rows() == [f"| **a.tgz** | 3 | {found.size:,} |", "| code | 2 | 6 |", "| licence | 1 | 3 |"]


@pytest.mark.parametrize("name", ["lib/.env", "lib/index.js.map", "tests/test_a.py", "lib/index.jsx"])
def test_what_is_too_much_is_named(tmp_path: Path, name: str) -> None:
    found = contents.archive(tgz(tmp_path / "a.tgz", ["lib/index.js", "LICENSE", name]), GROUPS)

    assert found.problems() == [f"a.tgz holds {name}, which is of no group in release/contents.py"]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as package:
        package.writestr("LICENSE", "abc")
        package.mkdir("lib")

    found = contents.archive(tmp_path / "a.whl", GROUPS)
    assert found.problems() == ["a.whl holds nothing of the group “code”"]


def test_a_folder_is_looked_through(tmp_path: Path) -> None:
    (tmp_path / "go/lib").mkdir(parents=True)
    (tmp_path / "go/lib/index.js").write_text("abc")

    found = contents.folder(tmp_path, "go", GROUPS)
    assert found.files == {"lib/index.js": b"abc"}
    assert found.problems() == ["go/ holds nothing of the group “licence”"]


def test_a_checksum_that_is_wrong_and_one_that_lacks(tmp_path: Path) -> None:
    for name in ("a.whl", "b.tgz"):
        (tmp_path / name).write_text("abc")
    write_sums(tmp_path)
    assert checks.checksum_problems(tmp_path) == []

    (tmp_path / "a.whl").write_text("abd")
    (tmp_path / "c.zip").write_text("abc")
    lacks, wrong, *_ = checks.checksum_problems(tmp_path)
    assert (lacks, wrong) == ("c.zip has no checksum", "a.whl: FAILED")
