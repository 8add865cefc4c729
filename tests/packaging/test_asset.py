"""The function's asset: the same on every build, small, and holding nothing but what runs."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sbom

ROOT = Path(__file__).resolve().parents[2]
ASSET = ROOT / "lib/handler"


def fingerprint() -> dict[str, tuple[str, int, float]]:
    """Return what a hash or a zip file of the asset can depend on: content, mode and time of each file."""
    return {
        str(path.relative_to(ASSET)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mode,
            path.stat().st_mtime,
        )
        for path in sorted(ASSET.rglob("*"))
    }


@pytest.mark.slow
def test_two_builds_are_the_same() -> None:
    before = fingerprint()
    umask = os.umask(0o077)
    try:
        subprocess.run([sys.executable, "tools/handler_asset.py"], cwd=ROOT, check=True)
    finally:
        os.umask(umask)

    assert fingerprint() == before


def test_each_interpreter_and_architecture_has_its_modules() -> None:
    modules = {path.name for path in ASSET.rglob("*.so")}

    for python in ("313", "314"):
        for architecture in ("x86_64", "aarch64"):
            for module in ("_core", "igzip_lib", "isal_zlib"):
                assert f"{module}.cpython-{python}-{architecture}-linux-gnu.so" in modules


def test_the_handler_needs_nothing_but_the_asset() -> None:
    """Load the handler as Lambda would; under the asset's own Python where the machine has one."""
    python = os.environ["MEZMO_DEV_LAMBDA_PYTHON"]
    site = os.environ["MEZMO_DEV_LAMBDA_SITE"]
    script = (
        "import sys; asset, site = sys.argv[1:]\n"
        "sys.path[:0] = [asset] if sys.version_info[:2] in [(3, 13), (3, 14)] else [site, asset]\n"
        "import handler.app; print(handler.app.__file__)"
    )
    loaded = subprocess.run(
        [python, "-I", "-S", "-B", "-c", script, str(ASSET), site],
        capture_output=True,
        text=True,
        check=False,
    )

    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.strip() == str(ASSET / "handler/app.py")


def test_nothing_is_in_it_that_does_not_run() -> None:
    names = [path.relative_to(ASSET).as_posix() for path in ASSET.rglob("*") if path.is_file()]

    assert not [name for name in names if name.endswith((".pyi", ".pyc", "py.typed", ".txt", ".in"))]
    assert "handler/app.py" in names
    assert sum("LICENSE" in name for name in names) >= 2, "each wheel's licence goes with it"


def test_the_sbom_names_each_locked_wheel_and_its_licence() -> None:
    document = json.loads((ASSET / sbom.NAME).read_text(encoding="utf-8"))
    lock = (ROOT / "src/mezmo_forwarder/handler/requirements.txt").read_text(encoding="utf-8")

    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert (
        document["metadata"]["component"]["version"]
        == json.loads((ROOT / "package.json").read_text())["version"]
    )
    found = {one["purl"]: one for one in document["components"]}
    assert set(found) == {
        f"pkg:pypi/{name}@{version}" for name, version in re.findall(r"^(\w+)==(\S+)", lock, re.MULTILINE)
    }
    for package in found.values():
        wheels = [part for part in package["components"] if part["type"] == "file"]
        assert len(wheels) == 4, "two interpreters, two architectures"
        assert all(f"sha256:{wheel['hashes'][0]['content']}" in lock for wheel in wheels)
        (licence,) = ASSET.glob(f"{package['name']}-*.dist-info/licenses/LICENSE")
        words = {"PSF-2.0": "PYTHON SOFTWARE FOUNDATION LICENSE", "BSD-3-Clause": "Redistribution and use"}
        assert words[package["licenses"][0]["license"]["id"]] in licence.read_text(encoding="utf-8")


def test_all_that_is_imported_is_in_the_sbom() -> None:
    ours = {"handler", *(path.name for path in ASSET.glob("*.dist-info"))}
    shipped = {path.name for path in ASSET.iterdir() if path.is_dir()} - ours
    document = json.loads((ASSET / sbom.NAME).read_text(encoding="utf-8"))

    assert shipped == {one["name"] for one in document["components"]}


def test_third_party_md_is_what_the_sbom_says() -> None:
    document = json.loads((ASSET / sbom.NAME).read_text(encoding="utf-8"))

    assert sbom.DOCUMENT.read_text(encoding="utf-8") == sbom.third_party(document), (
        "run `python tools/sbom.py`"
    )


def test_it_stays_under_2_mb_zipped() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(ASSET.rglob("*")):
            archive.write(path, path.relative_to(ASSET))

    assert len(buffer.getvalue()) < 2_000_000
