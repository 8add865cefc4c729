"""The records of decisions: all listed, dated, short."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs/decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem[:4])
def test_a_record_is_dated_short_and_has_three_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    number = int(path.stem[:4])

    assert text.startswith(f"# {number}. ")
    assert re.search(r"^20\d\d-\d\d-\d\d · (proposed|accepted|superseded by \d{4})$", text, re.MULTILINE)
    assert re.findall("^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert 15 <= len(text.splitlines()) <= 30


def test_the_index_lists_every_record_as_it_is_called() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\((.*)\) \| (\S+) \| (.*) \|$", index, re.MULTILINE)

    assert rows == [
        (path.stem[:4], path.name, text.splitlines()[2][:10], text.splitlines()[0].partition(". ")[2])
        for path in RECORDS
        if (text := path.read_text(encoding="utf-8"))
    ]
    assert [int(number) for number, *_ in rows] == [*range(1, len(RECORDS) + 1)]


def test_architecture_leads_to_every_record() -> None:
    architecture = (FOLDER.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")

    assert [path.name for path in RECORDS if f"docs/decisions/{path.name}" not in architecture] == []
