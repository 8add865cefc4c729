"""What the documents say is what there is."""

from pathlib import Path

from tests.handler.recognition import DOCUMENT, document

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_quickstart_is_the_example_and_under_twenty_lines() -> None:
    example = (ROOT / "examples/quickstart/app.py").read_text(encoding="utf-8")

    assert f"```python\n{example}```" in README
    assert len(example.splitlines()) < 20


def test_the_readme_fits_a_first_reading() -> None:
    lines = README.splitlines()
    prose = [line for line in lines if not line.startswith(("|", "Apache-2.0"))]

    assert len(lines) < 200
    assert [line for line in prose if len(line) > 121] == []


def test_the_services_are_those_of_the_samples() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `python -m tests.handler.recognition`"
