"""The project, defined in Python; `projen` writes package.json, the tasks and the workflows from it."""

from projen.awscdk import AwsCdkConstructLibrary
from projen.cdk import Catalog, JsiiDotNetTarget, JsiiGoTarget, JsiiJavaTarget, JsiiPythonTarget
from projen.github import GitHubOptions
from projen.javascript import NodePackageManager
from projen.python import Projenrc

from projenrc import releasing, testing

REPOSITORY = "https://github.com/mezmo-forwarder/mezmo-forwarder"

PULL_REQUEST = [
    "<!-- The title is a conventional commit: feat: ..., fix: ..., docs: ..., test: ... -->",
    "",
    "What a user notices, and why (an issue's number, if there is one):",
    "",
    "- [ ] a test that failed before, or would",
    '- [ ] `python3 tools/dev.py test` is green, or its `-m "not slow"` where nothing deploys',
    "- [ ] README's tables, `docs/` and CHANGELOG say it, where a user would look for it",
    "- [ ] no logical id, filter name or warning's id is another than before",
    "- [ ] no key, account or log line of anybody's is in it",
]

project = AwsCdkConstructLibrary(
    name="mezmo-forwarder",
    description="AWS CDK construct library that forwards CloudWatch logs to Mezmo (formerly LogDNA)",
    author="The mezmo-forwarder authors",
    author_address="mezmo-forwarder@users.noreply.github.com",
    author_organization=True,
    repository_url=f"{REPOSITORY}.git",
    homepage=REPOSITORY,
    bugs_url=f"{REPOSITORY}/issues",
    license="Apache-2.0",
    copyright_owner="The mezmo-forwarder authors",
    # "awscdk" is what Construct Hub looks for at npm.
    keywords=["aws", "awscdk", "cdk", "cloudwatch", "logs", "logging", "mezmo", "logdna", "lambda"],
    catalog=Catalog(announce=True),
    default_release_branch="main",
    major_version=0,
    srcdir="src/mezmo_forwarder",
    libdir="lib",
    testdir="tests",
    # The floor: the first with weak cross-stack references, without which a subscription makes an export.
    cdk_version="2.258.0",
    constructs_version="10.5.0",
    jsii_version="~6.0.16",
    typescript_version="~6.0.0",
    min_node_version="22.0.0",
    package_manager=NodePackageManager.NPM,
    dev_deps=[
        "aws-cdk@2.1148.1",
        "jsii-pacmak@~1.140.0",
        "jsii-docgen@~10.12.6",
        "jsii-rosetta@~6.0.17",
        "publib@0.2.1061",
    ],
    publish_to_pypi=JsiiPythonTarget(dist_name="mezmo-forwarder", module="mezmo_forwarder"),
    publish_to_maven=JsiiJavaTarget(
        java_package="io.github.mezmoforwarder",
        maven_group_id="io.github.mezmo-forwarder",
        maven_artifact_id="mezmo-forwarder",
    ),
    publish_to_nuget=JsiiDotNetTarget(dot_net_namespace="MezmoForwarder", package_id="MezmoForwarder"),
    publish_to_go=JsiiGoTarget(module_name="github.com/mezmo-forwarder/mezmo-forwarder-go"),
    # Python does what these would do: pytest tests, ruff and mypy check, .projenrc.py defines.
    jest=False,
    eslint=False,
    sample_code=False,
    projenrc_js=False,
    disable_tsconfig_dev=True,
    npmignore_enabled=False,
    docgen=False,
    deps_upgrade=False,
    pull_request_template_contents=PULL_REQUEST,
    # Its workflow runs on pull_request_target, with a token that may write.
    github_options=GitHubOptions(pull_request_lint=False),
    # The workflows are ours (projenrc/): .ci/run is what they test by, and what they publish is built once.
    build_workflow=False,
    release=False,
    gitignore=[
        "/.dev/",
        "/build/",
        "/lib/",
        "/dist/",
        "/tsconfig.json",
        ".jsii",
        "cdk.out/",
        "__pycache__/",
        ".coverage",
        ".hypothesis/",
        ".mypy_cache/",
        ".pytest_cache/",
        ".ruff_cache/",
        "*.tabl.json",
        "*.whl",
    ],
)
Projenrc(project, filename=".projenrc.py")

# What the package holds, named: without the list it would take up what the last build left.
project.package.add_field(
    "files", ["lib", ".jsii", "API.md", "CHANGELOG.md", "LICENSE", "README.md", "THIRD_PARTY.md"]
)

# What PyPI sorts packages by, beside what jsii says of every one.
manifest = project.try_find_object_file("package.json")
assert manifest, "the package has a manifest"
manifest.add_override(
    "jsii.targets.python.classifiers",
    [
        "Framework :: AWS CDK",
        "Framework :: AWS CDK :: 2",
        "License :: OSI Approved :: Apache Software License",
        "Topic :: System :: Logging",
        "Topic :: System :: Monitoring",
    ],
)

# Examples in the documents import the package by its name.
project.package.add_field(
    "exports", {".": "./lib/index.js", "./.jsii": "./.jsii", "./package.json": "./package.json"}
)

# What the last build left of files that have moved would be packed with the rest.
project.pre_compile_task.exec(
    "mkdir -p lib && find lib -mindepth 1 -maxdepth 1 ! -name handler -exec rm -rf {} +", name="clean"
)

# The function's asset is put together after compilation, when the package is built: never at synthesis.
project.post_compile_task.exec("python tools/handler_asset.py", name="handler asset")

# Before any package is: each shows the examples in its own language.
project.post_compile_task.exec("python tools/doc_examples.py", name="examples")

bindings = project.add_task("bindings:python", description="Generate the Python package, without building it")
bindings.exec("jsii-pacmak --code-only --target python --outdir build/bindings --force")
bindings.exec("python tools/wheel_commands.py", name="commands")

library = project.add_task(
    "library", description="The whole library as Python source: compiled, with its asset"
)
library.spawn(project.pre_compile_task)
library.spawn(project.compile_task)
library.spawn(project.post_compile_task)
library.spawn(bindings)

# The release's wheel holds the commands as well: it is the one that `pip install .` builds.
package = project.tasks.try_find("package:python")
assert package, "the package is published to PyPI"
package.reset("python -m pip wheel --quiet --no-deps --wheel-dir dist/python .")

# What is published is the source; compiled it is in tests/languages, as an application.
package_go = project.tasks.try_find("package:go")
assert package_go, "the package is published for Go"
package_go.reset("jsii-pacmak --code-only --target go")

compat = project.tasks.try_find("compat")
assert compat, "the API is held to the last release's"
compat.reset("python tools/compatibility.py")

docs = project.add_task("docs", description="Write API.md and docs/api from the compiled library")
docs.exec("python tools/doc_examples.py", name="examples")
docs.exec("python tools/api_reference.py", name="reference")
for reference in ("/API.md", "/docs/api/[a-z]*.md"):
    project.annotate_generated(reference)  # folded in a diff

pictures = project.add_task("pictures", description="Draw the documents' pictures, into docs/images")
pictures.exec("python -m docs.images")

documents = project.add_task(
    "documents", description="Write what docs/ has from code: services, metrics and alarms, errors, pictures"
)
documents.exec("python -m tests.handler.recognition")
documents.exec("python -m tests.watching.document")
documents.exec("python -m tests.documents.errors")
documents.spawn(pictures)

standalone = project.add_task(
    "standalone", description="Templates and zip for those without CDK, into dist/standalone"
)
standalone.exec("python -m standalone")

rehearsal = project.add_task(
    "release:dry-run", description="A release of this commit without registries: packed, checked, installed"
)
rehearsal.exec("python -m release rehearse", receive_args=True)

check = project.add_task("check", description="Every check that is not a test")
check.exec("ruff check .")
check.exec("ruff format --check .")
check.exec("mypy")
check.exec("zizmor --offline --quiet .github/workflows")
check.exec("python tools/check_generated.py")

project.test_task.exec("pytest", receive_args=True)

assert project.github, "the project is on GitHub"
testing.add(project.github)
releasing.add(project.github)

project.synth()
