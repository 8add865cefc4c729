"""Build each language's application and write versions, commands and times into `docs/languages.md`."""

import re
import subprocess
import tempfile
from pathlib import Path

from tests.languages.building import LANGUAGES, ROOT, Application, Language

DOCUMENT = ROOT / "docs/languages.md"
BEGIN, END = "<!-- python -m tests.languages writes this -->\n", "<!-- until here -->"
# Where each application pins aws-cdk-lib.
PINS = {
    "Python": r"aws-cdk-lib==(\S+)",
    "TypeScript": r'"aws-cdk-lib": "(\S+)"',
    "Java": r"<cdk\.version>(.+)</",
    "Go": r"awscdk/v2 v(\S+)",
}
MANIFESTS = {
    "Python": "requirements.txt",
    "TypeScript": "package.json",
    "Java": "pom.xml",
    "Go": "go.mod",
}


def main() -> None:
    """Build what this machine has the programs for; the rest stands in the table as not tried."""
    rows = ["| | with | aws-cdk-lib | command | seconds |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as directory:
        for language in LANGUAGES:
            rows += tried(language, Path(directory))
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + BEGIN + "\n".join(rows) + "\n" + END + after)


def tried(language: Language, directory: Path) -> list[str]:
    """Return the rows of one language."""
    if missing := language.missing():
        return [f"| {language.name} | no {' and no '.join(missing)} on this machine: not tried | | | |"]
    application = Application(language, directory / language.name, directory / "packed")
    application.build()
    application.synthesize()
    version = subprocess.run(language.version.split(), capture_output=True, text=True, check=True).stdout
    pin = re.search(PINS[language.name], (language.folder / MANIFESTS[language.name]).read_text())
    assert pin, f"{language.name} pins aws-cdk-lib"
    first = [language.name, re.sub(r"^\D*", "", version.strip()), pin[1]]
    rows = []
    for command, seconds in application.times.items():
        shown = command.format(packed="$packed", maven="$maven")
        rows.append(f"| {' | '.join(first)} | `{shown}` | {seconds:.0f} |")
        first = ["", "", ""]
    return rows


if __name__ == "__main__":
    main()
