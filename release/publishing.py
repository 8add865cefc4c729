"""What publib would do with the artefacts, as far as it goes without a registry."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from release.versions import ROOT, Version, git

GO_REPOSITORY = "github.com/mezmo-forwarder/mezmo-forwarder-go"
LOCK = ROOT / "requirements/publish.txt"
FILE_OF_GIT = re.compile(r"rm '| (create|delete) mode |:\d{6} ")


def try_publishers(version: Version, dist: Path) -> None:
    """Run each publisher; what publib checks and makes by itself is real, what it would send is not.

    Raises:
        subprocess.CalledProcessError: one failed.
        ValueError: its tools cannot be installed, or it left something else than it should.

    """
    with tempfile.TemporaryDirectory() as scratch:
        publib("npm", dist / "js", {"NPM_TRUSTED_PUBLISHER": "true"})
        try_pypi(dist, Path(scratch))
        try_maven(dist, Path(scratch))
        if list(dist.glob("dotnet/*.nupkg")):
            publib("nuget", dist / "dotnet", {"NUGET_API_KEY": "rehearsal"})
        else:
            print("publib-nuget: not tried, since no dotnet packed anything for it", flush=True)
        try_go(version, dist, Path(scratch))


def publib(registry: str, folder: Path, settings: Mapping[str, str]) -> None:
    """Run one of publib's programs, dry unless the settings say otherwise."""
    print(f"$ publib-{registry} {folder.name}", flush=True)
    program = ROOT / f"node_modules/.bin/publib-{registry}"
    # It leaves its clones where files are temporary.
    with tempfile.TemporaryDirectory() as temporary:
        ran = subprocess.run(
            [program, folder],
            env=os.environ | {"PUBLIB_DRYRUN": "true", "TMPDIR": temporary} | dict(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    # git names each file that it takes out or puts in.
    print(
        "".join(line for line in ran.stdout.splitlines(keepends=True) if not FILE_OF_GIT.match(line)),
        flush=True,
    )
    ran.check_returncode()


def try_pypi(dist: Path, scratch: Path) -> None:
    """Install publib's tools as the workflow does, from the lock; publib itself is given no index.

    Raises:
        ValueError: the tools cannot be installed.

    """
    # Not the environment's Python, which takes no --user; and a home of its own for what is installed.
    programs = scratch / "python"
    programs.mkdir()
    base = Path(sys.base_prefix) / f"bin/python3.{sys.version_info.minor}"
    (programs / "python3").symlink_to(base)
    clean = {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONUSERBASE": str(scratch / "user")}
    clean |= {"PYTHONPATH": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    install = ["python3", "-m", "pip", "install", "--user", "--require-hashes", "--requirement", str(LOCK)]
    installed = subprocess.run(install, env=os.environ | clean, capture_output=True, text=True, check=False)
    if installed.returncode:
        raise ValueError(f"pip takes {LOCK.name} for none: {installed.stderr}")
    credentials = {"TWINE_USERNAME": "rehearsal", "TWINE_PASSWORD": "rehearsal"}
    publib("pypi", dist / "python", clean | credentials | {"PIP_NO_INDEX": "1", "PIP_QUIET": "1"})


def try_maven(dist: Path, scratch: Path) -> None:
    """Take up a key that is made for this, and name every command that would sign and send."""
    home = scratch / "gpg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback"]
    gpg += ["--passphrase", "rehearsal"]
    subprocess.run([*gpg, "--quick-generate-key", "rehearsal@example.com", "rsa2048", "sign"], check=True)
    exported = subprocess.run(
        [*gpg, "--armor", "--export-secret-keys"], capture_output=True, text=True, check=True
    )
    secrets = {"MAVEN_GPG_PRIVATE_KEY": exported.stdout, "MAVEN_GPG_PRIVATE_KEY_PASSPHRASE": "rehearsal"}
    login = {"MAVEN_USERNAME": "rehearsal", "MAVEN_PASSWORD": "rehearsal"}
    publib("maven", dist / "java", {"MAVEN_SERVER_ID": "central-ossrh", **login, **secrets})
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def try_go(version: Version, dist: Path, scratch: Path) -> None:
    """Publish in earnest, into a repository on this machine; twice, since a failed release is run again.

    Raises:
        ValueError: the repository does not have what Go asks for.

    """
    repository = scratch / "go.git"
    git(scratch, "init", "--quiet", "--bare", "--initial-branch", "main", str(repository))
    instead = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{repository}.insteadOf"}
    instead["GIT_CONFIG_VALUE_0"] = f"https://rehearsal@{GO_REPOSITORY}.git"
    author = {"GIT_USER_NAME": "rehearsal", "GIT_USER_EMAIL": "rehearsal@example.com"}
    settings = {"PUBLIB_DRYRUN": "false", "GITHUB_TOKEN": "rehearsal", **author, **instead}
    first_commit(repository, scratch)
    for _ in range(2):
        publib("golang", dist / "go", settings)
    tag = f"mezmoforwarder/{version.tag}"
    if git(repository, "tag").split() != [tag]:
        raise ValueError(f"publib-golang left no tag {tag}: {git(repository, 'tag')}")
    git(repository, "show", f"{tag}:mezmoforwarder/go.mod")


def first_commit(repository: Path, scratch: Path) -> None:
    """Give the repository the commit that a person's README makes (docs/how-to/release.md)."""
    tree = scratch / "first"
    git(scratch, "clone", "--quiet", str(repository), str(tree))
    shutil.copyfile(ROOT / "LICENSE", tree / "LICENSE")
    git(tree, "add", "LICENSE")
    author = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@example.com")
    git(tree, *author, "commit", "--quiet", "--message", "A place for the Go module")
    git(tree, "push", "--quiet", "origin", "HEAD:main")
