"""Whatever a user may read in the log, or at synthesis, stands in the documents."""

import re

import pytest

from mezmo_forwarder_commands.doctor.own_log import TROUBLES, Trouble
from tests.documents import errors

SHORTEST = 9  # characters that two texts have in common, and no third one
ROWS: list[str] = [
    said
    for table in (errors.ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8").split("\n\n")
    for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    for said in re.findall("`([^`]+)`", row)
]


def row_of(pieces: list[str]) -> str | None:
    """Return the text of the document that is the one which has these fixed pieces."""
    for said in ROWS:
        for part in said.split(errors.GAP):
            for piece in pieces:
                shorter, longer = sorted((part.strip(), piece.strip()), key=len)
                if len(shorter) >= SHORTEST and shorter in longer:
                    return said
    return None


@pytest.mark.parametrize(("where", "pieces"), [*errors.at_run_time()], ids=lambda value: str(value)[:60])
def test_what_the_handler_may_log_is_explained(where: str, pieces: list[str]) -> None:
    text = errors.GAP.join(pieces)

    assert row_of(pieces), f"{where}: docs/troubleshooting.md has no row for {text!r}"


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.text)
def test_what_the_doctor_knows_is_explained(trouble: Trouble) -> None:
    texts = [said.replace(errors.GAP, "something") for said in ROWS]

    assert any(re.search(trouble.text, text) for text in texts)


def test_the_errors_at_synthesis_are_those_of_the_source() -> None:
    assert errors.DOCUMENT.read_text(encoding="utf-8") == errors.document(), (
        "run `python -m tests.documents.errors`"
    )
