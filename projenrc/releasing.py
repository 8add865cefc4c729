"""`release`: each push to main is released, proposed as a release, or neither (release/plan.py).

What is published is built once, by a job that may only read, and is attested before anything is public.
Jobs that may write or publish build nothing: they take the artefacts, and run what a lock file has the hash
of. projen's own release jobs do otherwise: they tag with the token that they build with, pack again in each
job, take publib's newest version, and write the CHANGELOG from commits.
"""

from collections.abc import Mapping, Sequence

from projen.github import ConcurrencyOptions, GitHub, GithubWorkflow
from projen.github.workflows import (
    Job,
    JobPermission,
    JobPermissions,
    JobStep,
    JobStepOutput,
    PushOptions,
)

from projenrc import steps, testing

RELEASED = "needs.plan.outputs.release != ''"
RELEASE = "${{ needs.plan.outputs.release }}"
SIGNED = JobPermissions(contents=JobPermission.READ, id_token=JobPermission.WRITE)
DIST = {"name": "dist", "path": "dist"}
# As GitHub publishes it, under "GitHub's SSH key fingerprints".
HOST_KEY = "github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

CREATE_RELEASE = """\
# A tag stays once it is there: whoever runs this again goes on behind it.
gh api --silent "repos/$GH_REPO/git/ref/tags/v$VERSION" || gh release create "v$VERSION" \\
  --target "$GITHUB_SHA" --title "v$VERSION" --notes-file dist/notes.md dist/assets/*
"""
PUBLISH_GO = f"""\
umask 077
printf '%s\\n' "$GO_DEPLOY_KEY" > "$RUNNER_TEMP/key"
echo "{HOST_KEY}" > "$RUNNER_TEMP/hosts"
options="-o IdentitiesOnly=yes -o UserKnownHostsFile=$RUNNER_TEMP/hosts"
export GIT_SSH_COMMAND="ssh -i $RUNNER_TEMP/key $options"
node_modules/.bin/publib-golang dist/go
"""


def add(github: GitHub) -> None:
    """Add the workflow."""
    # One at a time: a release is not overtaken by the next.
    workflow = GithubWorkflow(
        github,
        "release",
        limit_concurrency=True,
        concurrency_options=ConcurrencyOptions(group="release", cancel_in_progress=False),
    )
    workflow.on(push=PushOptions(branches=["main"]))
    workflow.add_job("plan", plan())
    workflow.add_job("propose", propose())
    workflow.add_job("test", testing.across_versions(needs=["plan"], if_=RELEASED))
    workflow.add_job("pack", pack())
    workflow.add_job("attest", attest())
    workflow.add_job("github", release_on_github())
    for registry, job in publishers().items():
        workflow.add_job(registry, job)


def plan() -> Job:
    """What is to be done; its other jobs ask it."""
    decide = JobStep(id="plan", run='python -m release plan >> "$GITHUB_OUTPUT"')
    return steps.job(
        [steps.checkout(history=True), steps.python(), decide],
        # Not in forks.
        if_="github.repository == 'mezmo-forwarder/mezmo-forwarder'",
        outputs={name: JobStepOutput(step_id="plan", output_name=name) for name in ("release", "propose")},
    )


def propose() -> Job:
    """Open, or bring up to date, the pull request whose merge is the release. Nothing is installed."""
    return steps.job(
        [
            steps.checkout(history=True),
            steps.python(),
            steps.run(
                'gh auth setup-git\npython -m release propose "$VERSION"\n',
                {"VERSION": "${{ needs.plan.outputs.propose }}", "GH_TOKEN": "${{ github.token }}"},
            ),
        ],
        needs=["plan"],
        if_="needs.plan.outputs.propose != ''",
        permissions=JobPermissions(contents=JobPermission.WRITE, pull_requests=JobPermission.WRITE),
    )


def pack() -> Job:
    """Everything that will be published, for every language, and what is in it. C# is compiled here."""
    return steps.job(
        [
            steps.checkout(),
            steps.python(),
            steps.node(),
            steps.java(),
            steps.go(),
            steps.dotnet(),
            steps.run(
                'python3 tools/dev.py run python -m release pack "$VERSION" dist\n'
                "python3 tools/dev.py run python -m release check dist\n",
                {"VERSION": RELEASE},
            ),
            JobStep(uses=steps.UPLOAD, with_={**DIST, "if-no-files-found": "error"}),
        ],
        needs=["plan", "test"],
        if_=RELEASED,
        minutes=60,
    )


def attest() -> Job:
    """Sign which workflow made the artefacts, of which commit."""
    return steps.job(
        [
            JobStep(uses=steps.DOWNLOAD, with_=DIST),
            JobStep(uses=steps.ATTEST, with_={"subject-checksums": "dist/assets/SHA256SUMS"}),
        ],
        needs=["pack"],
        permissions=JobPermissions(id_token=JobPermission.WRITE, attestations=JobPermission.WRITE),
    )


def release_on_github() -> Job:
    """Tag the commit: from here on this version is this commit. The release holds what is published."""
    environment = {
        "VERSION": RELEASE,
        "GH_TOKEN": "${{ github.token }}",
        "GH_REPO": "${{ github.repository }}",
    }
    return steps.job(
        [JobStep(uses=steps.DOWNLOAD, with_=DIST), steps.run(CREATE_RELEASE, environment)],
        needs=["plan", "attest"],
        permissions=JobPermissions(contents=JobPermission.WRITE),
    )


def publishers() -> dict[str, Job]:
    """A job for each registry, in an environment of its own, which holds its secrets if it needs any."""
    # publib installs its tools with pip: they are there, by the lock, and no index is.
    locked = {"PIP_NO_INDEX": "1"}
    pip = steps.run("python -m pip install --require-hashes --requirement requirements/publish.txt")
    secrets = [
        "MAVEN_USERNAME",
        "MAVEN_PASSWORD",
        "MAVEN_GPG_PRIVATE_KEY",
        "MAVEN_GPG_PRIVATE_KEY_PASSPHRASE",
    ]
    return {
        "pypi": publish(
            "pypi",
            [steps.python(), pip],
            "node_modules/.bin/publib-pypi dist/python",
            {"PYPI_TRUSTED_PUBLISHER": "true", **locked},
        ),
        "npm": publish(
            "npm",
            [],
            "node_modules/.bin/publib-npm dist/js",
            {"NPM_TRUSTED_PUBLISHER": "true", "NPM_CONFIG_PROVENANCE": "true", "NPM_ACCESS_LEVEL": "public"},
        ),
        "nuget": publish(
            "nuget",
            [steps.python(), pip, steps.dotnet()],
            "node_modules/.bin/publib-nuget dist/dotnet",
            {"NUGET_TRUSTED_PUBLISHER": "true", "NUGET_USERNAME": "${{ vars.NUGET_USERNAME }}", **locked},
        ),
        "maven": publish(
            "maven-central",
            [steps.java()],
            "node_modules/.bin/publib-maven dist/java",
            {"MAVEN_SERVER_ID": "central-ossrh", **{name: f"${{{{ secrets.{name} }}}}" for name in secrets}},
            permissions=steps.READ,
        ),
        "go": publish(
            "go",
            [],
            PUBLISH_GO,
            {
                "GO_DEPLOY_KEY": "${{ secrets.GO_DEPLOY_KEY }}",
                "GIT_USE_SSH": "true",
                "GIT_USER_NAME": "mezmo-forwarder release",
                "GIT_USER_EMAIL": "mezmo-forwarder@users.noreply.github.com",
            },
            permissions=steps.READ,
        ),
    }


def publish(
    environment: str,
    tools: Sequence[JobStep],
    command: str,
    settings: Mapping[str, str],
    permissions: JobPermissions = SIGNED,
) -> Job:
    """Publish what was packed by publib, installed as package-lock.json has it, without its scripts."""
    return steps.job(
        [
            steps.checkout(),
            steps.node(),
            *tools,
            steps.run("npm ci --ignore-scripts --no-audit --no-fund"),
            JobStep(uses=steps.DOWNLOAD, with_=DIST),
            steps.run(command, settings),
        ],
        # The tag first, so that no version is ever of two commits.
        needs=["plan", "github"],
        environment=environment,
        permissions=permissions,
        minutes=60,
    )
