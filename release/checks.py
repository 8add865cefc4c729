"""Whether a release's artefacts are fit to be published, and a table of what they hold."""

import subprocess
from pathlib import Path

from release import contents, metadata
from release.artefacts import SUMS


def check(dist: Path) -> int:
    """Print the table and what is wrong; return 1 if anything is."""
    packed = contents.artefacts(dist)
    print("| | files | bytes |\n|---|---|---|")
    print("\n".join(row for artefact in packed for row in artefact.rows()))
    wrong = [problem for artefact in packed for problem in artefact.problems()]
    wrong += metadata.problems(dist) + metadata.twine_problems(dist.glob("python/*.whl"))
    wrong += checksum_problems(dist / "assets")
    print("\n".join(["", *wrong]) if wrong else "\nEvery artefact holds what it should, and nothing more.")
    return 1 if wrong else 0


def checksum_problems(assets: Path) -> list[str]:
    """Check the sums as a user would, and that each file has one."""
    found = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", SUMS],
        cwd=assets,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    summed = {line.split()[1] for line in (assets / SUMS).read_text(encoding="utf-8").splitlines()}
    unsummed = {path.name for path in assets.iterdir()} - summed - {SUMS}
    return [f"{name} has no checksum" for name in sorted(unsummed)] + (
        found.stdout + found.stderr
    ).splitlines()
