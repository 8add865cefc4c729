"""Put the commands into the generated Python project, beside the bindings, so that one wheel holds both.

jsii knows console scripts in JavaScript only, so `jsii-pacmak`'s project is completed: with the package of
the commands, the handler's modules as they lie in the function's asset, the console script, the extras that
install what the commands import, and what PyPI's page shows.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from long_description import absolute

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "mezmo_forwarder_commands"
SOURCE = ROOT / "src/commands" / PACKAGE
HANDLER = ROOT / "lib/handler/handler"
REQUIREMENTS = ROOT / "src/mezmo_forwarder/handler/requirements.in"
# The first that knows what this year's log groups have; one of its majors lasts for many years.
BOTOCORE = "botocore>=1.36, <2"
GENERATED = ROOT / "build/bindings/python"
# The oldest Python that our tests run under, which is newer than jsii's.
OLDEST_PYTHON = (3, 11)
# What jsii says of a stable API, and what is true of a library before its 1.0.
STABLE = "Development Status :: 5 - Production/Stable"
BETA = "Development Status :: 4 - Beta"


def main() -> None:
    """Complete `build/bindings/python`, which `jsii-pacmak` has just written."""
    target = GENERATED / "src" / PACKAGE
    shutil.rmtree(target, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCE, target, ignore=ignore)
    shutil.copytree(HANDLER, target / "function/handler", ignore=ignore)
    script = GENERATED / "setup.py"
    before, metadata, after = re.split(r'(?<=""")(\n\{.*?\n\}\n)(?=""")', script.read_text(), flags=re.DOTALL)
    script.write_text(before + complete(metadata) + after)
    package = json.loads((ROOT / "package.json").read_text())
    readme = GENERATED / "README.md"
    readme.write_text(absolute(readme.read_text(), package["homepage"], package["version"]))


def complete(metadata: str) -> str:
    """Return the project's metadata with the commands in it."""
    project = json.loads(metadata)
    names = [found.relative_to(SOURCE.parent) for found in sorted(SOURCE.rglob("*.py"))]
    packages = sorted({".".join(name.parent.parts) for name in names})
    modules = [found.relative_to(HANDLER.parent) for found in HANDLER.rglob("*.py")]
    rooms = sorted({".".join((PACKAGE, "function", *name.parent.parts)) for name in modules})
    project["packages"] += [*packages, *rooms]
    project["package_data"] |= {package: ["*.html", "*.css", "*.js"] for package in packages}
    project["entry_points"] = {"console_scripts": [f"mezmo-forwarder={PACKAGE}.__main__:main"]}
    project["extras_require"] = {
        "preview": requirements(),
        "aws": [BOTOCORE],
        "doctor": [*requirements(), BOTOCORE],
    }
    complete_page(project)
    return f"\n{json.dumps(project, indent=4)}\n"


def complete_page(project: dict[str, Any]) -> None:
    """Put in what PyPI shows beside the description: addresses, and versions of Python that are tried."""
    home = project["url"]
    # jsii has both in one text, of which PyPI makes no address.
    author, _, address = project["author"].rstrip(">").partition("<")
    project |= {"author": author, "author_email": address}
    project["project_urls"] = {
        "Source": home,
        "Documentation": f"{home}/tree/main/docs",
        "Changelog": f"{home}/blob/main/CHANGELOG.md",
        "Issues": f"{home}/issues",
    }
    project["python_requires"] = f">={OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]}"
    project["classifiers"] = [
        BETA if one == STABLE and project["version"].startswith("0.") else one
        for one in project["classifiers"]
        # The licence has a classifier of its own, from .projenrc.py.
        if one != "License :: OSI Approved" and not is_too_old(one)
    ]


def is_too_old(classifier: str) -> bool:
    """Whether a classifier is of a Python that we do not support."""
    found = re.fullmatch(r"Programming Language :: Python :: (\d+)\.(\d+)", classifier)
    return found is not None and (int(found[1]), int(found[2])) < OLDEST_PYTHON


def requirements() -> list[str]:
    """Return what the handler imports, from the version in its asset up to the next that may break."""
    found = re.findall(r"^(\w+)==((\d+)\.(\d+)\S*)", REQUIREMENTS.read_text(), flags=re.MULTILINE)
    return [
        f"{name}>={version}, <{int(major) + 1}" if major != "0" else f"{name}>={version}, <0.{int(minor) + 1}"
        for name, version, major, minor in found
    ]


if __name__ == "__main__":
    main()
