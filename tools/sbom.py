"""What of others is in the function's asset, as a CycloneDX document and as THIRD_PARTY.md.

`tools/handler_asset.py` writes the document into the asset; `python tools/sbom.py` THIRD_PARTY.md from it.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NAME = "sbom.cdx.json"
DOCUMENT = ROOT / "THIRD_PARTY.md"

# SPDX's names of the licences, which lie beside the modules; looked up by a person at each new version.
LICENCES = {"isal": "PSF-2.0", "msgspec": "BSD-3-Clause"}

# What a wheel has compiled into its modules: name, licence, and the licence's file in the asset.
INSIDE = {"isal": ("isa-l", "BSD-3-Clause", "isal/isa-l/LICENSE")}

Json = dict[str, Any]


def sbom(version: str, wheels: Iterable[Path], asset: Path) -> Json:
    """Return the document: our version, and a component a package, with the wheels that it is made of.

    The same wheels give the same document: no time, and the serial number is a hash of the components.
    """
    by_package: dict[tuple[str, str], list[Path]] = {}
    for wheel in sorted(wheels, key=lambda path: path.name):
        package, number = wheel.name.split("-")[:2]
        by_package.setdefault((package, number), []).append(wheel)
    components = [
        component(package, number, files, asset) for (package, number), files in sorted(by_package.items())
    ]
    ours = {
        "type": "library",
        "bom-ref": f"pkg:npm/mezmo-forwarder@{version}",
        "name": "mezmo-forwarder",
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "purl": f"pkg:npm/mezmo-forwarder@{version}",
    }
    references = [one["bom-ref"] for one in components]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([ours, components], sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": ours},
        "components": components,
        "dependencies": [{"ref": ours["bom-ref"], "dependsOn": references}],
    }


def component(package: str, number: str, wheels: list[Path], asset: Path) -> Json:
    """Return a package: its licence, its wheels with their hashes, and what is compiled into it."""
    parts: list[Json] = [
        {
            "type": "file",
            "bom-ref": f"wheel/{wheel.name}",
            "name": wheel.name,
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
        }
        for wheel in wheels
    ]
    if package in INSIDE:
        name, licence, file = INSIDE[package]
        assert (asset / file).exists(), f"{file} is not in the asset"
        parts.append(
            {
                "type": "library",
                "bom-ref": f"{package}/{name}",
                "name": name,
                "licenses": [{"license": {"id": licence}}],
            }
        )
    reference = f"pkg:pypi/{package}@{number}"
    return {
        "type": "library",
        "bom-ref": reference,
        "name": package,
        "version": number,
        "licenses": [{"license": {"id": LICENCES[package]}}],
        "purl": reference,
        "components": parts,
    }


def write(document: Json, path: Path) -> None:
    """Write the document as text that is the same each time."""
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def third_party(document: Json) -> str:
    """Return THIRD_PARTY.md."""
    lines = [
        "# What is shipped of others",
        "",
        "Written by `python tools/sbom.py` from the SBOM in the function's asset,",
        "`lib/handler/sbom.cdx.json`. The licences' texts lie in the asset, beside what they are for.",
        "What npm or pip installs besides (aws-cdk-lib, constructs, jsii: Apache-2.0) is no part of it.",
        "",
        "| package | version | licence | where |",
        "|---|---|---|---|",
    ]
    for package in document["components"]:
        licence = package["licenses"][0]["license"]["id"]
        lines.append(f"| {package['name']} | {package['version']} | {licence} | `{package['name']}/` |")
        for part in package["components"]:
            if part["type"] == "library":
                inner = part["licenses"][0]["license"]["id"]
                name = package["name"]
                lines.append(f"| {part['name']} | as in {name} | {inner} | in `{name}`'s modules |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    found = json.loads((ROOT / "lib/handler" / NAME).read_text(encoding="utf-8"))
    DOCUMENT.write_text(third_party(found), encoding="utf-8")
