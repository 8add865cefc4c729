"""Put the function's asset together, in `lib/handler`: our code, the two wheels it needs, and what these are.

Run when the package is built, so that whoever synthesizes needs no Docker, no pip and no network. The asset
is the same on every machine: wheels are locked by hash, nothing is compiled, file times and modes are fixed.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import sbom

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src/mezmo_forwarder/handler"
ASSET = ROOT / "lib/handler"

# An extension module's file name carries interpreter and architecture, so all four lie side by side.
PYTHONS = ("3.13", "3.14")
ARCHITECTURES = ("x86_64", "aarch64")

# What the handler imports of each wheel, and its licence. Extension modules are matched without their suffix.
WANTED = {
    "isal": {
        "isal/__init__.py",
        "isal/_isal",
        "isal/_version.py",
        "isal/igzip_lib",
        "isal/isal_zlib",
        "isal/isa-l/LICENSE",
    },
    "msgspec": {
        "msgspec/__init__.py",
        "msgspec/_core",
        "msgspec/_json_schema.py",
        "msgspec/_typing_utils.py",
        "msgspec/_utils.py",
        "msgspec/_version.py",
        "msgspec/inspect.py",
        "msgspec/json.py",
        "msgspec/msgpack.py",
        "msgspec/structs.py",
        "msgspec/toml.py",
        "msgspec/yaml.py",
    },
}
FIXED_TIME = 315532800  # 1980-01-01, the earliest a zip file can hold


def main() -> None:
    """Write `lib/handler` anew, whole or not at all."""
    ASSET.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ASSET.parent, prefix=".handler-") as scratch:
        staged = Path(scratch) / "handler"
        (staged / "handler").mkdir(parents=True)
        for module in sorted(SOURCE.rglob("*.py")):
            target = staged / "handler" / module.relative_to(SOURCE)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(module, target)
        (staged / "handler" / "version.py").write_text(
            f'"""The released version."""\n\nVERSION = "{version()}"\n'
        )
        for python in PYTHONS:
            for architecture in ARCHITECTURES:
                wheels = Path(scratch) / f"{python}-{architecture}"
                download(python, architecture, wheels)
                for wheel in sorted(wheels.glob("*.whl")):
                    unpack(wheel, staged)
        everything = Path(scratch).glob("*/*.whl")
        sbom.write(sbom.sbom(version(), everything, staged), staged / sbom.NAME)
        settle(staged)
        shutil.rmtree(ASSET, ignore_errors=True)
        staged.rename(ASSET)


def version() -> str:
    """Return the package's version, which package.json holds."""
    return str(json.loads((ROOT / "package.json").read_text())["version"])


def download(python: str, architecture: str, into: Path) -> None:
    """Fetch the locked wheels for one interpreter and architecture."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    command += [f"--abi=cp{python.replace('.', '')}", f"--platform=manylinux2014_{architecture}"]
    command += ["--dest", str(into), "--requirement", str(SOURCE / "requirements.txt")]
    subprocess.run(command, check=True)


def unpack(wheel: Path, into: Path) -> None:
    """Take from a wheel what the handler imports, and the licence."""
    wanted = WANTED[wheel.name.split("-")[0]]
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            module = str(path.with_name(path.name.split(".")[0])) if path.suffix == ".so" else name
            if module in wanted or (path.parent.name == "licenses" and not name.endswith("/")):
                target = into / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))


def settle(directory: Path) -> None:
    """Give every file and folder one time and one mode."""
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (FIXED_TIME, FIXED_TIME))


if __name__ == "__main__":
    main()
