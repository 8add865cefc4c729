"""Build each language's application in clean folders; write commands and times into `docs/languages.md`.

python -m tests.languages             # the applications: each with its own tools, in an empty home
python -m tests.languages --versions  # and then with older and newer versions: tests/languages/versions.py
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.languages import versions
from tests.languages.building import LANGUAGES, ROOT, Application, Language, clean_home

DOCUMENT = ROOT / "docs/languages.md"
BEGIN, END = "<!-- python -m tests.languages{} writes this -->\n", "<!-- until here -->"


def main(arguments: Sequence[str]) -> None:
    """Build what this machine has the programs for; the rest stands in the table as not tried."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        if "--versions" in arguments:
            write(" --versions", versions.table(Path(directory)))
            return
        rows = ["| | with | aws-cdk-lib | command | seconds |", "|---|---|---|---|---|"]
        for language in LANGUAGES:
            rows += tried(language, Path(directory))
    write("", rows)


def write(argument: str, rows: Sequence[str]) -> None:
    """Put a table into the document."""
    before, begin, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN.format(argument))
    assert begin, f"{DOCUMENT.name} has no place for the table"
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + begin + "\n".join(rows) + "\n" + END + after, encoding="utf-8")


def tried(language: Language, directory: Path) -> list[str]:
    """Return the rows of one language."""
    if missing := language.missing():
        return [f"| {language.name} | no {' and no '.join(missing)} on this machine: not tried | | | |"]
    application = Application(
        language,
        directory / language.name,
        directory / "packed",
        maven=directory / "maven",
        environment=clean_home(directory / f"home of {language.name}"),
    )
    application.build()
    application.synthesize()
    version = subprocess.run(language.version.split(), capture_output=True, text=True, check=True).stdout
    first = [language.name, re.sub(r"^\D*", "", version.strip()), language.pinned]
    rows = []
    for command, seconds in application.times.items():
        shown = command.format(packed="$packed", maven="$maven")
        rows.append(f"| {' | '.join(first)} | `{shown}` | {seconds:.0f} |")
        first = ["", "", ""]
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
