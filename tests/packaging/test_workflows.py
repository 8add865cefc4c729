"""What GitHub runs for us: no workflow that a stranger can turn."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / ".github/workflows").glob("*.yml"))
JOBS: dict[str, dict[str, Any]] = {
    f"{path.stem}: {name}": job
    for path in WORKFLOWS
    for name, job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].items()
}
every_job = pytest.mark.parametrize("name", JOBS)
# Whoever gets into one of these has the repository, or a registry.
trusted = pytest.mark.parametrize(
    "name",
    [name for name, job in JOBS.items() if "environment" in job or "write" in job["permissions"].values()],
)


def commands(name: str) -> list[str]:
    return [line for step in JOBS[name]["steps"] for line in step.get("run", "").splitlines()]


def test_each_action_is_pinned_by_commit() -> None:
    used = [step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step]

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


@every_job
def test_a_job_says_what_it_may_do_and_ends(name: str) -> None:
    assert JOBS[name]["permissions"]
    assert JOBS[name]["timeout-minutes"] <= 60


@trusted
def test_a_trusted_job_runs_nothing_of_others_but_what_a_lock_holds(name: str) -> None:
    installing = [line for line in commands(name) if re.search(r"(?<![\w-])(pip|npm|npx|dev\.py|go) ", line)]

    assert [
        line for line in installing if not re.search(r"npm ci --ignore-scripts|--require-hashes", line)
    ] == []


@trusted
def test_a_trusted_job_needs_the_plan(name: str) -> None:
    needed, waiting = set(), [name]
    while waiting:
        needs = JOBS[waiting.pop()].get("needs", [])
        waiting += [f"release: {one}" for one in ([needs] if isinstance(needs, str) else needs)]
        needed |= set(waiting)

    assert "release: plan" in needed
    assert name == "release: propose" or {"release: test", "release: pack"} <= needed


def test_secrets_are_environments_alone() -> None:
    having = [name for name, job in JOBS.items() if "secrets." in str(job)]

    assert having == ["release: maven", "release: go"]
    assert all("environment" in JOBS[name] for name in having)


def test_actionlint_finds_nothing() -> None:
    """CI installs it as `projenrc/testing.py` says; zizmor is in `check`."""
    program = shutil.which("actionlint")
    if program is None:
        # The workflow that runs there installs it.
        (pytest.fail if os.environ.get("GITHUB_ACTIONS") == "true" else pytest.skip)("no actionlint on PATH")
    found = subprocess.run([program, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False)

    assert found.stdout == ""
