"""Print the matrix and what is found in each row: `python -m tests.security`."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("CDK_VALIDATION", "false")

from tests.security.canary import CANARY, holds
from tests.security.findings import lint, nag
from tests.security.options import OPTIONS, app_of, name, rows
from tests.security.pairwise import Row


def main() -> None:
    """Synthesize and judge every row."""
    os.environ["LOGDNA_KEY"] = os.environ["MEZMO_INGESTION_KEY"] = CANARY
    with tempfile.TemporaryDirectory() as outdir:
        matrix = rows()
        app = app_of(matrix, outdir)
        app.synth()
        found = nag(app, "AwsSolutions")
        print(f"| {' | '.join(['', *OPTIONS, 'cdk-nag', 'cfn-lint', 'canary'])} |")
        print("|---" * (len(OPTIONS) + 4) + "|")
        for number, row in enumerate(matrix):
            print(line(number, row, found, Path(outdir)))


def line(number: int, row: Row, found: dict[str, list[str]], outdir: Path) -> str:
    """Return a row of the table: how many findings, and in how many files the canary is."""
    stack = name(number)
    nagged = sum(len(rules) for path, rules in found.items() if path.startswith(f"{stack}/"))
    linted = len(lint(outdir / f"{stack}.template.json"))
    leaked = sum(holds(path.read_bytes()) for path in outdir.glob(f"{stack}.*"))
    return f"| {' | '.join([str(number), *row.values(), str(nagged), str(linted), str(leaked)])} |"


main()
