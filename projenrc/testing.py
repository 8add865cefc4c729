"""`test`: every check and test on every change, on the oldest and the newest that we support."""

from collections.abc import Sequence

from projen.github import GitHub, GithubWorkflow
from projen.github.workflows import Job, JobMatrix, JobStrategy, PullRequestOptions, PushOptions

from projenrc import steps

# aws-cdk-lib's oldest and newest are tried within each, on the wheel (tests/packaging/test_wheel.py).
VERSIONS = [
    {"versions": "oldest", "python": "3.11", "node": "22"},
    {"versions": "usual", "python": "3.13", "node": "24"},
    {"versions": "newest", "python": "3.14", "node": "24"},
]


def add(github: GitHub) -> None:
    """Add the workflow."""
    workflow = GithubWorkflow(github, "test")
    workflow.on(
        push=PushOptions(branches=["main"]),
        # GitHub starts none for a pull request that a workflow opened: it is a draft until a person marks it.
        pull_request=PullRequestOptions(types=["opened", "synchronize", "reopened", "ready_for_review"]),
    )
    workflow.add_job("test", across_versions())


def across_versions(*, needs: Sequence[str] | None = None, if_: str | None = None) -> Job:
    """Everything that CI runs, a run for each of the versions; `release` has the job as well."""
    return steps.job(
        [
            steps.checkout(),
            steps.python("${{ matrix.python }}"),
            steps.node("${{ matrix.node }}"),
            # With them tests/languages has every language: GitHub sets CI, so none may be skipped.
            steps.java(),
            steps.go(),
            steps.run("go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"),
            steps.run("bash .ci/run"),
            steps.run("python3 tools/dev.py run projen compat"),
        ],
        name="test (${{ matrix.versions }})",
        strategy=JobStrategy(matrix=JobMatrix(include=VERSIONS), fail_fast=False),
        needs=needs,
        if_=if_,
        minutes=60,
    )
