"""One policy for a whole account: what it says, what it leaves out, and what cannot be."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from handler.forwarding.overrides import SettingsBySubscription
from handler.settings import Settings, read_redrive_settings, read_settings
from mezmo_forwarder import LogGroupTags, MezmoLogForwarder, VendorCode
from tests.constructs.subscriptions.test_subscription import FILTER, HERE, forwarder_in, template
from tests.constructs.synthesized import (
    actions,
    evaluate,
    only,
    resources,
    statements,
    variables,
    warnings,
)

Make = Callable[..., MezmoLogForwarder]

POLICY = "AWS::Logs::AccountPolicy"


def left_out(stack: Stack) -> list[str]:
    """Return the names that the criteria leave out, the forwarder's own log group as `own`."""
    text = evaluate(only(stack, POLICY)["SelectionCriteria"], {})
    assert text.startswith("LogGroupName NOT IN [")
    names: list[str] = json.loads(text.removeprefix("LogGroupName NOT IN "))
    return sorted("own" if "MezmoLogForwarderLogGroup" in name else name for name in names)


def group(stack: Stack, name: str) -> logs.ILogGroup:
    return logs.LogGroup.from_log_group_name(stack, f"Imported{name}", name)


def test_all_groups_but_the_forwarders_own(stack: Stack, make_forwarder: Make) -> None:
    made = make_forwarder().subscribe_account()

    assert isinstance(made, logs.CfnAccountPolicy)
    policy = only(stack, POLICY)
    assert (policy["PolicyType"], policy["Scope"]) == ("SUBSCRIPTION_FILTER_POLICY", "ALL")
    document = json.loads(evaluate(policy["PolicyDocument"], {}))
    assert document == {
        "DestinationArn": "${MezmoLogForwarderFunctionCC3FBC19.Arn}",
        "FilterPattern": "",
    }
    assert left_out(stack) == ["own"]
    assert 0 < len(policy["PolicyName"]) <= 20


def test_it_waits_for_the_one_permission(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().subscribe_account()

    (policy,) = resources(stack, POLICY).values()
    (permission,) = resources(stack, "AWS::Lambda::Permission")
    assert permission in policy["DependsOn"]


@pytest.mark.parametrize("first", ["the account", "the group"])
def test_what_is_subscribed_singly_is_left_out(stack: Stack, make_forwarder: Make, first: str) -> None:
    forwarder = make_forwarder()
    if first == "the account":
        forwarder.subscribe_account()
    single = group(stack, "/single")
    forwarder.subscribe(single)
    forwarder.subscribe(single, filter_pattern=logs.FilterPattern.any_term("ERROR"))
    unnamed = logs.LogGroup(stack, "Unnamed")
    logs.SubscriptionFilter(
        stack,
        "Filter",
        log_group=unnamed,
        destination=forwarder,
        filter_pattern=logs.FilterPattern.all_events(),
    )
    if first == "the group":
        forwarder.subscribe_account()

    assert left_out(stack) == ["${Unnamed056898D7}", "/single", "own"]
    (policy,) = resources(stack, POLICY).values()
    # So that a group which is subscribed singly from now on is not left out before its filter is there.
    assert {*resources(stack, FILTER)} < {*policy["DependsOn"]}


def test_groups_of_other_stacks_are_left_out_without_an_export(app: App) -> None:
    theirs = Stack(app, "Theirs", env=HERE)
    groups = [logs.LogGroup(theirs, "Named", log_group_name="/theirs"), logs.LogGroup(theirs, "Unnamed")]
    ours = Stack(app, "Ours", env=HERE)
    forwarder = forwarder_in(ours)
    forwarder.subscribe_account(exclude_log_groups=[groups[0]])
    forwarder.subscribe(groups[1])

    assert "/theirs" in str(only(ours, POLICY)["SelectionCriteria"])
    assert "Fn::GetStackOutput" in str(only(ours, POLICY)["SelectionCriteria"])
    assert "Export" not in str(template(app, "Theirs"))
    assert "Fn::ImportValue" not in str(template(app, "Ours"))


def test_a_filter_of_another_stack_on_an_unnamed_group_is_refused(app: App) -> None:
    ours, theirs = Stack(app, "Ours", env=HERE), Stack(app, "Theirs", env=HERE)
    forwarder = forwarder_in(ours)
    forwarder.subscribe_account()
    logs.SubscriptionFilter(
        theirs,
        "Filter",
        log_group=logs.LogGroup(theirs, "Unnamed"),
        destination=forwarder,
        filter_pattern=logs.FilterPattern.all_events(),
    )

    with pytest.raises(RuntimeError, match='"Theirs/Filter".*lines would arrive twice.*literal logGroupName'):
        app.synth()


def test_the_order_of_the_calls_changes_nothing() -> None:
    policies = []
    for names in (["/b", "/a"], ["/a", "/b"]):
        stack = Stack(App(), "Logs", env=HERE)
        forwarder = forwarder_in(stack)
        forwarder.subscribe_account(exclude_log_groups=[group(stack, name) for name in names])
        policies.append(only(stack, POLICY))

    assert policies[0] == policies[1]


def test_pattern_and_name(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().subscribe_account(
        filter_pattern=logs.FilterPattern.literal('{ $.level = "error" }'), policy_name="all-errors"
    )

    policy = only(stack, POLICY)
    assert policy["PolicyName"] == "all-errors"
    assert json.loads(evaluate(policy["PolicyDocument"], {}))["FilterPattern"] == '{ $.level = "error" }'


def test_a_pattern_known_only_at_deployment(stack: Stack, make_forwarder: Make) -> None:
    pattern = CfnParameter(stack, "Pattern").value_as_string
    make_forwarder().subscribe_account(filter_pattern=logs.FilterPattern.literal(pattern))

    document = evaluate(only(stack, POLICY)["PolicyDocument"], {"Pattern": '"exit 1"'})
    assert json.loads(document)["FilterPattern"] == '"exit 1"'


def settings_of(stack: Stack, name: str) -> Settings:
    return SettingsBySubscription(read_settings(variables(stack))).of([name])


def test_what_its_lines_have_for_themselves(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder(app="all")
    forwarder.subscribe_account(app="account", exclude_log_group_prefixes=["/aws/codebuild/", "/tmp"])

    own = settings_of(stack, only(stack, POLICY)["PolicyName"])
    assert (own.app, own.exclude_log_group_prefixes) == ("account", ("/aws/codebuild/", "/tmp"))
    assert settings_of(stack, "another").exclude_log_group_prefixes == ()
    redriven = read_redrive_settings(variables(stack, redrive=True))
    assert isinstance(redriven, Settings)
    assert redriven.subscriptions == read_settings(variables(stack)).subscriptions


@pytest.mark.parametrize("prefix", ["", "a b", "n" * 513, "*"])
def test_prefix_that_cannot_be_is_refused(make_forwarder: Make, prefix: str) -> None:
    with pytest.raises(RuntimeError, match="excludeLogGroupPrefixes holds .*no log group's name begins"):
        make_forwarder().subscribe_account(exclude_log_group_prefixes=[prefix])


@pytest.mark.parametrize("name", ["", "a:b", "aws/logs", "n" * 257])
def test_policy_name_that_cannot_be_is_refused(make_forwarder: Make, name: str) -> None:
    with pytest.raises(RuntimeError, match="policyName is .*give 1 to 256 characters"):
        make_forwarder().subscribe_account(policy_name=name)


def test_pattern_that_is_too_long_is_refused(make_forwarder: Make) -> None:
    with pytest.raises(RuntimeError, match="filterPattern for the account is 1025 characters long"):
        make_forwarder().subscribe_account(filter_pattern=logs.FilterPattern.literal("x" * 1025))


def test_one_name_for_the_policy_and_a_filter_is_refused(
    app: App, stack: Stack, make_forwarder: Make
) -> None:
    forwarder = make_forwarder()
    forwarder.subscribe_account(policy_name="same", app="account")
    forwarder.subscribe(group(stack, "/single"), filter_name="same")
    with pytest.raises(RuntimeError, match='policyName "same" is also the filterName of Logs/'):
        app.synth()


LARGEST = 25 * 1024


def excluded(stack: Stack, size: int) -> list[logs.ILogGroup]:
    """Return log groups that fill criteria of that many bytes, with the forwarder's own counted as 512."""
    left = size - len('LogGroupName NOT IN [""]') - 512
    names: list[str] = []
    while left > 0:
        length = min(left - 4, 400)
        if 0 < left - 4 - length < 5:
            length -= 5
        names.append(f"{len(names):03d}".ljust(length, "n"))
        left -= length + 4
    return [group(stack, name) for name in names]


@pytest.mark.parametrize("more", [0, 1])
def test_criteria_are_counted_in_bytes(app: App, stack: Stack, make_forwarder: Make, more: int) -> None:
    make_forwarder().subscribe_account(exclude_log_groups=excluded(stack, LARGEST + more))
    if not more:
        app.synth()
        own = only(stack, POLICY)["SelectionCriteria"]["Fn::Join"][1][1]["Ref"]
        longest = {own: "n" * 512}
        assert len(evaluate(only(stack, POLICY)["SelectionCriteria"], longest)) == LARGEST
        return
    message = rf"{LARGEST + 1} bytes of selection criteria; CloudWatch takes {LARGEST}"
    with pytest.raises(RuntimeError, match=message):
        app.synth()


def test_criteria_of_names_known_only_at_deployment(app: App, stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.subscribe_account()
    for number in range(60):
        forwarder.subscribe(logs.LogGroup(stack, f"Group{number}"))

    with pytest.raises(RuntimeError, match="61 of them are known only at deployment and count 512"):
        app.synth()


def test_a_second_policy_in_an_account_and_region_is_refused(app: App, make_forwarder: Make) -> None:
    make_forwarder().subscribe_account()
    second = forwarder_in(Stack(app, "Second", env=HERE))
    with pytest.raises(
        RuntimeError, match="already, that of Logs/MezmoLogForwarder, and CloudWatch takes one"
    ):
        second.subscribe_account()

    elsewhere = Environment(account="123456789012", region="eu-west-1")
    forwarder_in(Stack(app, "Third", env=elsewhere)).subscribe_account()


@pytest.mark.parametrize("env", [HERE, None])
def test_a_second_call_is_refused(app: App, env: Environment | None) -> None:
    forwarder = forwarder_in(Stack(app, "Logs", env=env))
    forwarder.subscribe_account()
    with pytest.raises(RuntimeError, match="already, that of Logs/Forwarder, and CloudWatch takes one"):
        forwarder.subscribe_account()


def test_two_policies_of_stacks_without_env_get_a_warning(app: App) -> None:
    stacks = [Stack(app, "One"), Stack(app, "Two")]
    for one in stacks:
        forwarder_in(one).subscribe_account()

    assert "mezmo-forwarder:accountPolicies" not in warnings(stacks[0])
    assert "mezmo-forwarder:accountPolicies" in warnings(stacks[1])


def test_vendors_code_takes_the_account_but_not_what_it_does_not_know(
    stack: Stack, make_forwarder: Make
) -> None:
    code = VendorCode.mezmo_cloudwatch(lambda_.Code.from_inline("code"))
    forwarder = make_forwarder(code=code)
    with pytest.raises(RuntimeError, match="Prefixes is given to subscribeAccount with vendor"):
        forwarder.subscribe_account(exclude_log_group_prefixes=["/tmp"])
    forwarder.subscribe_account()

    assert left_out(stack) == ["own"]


def test_an_own_log_group_of_another_name_is_left_out(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(log_group=group(stack, "/brought")).subscribe_account()

    assert left_out(stack) == ["/brought"]
    for redrive in (False, True):
        function: Any = only(stack, "AWS::Lambda::Function", redrive=redrive)
        assert function["LoggingConfig"]["LogGroup"] == "/brought"


def test_tags_and_log_access_are_of_every_log_group(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder(log_group_tags=[LogGroupTags.as_tags("team")])
    forwarder.subscribe(group(stack, "/single"))
    forwarder.subscribe_account(app="{tag_team}")
    forwarder.allow_log_access()

    every = "arn:aws:logs:eu-west-3:123456789012:log-group:*"
    resources_of = {}
    for statement in statements(stack, "logs"):
        arns = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        resources_of[actions(statement)[0]] = [evaluate(arn, {"AWS::Partition": "aws"}) for arn in arns]
    assert resources_of["logs:ListTagsForResource"] == [every]
    assert resources_of["logs:Describe*"] == [every, f"{every}:*"]


def test_templates_over_tags_that_are_not_read_are_refused(make_forwarder: Make) -> None:
    with pytest.raises(RuntimeError, match="tag_team.*no tag that logGroupTags names"):
        make_forwarder().subscribe_account(app="{tag_team}")


def test_the_log_group_of_a_forwarder_that_forwards_this_ones_is_to_be_named(
    app: App, make_forwarder: Make
) -> None:
    whole, other = make_forwarder("Whole"), make_forwarder("Other")
    other.subscribe(whole.log_group)
    whole.subscribe_account()
    with pytest.raises(RuntimeError, match="which forwards this one's own.*name it in excludeLogGroups"):
        app.synth()


def test_once_it_is_named_nothing_comes_back(stack: Stack, make_forwarder: Make) -> None:
    whole, other = make_forwarder("Whole"), make_forwarder("Other")
    other.subscribe(whole.log_group)
    whole.subscribe_account(exclude_log_groups=[other.log_group])
    assert len([name for name in left_out(stack) if "OtherLogGroup" in name]) == 1


def test_what_subscribe_all_finds_is_left_out(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.subscribe_account()
    forwarder.subscribe_all(stack)
    logs.LogGroup(stack, "Late", log_group_name="/late")
    late, own = left_out(stack)
    assert (late.startswith("${Late"), own) == (True, "own")
