"""Write what is deployed without CDK into `dist/standalone`."""

import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from aws_cdk import App

from standalone.application import as_application
from standalone.parameters import apply_parameters
from standalone.stack import StandaloneStack

ROOT = Path(__file__).resolve().parents[1]
ASSET = ROOT / "lib/handler"
PACKAGE = ROOT / "package.json"
TARGET = ROOT / "dist/standalone"
LARGEST_TEMPLATE = 51_200  # bytes that CloudFormation takes without a bucket
FIRST_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold


def write(directory: Path) -> list[Path]:
    """Write templates, zip, licence and readme into a directory of their own; return the files."""
    package = json.loads(PACKAGE.read_text(encoding="utf-8"))
    stem = f"{package['name']}-{package['version']}"
    code = f"{stem}.zip"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    template = synthesize(code)
    application = as_application(synthesize(None), code, package)
    for name, content in ((f"{stem}.template.json", template), (f"{stem}.sar.template.json", application)):
        text = lines(content)
        size = len(text.encode())
        if size > LARGEST_TEMPLATE:
            raise ValueError(f"{name} has {size} bytes; CloudFormation takes {LARGEST_TEMPLATE}")
        (directory / name).write_text(text, encoding="utf-8")
    pack(ASSET, directory / code)
    shutil.copyfile(ROOT / "LICENSE", directory / "LICENSE")
    shutil.copyfile(ROOT / "docs/how-to/without-cdk.md", directory / "README.md")
    return sorted(directory.iterdir())


def synthesize(code: str | None) -> dict[str, Any]:
    """Return the template: with parameters for the place of the code, or else one for the repository."""
    with tempfile.TemporaryDirectory() as output:
        app = App(outdir=output)
        stack = StandaloneStack(app, "Standalone", code=code)
        template: dict[str, Any] = app.synth().get_stack_by_name(stack.stack_name).template
    apply_parameters(template)
    return template


def lines(template: dict[str, Any]) -> str:
    """Return a template as JSON, a line for each parameter, condition, resource and output."""
    sections = {}
    for section, content in template.items():
        if isinstance(content, dict):
            entries = (f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in content.items())
            sections[section] = "{\n" + ",\n".join(entries) + "\n }"
        else:
            sections[section] = json.dumps(content)
    return "{\n" + ",\n".join(f' "{name}": {text}' for name, text in sections.items()) + "\n}\n"


def pack(asset: Path, target: Path) -> None:
    """Zip the functions' code, the same on every machine."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(found for found in asset.rglob("*") if found.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(asset).as_posix(), FIRST_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    for file in write(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET):
        print(f"{file.stat().st_size:>9,}  {file}")
