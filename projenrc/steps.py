"""Steps that jobs have in common: other people's actions, and what a job may do."""

from collections.abc import Mapping, Sequence
from typing import Any

from projen.github.workflows import Job, JobPermission, JobPermissions, JobStep, JobStepOutput

# By commit: whoever can move a tag could otherwise run code here.
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8"  # v5.0.0
SETUP_PYTHON = "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c"  # v6.0.0
SETUP_NODE = "actions/setup-node@2028fbc5c25fe9cf00d9f06a71cc4710d4507903"  # v6.0.0
SETUP_JAVA = "actions/setup-java@dded0888837ed1f317902acf8a20df0ad188d165"  # v5.0.0
SETUP_GO = "actions/setup-go@44694675825211faa026b3c33043df3e48a5fa00"  # v6.0.0
SETUP_DOTNET = "actions/setup-dotnet@d4c94342e560b34958eacfc5d055d21461ed1c5d"  # v5.0.0
UPLOAD = "actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4"  # v5.0.0
DOWNLOAD = "actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53"  # v6.0.0
ATTEST = "actions/attest-build-provenance@977bb373ede98d70efdf65b84cb5f73e068dcc2a"  # v3.0.0

READ = JobPermissions(contents=JobPermission.READ)
PYTHON = "3.13"
NODE = "24"


def checkout(*, history: bool = False) -> JobStep:
    """The commit that the workflow runs for; with all that was before it, tags too, if asked for."""
    options: dict[str, Any] = {"persist-credentials": False}
    return JobStep(uses=CHECKOUT, with_=options | ({"fetch-depth": 0} if history else {}))


def python(version: str = PYTHON) -> JobStep:
    """Python."""
    return JobStep(uses=SETUP_PYTHON, with_={"python-version": version})


def node(version: str = NODE) -> JobStep:
    """Node, without the cache that it would otherwise share with pull requests."""
    return JobStep(uses=SETUP_NODE, with_={"node-version": version, "package-manager-cache": False})


def java() -> JobStep:
    """A JDK; Maven is there."""
    return JobStep(uses=SETUP_JAVA, with_={"distribution": "temurin", "java-version": "17"})


def go() -> JobStep:
    """Go, without a cache."""
    return JobStep(uses=SETUP_GO, with_={"go-version": "1.26", "cache": False})


def dotnet() -> JobStep:
    """.NET."""
    return JobStep(uses=SETUP_DOTNET, with_={"dotnet-version": "8.0.x"})


def run(command: str, env: Mapping[str, str] | None = None) -> JobStep:
    """A command of ours."""
    return JobStep(run=command, env=env)


def job(
    steps: Sequence[JobStep],
    *,
    permissions: JobPermissions = READ,
    minutes: int = 10,
    outputs: Mapping[str, JobStepOutput] | None = None,
    **more: Any,  # noqa: ANN401 (whatever else a job has)
) -> Job:
    """A job that has what it is given and nothing more, and ends."""
    return Job(
        runs_on=["ubuntu-latest"],
        permissions=permissions,
        steps=steps,
        timeout_minutes=minutes,
        outputs=outputs,
        **more,
    )
