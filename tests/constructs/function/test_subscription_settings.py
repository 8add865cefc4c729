"""What a subscription has for itself: where it stands, and what of it cannot be."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Aspects, CfnParameter, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_secretsmanager import Secret

from handler.forwarding.overrides import SettingsBySubscription
from handler.settings import VARIABLE, Settings, read_redrive_settings, read_settings
from mezmo_forwarder import (
    LineFilter,
    MetaField,
    MezmoLogForwarder,
    Multiline,
    OversizeLines,
    Redaction,
    RedactionKeep,
    Sampling,
    VendorCode,
)
from tests.constructs.scopes import Visiting
from tests.constructs.subscriptions.test_subscription import FILTER, HERE, forwarder_in
from tests.constructs.synthesized import only, resources, variables, warnings

Make = Callable[..., MezmoLogForwarder]


def group(stack: Stack, name: str) -> logs.ILogGroup:
    return logs.LogGroup.from_log_group_name(stack, name, f"/{name}")


def settings_of(stack: Stack, filter_name: str) -> Settings:
    """Return the settings by which the handler makes lines of a filter's events."""
    return SettingsBySubscription(read_settings(variables(stack))).of([filter_name])


def test_everything_a_subscription_may_have_for_itself(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder(hostname="all", app="all", mezmo_env="all", mezmo_tags=["all"])
    forwarder.subscribe(
        group(stack, "shop"),
        hostname="shop",
        app="web",
        mezmo_env="test",
        mezmo_tags=["blue", "green"],
        meta_fields=[MetaField.STREAM],
        meta={"team": "shop"},
        oversize_lines=OversizeLines.WHOLE,
    )

    own = settings_of(stack, only(stack, FILTER)["FilterName"])
    assert (own.hostname, own.app, own.env, own.tags) == ("shop", "web", "test", ("blue", "green"))
    assert (own.meta_fields, own.meta, own.oversize_lines) == (("stream",), {"team": "shop"}, "whole")
    others = settings_of(stack, "another")
    assert (others.hostname, others.app, others.env, others.tags) == ("all", "all", "all", ("all",))
    redriven = read_redrive_settings(variables(stack, redrive=True))
    assert isinstance(redriven, Settings)
    assert redriven.subscriptions == read_settings(variables(stack)).subscriptions


def test_an_override_changes_no_filter(app: App) -> None:
    stacks = [Stack(app, "Logs", env=HERE), Stack(App(), "Logs", env=HERE)]
    forwarder_in(stacks[0]).subscribe(group(stacks[0], "shop"))
    forwarder_in(stacks[1]).subscribe(group(stacks[1], "shop"), app="web")

    assert resources(stacks[0], FILTER) == resources(stacks[1], FILTER)


def test_a_value_known_only_at_deployment(stack: Stack, make_forwarder: Make) -> None:
    app = CfnParameter(stack, "App").value_as_string
    make_forwarder().subscribe(group(stack, "shop"), app=app, filter_name="shop")

    read = read_settings(variables(stack, {"App": 'we"b'}))
    assert SettingsBySubscription(read).of(["shop"]).app == 'we"b'


def many(app: App, count: int, *, tokens: Sequence[int] = ()) -> Stack:
    """Return a stack of as many subscriptions, each with an app and tags of its own."""
    stack = Stack(app, "Many", env=HERE)
    forwarder = forwarder_in(stack)
    for number in range(count):
        own = CfnParameter(stack, f"App{number}").value_as_string if number in tokens else f"app-{number}"
        forwarder.subscribe(
            group(stack, f"group-{number}"), app=own, mezmo_tags=["tag", f"{number}"], meta={"n": f"{number}"}
        )
    return stack


@pytest.mark.parametrize("count", [60, 300])
def test_many_move_to_a_file_beside_the_code(tmp_path: Path, count: int) -> None:
    app = App(outdir=str(tmp_path / "cdk.out"), analytics_reporting=False)
    stack = many(app, count, tokens=[7])
    assembly = Path(app.synth().directory)

    template = json.loads((assembly / "Many.template.json").read_text())["Resources"]
    functions = [one for one in template.values() if one["Type"] == "AWS::Lambda::Function"]
    roots = {asset_of(assembly, function) for function in functions}
    assert len(functions) == 2
    assert len(roots) == 1, "the re-drive runs the same code"
    found = variables(stack, {"App7": "late"})
    assert len(json.loads(found[VARIABLE])["subscriptions"]) == 1, "what is known only at deployment stays"
    read = read_settings(found | {"LAMBDA_TASK_ROOT": str(*roots)})
    assert len(read.subscriptions) == count
    by_filter = SettingsBySubscription(read)
    for subscription in template.values():
        if subscription["Type"] == FILTER:
            number = subscription["Properties"]["LogGroupName"].rpartition("-")[2]
            own = by_filter.of([subscription["Properties"]["FilterName"]])
            assert own.app == ("late" if number == "7" else f"app-{number}")
            assert (own.tags, own.meta) == (("tag", number), {"n": number})


@pytest.mark.parametrize("stabilized", [False, True])
@pytest.mark.parametrize("forwarder_first", [False, True])
def test_all_log_groups_of_a_scope_are_in_the_file_when_they_come_late(
    tmp_path: Path, *, stabilized: bool, forwarder_first: bool
) -> None:
    flags = {"@aws-cdk/core:aspectStabilization": stabilized}
    app = App(outdir=str(tmp_path / "cdk.out"), analytics_reporting=False, context=flags)
    ours = Stack(app, "Logs", env=HERE) if forwarder_first else None
    theirs = Stack(app, "App", env=HERE)
    ours = ours or Stack(app, "Logs", env=HERE)
    forwarder_in(ours).subscribe_all(app, app="all")
    for number in range(60):
        logs.LogGroup(theirs, f"Group{number}", log_group_name=f"/app/{number}")

    def make(stack: Stack) -> None:
        if not stack.node.try_find_child("Late"):
            logs.LogGroup(stack, "Late", log_group_name="/late")

    Aspects.of(theirs).add(Visiting(make, Stack))
    assembly = Path(app.synth().directory)

    template = json.loads((assembly / "Logs.template.json").read_text())["Resources"]
    names = [found["Properties"]["FilterName"] for found in template.values() if found["Type"] == FILTER]
    roots = {
        asset_of(assembly, found) for found in template.values() if found["Type"] == "AWS::Lambda::Function"
    }
    assert len(names) == 61
    read = read_settings(variables(ours) | {"LAMBDA_TASK_ROOT": str(*roots)})
    assert {SettingsBySubscription(read).of([name]).app for name in names} == {"all"}
    assert sorted(read.subscriptions) == sorted(names)


def asset_of(assembly: Path, function: dict[str, Any]) -> Path:
    """Return the folder that is a function's code."""
    (folder,) = assembly.glob(f"asset.{function['Properties']['Code']['S3Key'].partition('.')[0]}")
    return folder


def test_few_leave_the_code_as_it_is(app: App) -> None:
    few, none = many(app, 5), many(App(), 0)

    code = [only(stack, "AWS::Lambda::Function")["Code"] for stack in (few, none)]
    assert code[0]["S3Key"] == code[1]["S3Key"]


def test_more_than_fits_of_what_is_known_only_at_deployment_is_refused(app: App) -> None:
    many(app, 90, tokens=range(90))

    with pytest.raises(RuntimeError, match=r"environment has \d+ bytes .*give literal values to subscribe"):
        app.synth()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"app": ""}, 'app is ""; give a text that is not empty'),
        ({"hostname": "x" * 257}, "257 characters long; give at most 256"),
        ({"mezmo_tags": ["a,b"]}, 'mezmoTags holds "a,b", which has a comma'),
        ({"mezmo_env": "x" * 81}, "give at most 80"),
        ({"app": "{pod}"}, 'app is "{pod}", and {pod} is never recognized; use one of account, '),
        ({"mezmo_tags": ["a", "{task_id}"]}, "{task_id} is never recognized"),
        ({"meta": {"a.b": "x"}}, 'meta holds "a.b", which is no name that Mezmo searches'),
        ({"meta": {"owner": "x"}}, 'meta holds "owner", which is a field of the forwarder'),
        ({"meta": {"team": ""}}, 'meta\'s team is ""; give a text that is not empty'),
        ({"meta": {"team": "{nonsense}"}}, 'meta\'s team is "{nonsense}"'),
    ],
)
def test_what_cannot_be_is_refused(
    stack: Stack, make_forwarder: Make, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError) as error:
        make_forwarder().subscribe(group(stack, "shop"), **options)
    assert message in str(error.value)


def test_a_dotted_hostname_of_a_subscription_is_warned_of(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().subscribe(group(stack, "shop"), hostname="shop.example.com")

    assert "mezmo-forwarder:dottedHostname" in warnings(stack)


def test_a_filter_name_known_only_at_deployment_has_no_settings_of_its_own(
    stack: Stack, make_forwarder: Make
) -> None:
    name = CfnParameter(stack, "Name").value_as_string
    with pytest.raises(RuntimeError, match="filterName is known only at deployment, and app"):
        make_forwarder().subscribe(group(stack, "shop"), filter_name=name, app="web")


@pytest.mark.parametrize("own", [0, 1])
def test_two_groups_cannot_share_a_filter_name_that_has_settings(
    stack: Stack, make_forwarder: Make, own: int
) -> None:
    forwarder = make_forwarder()
    options: list[dict[str, Any]] = [{}, {}]
    options[own] = {"app": "web"}
    forwarder.subscribe(group(stack, "one"), filter_name="same", **options[0])
    with pytest.raises(RuntimeError, match='filterName "same" is given for two log groups'):
        forwarder.subscribe(group(stack, "two"), filter_name="same", **options[1])


def test_vendor_code_knows_no_subscription(stack: Stack, make_forwarder: Make) -> None:
    code = lambda_.Code.from_inline("exports.handler = async () => {}")
    forwarder = make_forwarder(code=VendorCode.mezmo_cloudwatch(code))
    with pytest.raises(RuntimeError, match="app is given to subscribe with vendor code"):
        forwarder.subscribe(group(stack, "shop"), app="web")


def test_what_lines_a_subscription_has_may_be_its_own(stack: Stack, make_forwarder: Make) -> None:
    key = Secret(stack, "HashKey")
    forwarder = make_forwarder(redact=[Redaction.email()], redact_hash_key=key)
    forwarder.subscribe(
        group(stack, "shop"),
        filter_name="shop",
        redact=[Redaction.credit_card(keep=RedactionKeep.HASH)],
        multiline=Multiline.java(),
        include=[LineFilter.pattern("a")],
        exclude=[LineFilter.health_checks()],
        sampling=[Sampling.share(0.5)],
    )

    settings = read_settings(variables(stack))
    own = SettingsBySubscription(settings).of(["shop"])
    assert own.redact
    assert own.redact.rules[0].rule == "credit-card"
    assert own.redact.key_variable in variables(stack)
    assert own.multiline
    assert (own.multiline.kind, len(own.include), len(own.exclude), len(own.sampling)) == ("java", 1, 1, 1)
    assert settings.redact
    assert (settings.redact.rules[0].rule, settings.multiline, settings.include) == ("email", None, ())


def test_a_hash_of_a_subscription_needs_a_key_as_well(stack: Stack, make_forwarder: Make) -> None:
    with pytest.raises(RuntimeError, match="redactHashKey is not given, and redact keeps a hash"):
        make_forwarder().subscribe(group(stack, "shop"), redact=[Redaction.email(keep=RedactionKeep.HASH)])
