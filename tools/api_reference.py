"""Write the API reference of each language, from the compiled library: API.md and docs/api.

    python tools/api_reference.py [FOLDER]

`jsii-docgen` starts once for all of them. What it writes of Go and C# is mended where it is not what the
packages are.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    "Python": "API.md",
    "TypeScript": "docs/api/typescript.md",
    "Java": "docs/api/java.md",
    "Go": "docs/api/go.md",
    "C#": "docs/api/csharp.md",
}


def main(into: Path) -> None:
    """Write all of them below a folder."""
    names = {language: Path(file).stem for language, file in FILES.items()} | {"Python": "python"}
    with tempfile.TemporaryDirectory() as directory:
        command = ["jsii-docgen", "--output", f"{directory}/api.md", "--language", *names.values()]
        subprocess.run(command, cwd=ROOT, check=True)
        for language, file in FILES.items():
            text = (Path(directory) / f"api.{names[language]}.md").read_text(encoding="utf-8")
            (into / file).parent.mkdir(parents=True, exist_ok=True)
            (into / file).write_text(headed(language, mended(language, text)), encoding="utf-8")


def headed(language: str, text: str) -> str:
    """Return a reference with its language in the title, and the way to the others."""
    folder = Path(FILES[language]).parent
    links = {other: os.path.relpath(file, folder) for other, file in FILES.items() if other != language}
    others = ", ".join(f"[{other}]({link})" for other, link in links.items())
    title, _, rest = text.partition("\n")
    title = title.replace("# API Reference ", f"# API reference: {language} ")
    told = f"Written by `projen docs` from the doc comments in src/. Other languages: {others}."
    return f"{title}\n\n{told}\n{rest}"


def mended(language: str, text: str) -> str:
    """Return a reference with the declarations as the package has them."""
    if language == "Go":
        text = re.sub(r"\b(options|props) (?=[A-Z]\w+[,)])", r"\1 *", text)
        return text.replace("*f64", "*float64")
    if language == "C#":
        return re.sub(r"^private (?=.*\()", "public ", text, flags=re.MULTILINE)
    return text


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
