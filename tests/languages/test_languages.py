"""The same application in each language: built from what is published, it makes the same template."""

import os
import re
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.languages.building import GO, LANGUAGES, PYTHON, Application, CommandError, Language
from tests.languages.doc_examples import go_package

pytestmark = pytest.mark.slow

Build = Callable[[Language], Application]
others = pytest.mark.parametrize(
    "language", [one for one in LANGUAGES if one is not PYTHON], ids=lambda one: one.name
)
every = pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.name)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Build a language's application, once.

    A program that is missing, or packages that cannot be had, skip the test by name, or fail it in CI.
    """
    directory = tmp_path_factory.mktemp("languages")
    built: dict[str, Application] = {}

    def build(language: Language) -> Application:
        is_ci = os.environ.get("CI") == "true"
        if missing := language.missing():
            refuse = pytest.fail if is_ci else pytest.skip
            refuse(f"{language.name} is not tried: no {' and no '.join(missing)} on this machine")
        if language.name not in built:
            application = Application(language, directory / language.name, directory / "packed")
            try:
                application.build()
            except CommandError as error:
                if is_ci or language is PYTHON or not error.is_of_a_registry():
                    raise
                pytest.skip(f"{language.name} is not tried: its packages cannot be had here: {error}")
            built[language.name] = application
        return built[language.name]

    yield build
    shutil.rmtree(directory, ignore_errors=True)


def test_the_template_says_what_the_application_does(build: Build) -> None:
    resources = build(PYTHON).synthesize()["Resources"].values()

    filters = [one["Properties"] for one in resources if one["Type"] == "AWS::Logs::SubscriptionFilter"]
    assert {one["LogGroupName"]: one["FilterPattern"] for one in filters} == {
        "/aws/lambda/orders": "",
        "/aws/ecs/shop": '?"ERROR" ?"WARN"',
    }
    (settings,) = {
        str(one["Properties"]["Environment"]["Variables"]["MEZMO_FORWARDER_SETTINGS"])
        for one in resources
        if one["Type"] == "AWS::Lambda::Function" and one["Properties"]["Timeout"] == 90
    }
    for said in (
        "https://logs.eu.mezmo.com",
        "prod",
        "team",
        "<mail>",
        r"ORD-\\\\d{8}",
        "health-checks",
        "0.1",
    ):
        assert said in settings


@others
def test_the_template_is_pythons(build: Build, language: Language) -> None:
    # Whole, with the hash of the function's code: what CDK's CLI would add of the language is left to it.
    assert build(language).synthesize() == build(PYTHON).synthesize()


@every
def test_an_error_at_synthesis_reads_well(build: Build, language: Language) -> None:
    application = build(language)

    with pytest.raises(CommandError) as caught:
        application.synthesize({"mezmo-env": " "})
    error = 'mezmoEnv is " "; give a text that is not empty, or leave mezmoEnv out'
    line = language.error.format(re.escape(f"{error} (at MezmoLogs/MezmoLogForwarder)"))
    # Beside it stand the stacks of the language and of jsii: before it in Python, behind it elsewhere.
    assert re.search(line, re.sub(r"\x1b\[[\d;]*m", "", str(caught.value)), flags=re.MULTILINE)


def test_the_examples_of_the_reference_compile_in_go(build: Build) -> None:
    application = build(GO)
    examples = application.directory / "examples"
    examples.mkdir()
    (examples / "examples.go").write_text(go_package(), encoding="utf-8")

    application.run("go build ./examples", application.directory)
