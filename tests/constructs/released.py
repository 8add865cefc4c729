"""The templates of some apps, as the last release makes them.

`python -m tests.constructs.released` writes them anew. A release does that, and nothing else: what is
deployed was made from these. Before the first release they are as they were committed.
"""

import tempfile
from pathlib import Path

from tests.constructs.test_replacement import CHANGES, Properties, synthesized

FOLDER = Path(__file__).with_name("released")
# What differs in resources: in the others only texts do.
APPS = ["default", "code", "vpc", "role", "log_group", "undelivered_store brought", "undelivered_store none"]


def synthesize(name: str, directory: Path) -> str:
    """Synthesize an app as this library makes it and return its template."""
    properties: Properties = CHANGES.get(name, lambda _: {})
    synthesized(directory, properties, stream=name != "code")
    return (directory / "Logs.template.json").read_text()


def main() -> None:
    """Write every app's template."""
    for name in APPS:
        target = FOLDER / name.replace(" ", "-") / "Logs.template.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as directory:
            target.write_text(synthesize(name, Path(directory)) + "\n")


if __name__ == "__main__":
    main()
