"""Settings from where they are: a document, a template, a function's configuration, options."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from aws_cdk import App, CfnParameter, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from handler.settings import LineFormat, OversizeLines, Settings
from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder
from mezmo_forwarder_commands import preview_command
from mezmo_forwarder_commands.errors import CommandError
from mezmo_forwarder_commands.preview.settings_source import filters_of, read
from tests.handler.doubles import settings_json

DOCUMENT = settings_json(app="web", tags=["eu"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def read_json(path: Path, contents: object, **more: Any) -> Settings:
    path.write_text(contents if isinstance(contents, str) else json.dumps(contents))
    return read(path, {}, **more)


def forwarder(stack: Stack, name: str, **properties: Any) -> MezmoLogForwarder:
    secret = Secret.from_secret_name_v2(stack, f"{name}Key", "Key")
    return MezmoLogForwarder(
        stack, name, ingestion_key=IngestionKey.from_secrets_manager(secret), **properties
    )


def resources_of(stack: Stack) -> dict[str, Any]:
    return dict(Template.from_stack(stack).to_json())


def test_the_defaults_are_those_of_the_construct() -> None:
    settings = read(None, {})

    assert (settings.destination.kind, settings.line_format) == ("log-analysis", "standard")
    assert settings.destination.url == "https://logs.mezmo.com/logs/ingest"


@pytest.mark.parametrize(
    "contents",
    [
        DOCUMENT,
        {"MEZMO_FORWARDER_SETTINGS": DOCUMENT},
        {"FunctionName": "f", "Environment": {"Variables": {"MEZMO_FORWARDER_SETTINGS": DOCUMENT}}},
        {"Configuration": {"Environment": {"Variables": {"MEZMO_FORWARDER_SETTINGS": DOCUMENT}}}},
    ],
    ids=["document", "variables", "get-function-configuration", "get-function"],
)
def test_a_settings_document(path: Path, contents: object) -> None:
    settings = read_json(path, contents)

    assert (settings.app, settings.tags) == ("web", ("eu",))


def test_a_synthesized_template(path: Path) -> None:
    stack = Stack(App(), "Stack")
    name = CfnParameter(stack, "Name", type="String")
    forwarder(
        stack, "Forwarder", app='a "quoted" app', mezmo_tags=["eu"], hostname=f"host-{name.value_as_string}"
    )
    settings = read_json(path, resources_of(stack))

    assert (settings.app, settings.tags) == ('a "quoted" app', ("eu",))
    assert settings.hostname == "host-${Name}"
    assert settings.redrive is None


def test_what_cloudformation_joins_and_splits(path: Path) -> None:
    before, after = DOCUMENT.split('"web"')
    app = {"Fn::Join": [" & ", {"Fn::Split": ["/", '"a b/c"']}]}
    value = {"Fn::Join": ["", [before, app, after]]}
    function = {"Properties": {"Environment": {"Variables": {"MEZMO_FORWARDER_SETTINGS": value}}}}

    assert read_json(path, {"Resources": {"Function": function}}).app == "a b & c"


def test_an_address_that_is_known_at_deployment(path: Path) -> None:
    stack = Stack(App(), "Stack")
    url = CfnParameter(stack, "Url", type="String").value_as_string
    forwarder(stack, "Forwarder", destination=MezmoDestination.log_analysis(url=url))

    assert read_json(path, resources_of(stack)).destination.kind == "log-analysis"


def test_one_of_several_forwarders_is_named(path: Path) -> None:
    stack = Stack(App(), "Stack")
    forwarder(stack, "First", app="first")
    forwarder(stack, "Second", app="second")
    found = resources_of(stack)
    names = [name for name in found["Resources"] if name.startswith("SecondFunction")]

    with pytest.raises(CommandError, match=rf"several forwarders; add --function with one of: .*{names[0]}"):
        read_json(path, found)
    with pytest.raises(CommandError, match=rf"--function 'Third' is no forwarder .*; it has: .*{names[0]}"):
        read_json(path, found, function="Third")
    assert read_json(path, found, function=names[0]).app == "second"


def test_settings_of_subscriptions_that_lie_beside_the_code(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = Stack(app, "Stack")
    made = forwarder(stack, "Forwarder")
    for number in range(200):
        made.subscribe(LogGroup.from_log_group_name(stack, f"G{number}", f"/g/{number}"), app=f"app-{number}")
    app.synth()
    template = tmp_path / "Stack.template.json"
    settings = read(template, {})

    assert settings.subscriptions_file
    (name,) = filters_of(template, "/g/7")
    assert settings.subscriptions[name].app == "app-7"
    assert filters_of(template, "/other") == filters_of(template, None) == filters_of(None, "/g/7") == ()
    assert {found.app for found in settings.subscriptions.values()} == {f"app-{n}" for n in range(200)}


def test_options_stand_over_the_file(path: Path) -> None:
    path.write_text(DOCUMENT)
    settings = read(path, {"app": "other"}, ["env=prod", 'meta_fields=["owner"]', "hostname=a=b"])

    assert (settings.app, settings.env, settings.tags) == ("other", "prod", ("eu",))
    assert (settings.meta_fields, settings.hostname) == (("owner",), "a=b")


def test_the_choices_are_the_handlers() -> None:
    assert set(preview_command._LINE_FORMATS) == set(get_args(LineFormat))
    assert set(preview_command._OVERSIZE_LINES) == set(get_args(OversizeLines))


@pytest.mark.parametrize(
    ("contents", "named"),
    [
        ("[", "is not JSON"),
        ("[1]", "holds a list"),
        ({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}, "no function in this template"),
        ({"Environment": {"Variables": {"OTHER": "x"}}}, "is it the forwarder's?"),
        ({"schema": 2}, "schema 2 is not known"),
        ({"schema": 1, "odd": 1}, "unknown field `odd`"),
        ({"MEZMO_FORWARDER_SETTINGS": "{"}, "MEZMO_FORWARDER_SETTINGS is not JSON"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(path: Path, contents: object, named: str) -> None:
    with pytest.raises(CommandError) as caught:
        read_json(path, contents)

    assert named in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_is_wrong_in_an_option_is_named() -> None:
    with pytest.raises(CommandError, match="--set 'app' is no NAME=VALUE"):
        read(None, {}, ["app"])
    with pytest.raises(CommandError, match="unknown field `ap`"):
        read(None, {}, ["ap=x"])
    with pytest.raises(CommandError, match=r"Expected `array`, got `str` - at `\$.tags`"):
        read(None, {}, ["tags=eu"])
    with pytest.raises(CommandError, match="No such file"):
        read(Path("/none"), {})
