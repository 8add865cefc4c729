"""Subscriptions: whose log group, which filter, and what stays the same from one synthesis to the next."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Environment, NestedStack, Stack, Stage
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_secretsmanager import Secret
from hypothesis import given, settings
from hypothesis import strategies as st

from mezmo_forwarder import IngestionKey, MezmoLogForwarder
from tests.constructs.synthesized import SECRET_ARN, only, resources, statements

Make = Callable[..., MezmoLogForwarder]

FILTER = "AWS::Logs::SubscriptionFilter"
HERE = Environment(account="123456789012", region="eu-west-3")


def filters(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the stack's filters, by logical id."""
    return {logical_id: found["Properties"] for logical_id, found in resources(stack, FILTER).items()}


def forwarder_in(stack: Stack) -> MezmoLogForwarder:
    secret = Secret.from_secret_complete_arn(stack, "Secret", SECRET_ARN)
    return MezmoLogForwarder(stack, "Forwarder", ingestion_key=IngestionKey.from_secrets_manager(secret))


def template(app: App, name: str) -> dict[str, Any]:
    found: dict[str, Any] = app.synth().get_stack_by_name(name).template
    return found


def test_log_group_of_this_stack(stack: Stack, make_forwarder: Make) -> None:
    group = logs.LogGroup(stack, "Group")
    made = make_forwarder().subscribe(group)

    assert isinstance(made, logs.SubscriptionFilter)
    subscription = only(stack, FILTER)
    assert subscription["LogGroupName"] == stack.resolve(group.log_group_name)
    assert subscription["FilterPattern"] == ""
    assert subscription["DestinationArn"] == {"Fn::GetAtt": ["MezmoLogForwarderFunctionCC3FBC19", "Arn"]}
    assert len(subscription["FilterName"]) <= 20


def test_filter_waits_for_the_permission(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().subscribe(logs.LogGroup(stack, "Group"))

    (subscription,) = resources(stack, FILTER).values()
    (permission_id,) = resources(stack, "AWS::Lambda::Permission")
    assert subscription["DependsOn"] == [permission_id]


@pytest.mark.parametrize("how", ["by name", "by ARN", "L1"])
def test_log_group_come_by_otherwise(stack: Stack, make_forwarder: Make, how: str) -> None:
    arn = "arn:aws:logs:eu-west-3:123456789012:log-group:/aws/ecs/App:*"
    group: Any
    if how == "by name":
        group = logs.LogGroup.from_log_group_name(stack, "Group", "/aws/ecs/App")
    elif how == "by ARN":
        group = logs.LogGroup.from_log_group_arn(stack, "Group", arn)
    else:
        group = logs.CfnLogGroup(stack, "Group", log_group_name="/aws/ecs/App")
    make_forwarder().subscribe(group)

    expected: Any = {"Ref": "Group"} if how == "L1" else "/aws/ecs/App"
    assert only(stack, FILTER)["LogGroupName"] == expected


def test_filter_pattern_and_name(stack: Stack, make_forwarder: Make) -> None:
    group = logs.LogGroup(stack, "Group")
    make_forwarder().subscribe(
        group, filter_pattern=logs.FilterPattern.any_term("ERROR"), filter_name="errors"
    )

    subscription = only(stack, FILTER)
    assert (subscription["FilterPattern"], subscription["FilterName"]) == ('"ERROR"', "errors")


def test_two_patterns_on_one_group_are_two_filters(stack: Stack, make_forwarder: Make) -> None:
    group = logs.LogGroup(stack, "Group")
    forwarder = make_forwarder()
    forwarder.subscribe(group, filter_pattern=logs.FilterPattern.any_term("ERROR"))
    forwarder.subscribe(group, filter_pattern=logs.FilterPattern.any_term("WARN"))

    assert len({subscription["FilterName"] for subscription in filters(stack).values()}) == 2


@pytest.mark.parametrize("again", ["the same", "under another name", "imported"])
def test_one_group_twice_with_one_pattern_is_refused(stack: Stack, make_forwarder: Make, again: str) -> None:
    group = logs.LogGroup(stack, "Group", log_group_name="/app")
    forwarder = make_forwarder()
    forwarder.subscribe(group)

    with pytest.raises(
        RuntimeError, match='log group "/app" is already subscribed.*lines would arrive twice'
    ):
        forwarder.subscribe(
            logs.LogGroup.from_log_group_name(stack, "Again", "/app") if again == "imported" else group,
            filter_name="other" if again == "under another name" else None,
        )


def test_an_unnamed_group_as_l2_and_as_l1_is_one_group(stack: Stack, make_forwarder: Make) -> None:
    group = logs.LogGroup(stack, "Group")
    resource = group.node.default_child
    assert isinstance(resource, logs.CfnLogGroup)
    forwarder = make_forwarder()
    forwarder.subscribe(group)

    with pytest.raises(RuntimeError, match="already subscribed"):
        forwarder.subscribe(resource)


def test_one_filter_name_twice_on_one_group_is_refused(stack: Stack, make_forwarder: Make) -> None:
    group = logs.LogGroup(stack, "Group", log_group_name="/app")
    forwarder = make_forwarder()
    forwarder.subscribe(group, filter_name="errors")

    with pytest.raises(RuntimeError, match='"/app" already has a subscription with filterName "errors"'):
        forwarder.subscribe(group, filter_name="errors", filter_pattern=logs.FilterPattern.any_term("ERROR"))


@pytest.mark.parametrize("name", ["", "a:b", "a*", "n" * 513])
def test_filter_name_that_cannot_be_is_refused(stack: Stack, make_forwarder: Make, name: str) -> None:
    with pytest.raises(RuntimeError, match="filterName is .*give 1 to 512 characters"):
        make_forwarder().subscribe(logs.LogGroup(stack, "Group"), filter_name=name)


def test_own_log_group_is_refused(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    with pytest.raises(RuntimeError, match="is the forwarder's own.*leave it out"):
        forwarder.subscribe(forwarder.log_group)

    resource = forwarder.log_group.node.default_child
    assert isinstance(resource, logs.CfnLogGroup)
    with pytest.raises(RuntimeError, match="is the forwarder's own"):
        forwarder.subscribe(resource)

    own = logs.LogGroup.from_log_group_name(stack, "Own", "/forwarder")
    second = make_forwarder("Second", log_group=own)
    with pytest.raises(RuntimeError, match='"/forwarder" is the forwarder\'s own'):
        second.subscribe(logs.LogGroup.from_log_group_name(stack, "Again", "/forwarder"))


def test_log_group_of_another_region_or_account_is_refused(
    app: App, stack: Stack, make_forwarder: Make
) -> None:
    forwarder = make_forwarder()
    far = Stack(app, "Far", env=Environment(account="123456789012", region="us-east-1"))

    with pytest.raises(
        RuntimeError, match='"/far" is of region "us-east-1" and the forwarder of "eu-west-3"'
    ):
        forwarder.subscribe(logs.LogGroup(far, "Group", log_group_name="/far"))
    arn = "arn:aws:logs:eu-west-3:999999999999:log-group:/theirs"
    with pytest.raises(RuntimeError, match='"/theirs" is of account "999999999999"'):
        forwarder.subscribe(logs.LogGroup.from_log_group_arn(stack, "Theirs", arn))


def test_subscription_filter_of_cdk_takes_the_forwarder(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    group = logs.LogGroup(stack, "Group")
    logs.SubscriptionFilter(
        stack,
        "Filter",
        log_group=group,
        destination=forwarder,
        filter_pattern=logs.FilterPattern.all_events(),
    )
    group.add_subscription_filter(
        "Another", destination=forwarder, filter_pattern=logs.FilterPattern.any_term("ERROR")
    )

    assert len(filters(stack)) == 2
    assert len(resources(stack, "AWS::Lambda::Permission")) == 1
    (permission_id,) = resources(stack, "AWS::Lambda::Permission")
    assert all(permission_id in found["DependsOn"] for found in resources(stack, FILTER).values())


def test_subscription_filter_of_cdk_on_the_own_log_group_is_refused(
    stack: Stack, make_forwarder: Make
) -> None:
    forwarder = make_forwarder()

    with pytest.raises(RuntimeError, match="forwarder's own"):
        logs.SubscriptionFilter(
            stack,
            "Filter",
            log_group=forwarder.log_group,
            destination=forwarder,
            filter_pattern=logs.FilterPattern.all_events(),
        )


@pytest.mark.parametrize("level", ["L1", "L2"])
@pytest.mark.parametrize("name", ["/app", None])
def test_another_stacks_group_makes_no_export(app: App, stack: Stack, level: str, name: str | None) -> None:
    theirs = Stack(app, "App", env=HERE)
    make = logs.LogGroup if level == "L2" else logs.CfnLogGroup
    forwarder_in(stack).subscribe(make(theirs, "Group", log_group_name=name))

    assembly = app.synth()
    application = assembly.get_stack_by_name("App").template
    exports = [output for output in application.get("Outputs", {}).values() if "Export" in output]
    assert exports == []
    assert "ImportValue" not in str(assembly.get_stack_by_name("Logs").template)
    assert [found.id for found in assembly.get_stack_artifact("Logs").dependencies if found.id == "App"] == [
        "App"
    ]
    log_group_name = only(stack, FILTER)["LogGroupName"]
    assert log_group_name == "/app" if name else "Fn::GetStackOutput" in log_group_name


def test_a_name_made_of_another_stacks_reference_makes_no_export(app: App, stack: Stack) -> None:
    theirs = Stack(app, "App", env=HERE)
    function = lambda_.CfnFunction(
        theirs,
        "Function",
        code=lambda_.CfnFunction.CodeProperty(zip_file="exports.handler = 0"),
        role="arn:aws:iam::123456789012:role/r",
    )
    group = logs.LogGroup.from_log_group_name(stack, "Group", f"/aws/lambda/{function.ref}")
    forwarder_in(stack).subscribe(group)

    assert "Export" not in str(app.synth().get_stack_by_name("App").template)
    assert "Fn::GetStackOutput" in str(only(stack, FILTER)["LogGroupName"])


def test_an_unnamed_group_of_another_stacks_nested_stack_is_refused(app: App, stack: Stack) -> None:
    nested = NestedStack(Stack(app, "App", env=HERE), "Nested")

    with pytest.raises(RuntimeError, match="is in a nested stack.*give the log group a literal logGroupName"):
        forwarder_in(stack).subscribe(logs.LogGroup(nested, "Group"))
    forwarder_in(Stack(app, "Other", env=HERE)).subscribe(
        logs.LogGroup(nested, "Named", log_group_name="/app")
    )


def test_an_unnamed_group_of_a_stack_without_env_is_refused(app: App, stack: Stack) -> None:
    with pytest.raises(RuntimeError, match="without the env that the forwarder's has.*literal logGroupName"):
        forwarder_in(stack).subscribe(logs.LogGroup(Stack(app, "App"), "Group"))


@pytest.mark.parametrize("name", ["", "a b", "a:b", "*", "n" * 513])
def test_log_group_name_that_cannot_be_is_refused(stack: Stack, make_forwarder: Make, name: str) -> None:
    with pytest.raises(RuntimeError, match="log group name .*cannot be"):
        make_forwarder().subscribe(logs.LogGroup.from_log_group_name(stack, "Group", name))


def test_too_long_a_pattern_is_refused(stack: Stack, make_forwarder: Make) -> None:
    pattern = logs.FilterPattern.literal("p" * 1025)

    with pytest.raises(RuntimeError, match="filterPattern .*1025 characters long; CloudWatch takes 1024"):
        make_forwarder().subscribe(logs.LogGroup(stack, "Group"), filter_pattern=pattern)


def test_application_never_depends_on_the_forwarder(app: App, stack: Stack) -> None:
    theirs = Stack(app, "App", env=HERE)
    forwarder_in(stack).subscribe(logs.LogGroup(theirs, "Group", log_group_name="/app"))

    assembly = app.synth()
    alone = App()
    same = Stack(alone, "App", env=HERE)
    logs.LogGroup(same, "Group", log_group_name="/app")
    assert assembly.get_stack_by_name("App").template == template(alone, "App")


def test_group_of_a_nested_stack(stack: Stack) -> None:
    nested = NestedStack(stack, "Nested")
    forwarder_in(stack).subscribe(logs.LogGroup(nested, "Group"))

    (name,) = [subscription["LogGroupName"] for subscription in filters(stack).values()]
    assert "Fn::GetAtt" in name


def test_forwarder_in_a_nested_stack(stack: Stack) -> None:
    nested = NestedStack(stack, "Nested")
    forwarder_in(nested).subscribe(logs.LogGroup(stack, "Group", log_group_name="/app"))

    (name,) = [subscription["LogGroupName"] for subscription in filters(nested).values()]
    assert "Ref" in name


def test_log_access_reaches_another_stacks_group_without_an_export(app: App, stack: Stack) -> None:
    theirs = Stack(app, "App", env=HERE)
    forwarder = forwarder_in(stack)
    forwarder.subscribe(logs.LogGroup(theirs, "Group"))
    forwarder.allow_log_access()

    assert "ImportValue" not in str(statements(stack))
    assert "Fn::GetStackOutput" in str(statements(stack))


def built(order: Iterable[int], others: Iterable[int] = ()) -> dict[str, str]:
    """Subscribe numbered groups in an order; return the group of each logical id and filter name."""
    stack = Stack(App(), "Logs", env=HERE)
    forwarder = forwarder_in(stack)
    groups = {number: logs.LogGroup(stack, f"Group{number}") for number in sorted({*order, *others})}
    for number in order:
        forwarder.subscribe(groups[number])
    return {
        f"{logical_id} {found['FilterName']}": found["LogGroupName"]["Ref"]
        for logical_id, found in filters(stack).items()
    }


@settings(max_examples=5, deadline=None)
@given(order=st.permutations(range(4)), gone=st.integers(0, 3))
def test_ids_and_names_stay_when_calls_are_reordered_or_groups_come_and_go(
    order: list[int], gone: int
) -> None:
    everything = built(range(4))

    assert built(order) == everything
    assert built([number for number in order if number != gone], order).items() <= everything.items()


def test_pattern_of_a_named_filter_changes_in_place() -> None:
    def build(pattern: logs.IFilterPattern) -> dict[str, dict[str, Any]]:
        stack = Stack(App(), "Logs", env=HERE)
        group = logs.LogGroup.from_log_group_name(stack, "Group", "/app")
        forwarder_in(stack).subscribe(group, filter_name="mine", filter_pattern=pattern)
        return filters(stack)

    assert build(logs.FilterPattern.any_term("a")).keys() == build(logs.FilterPattern.any_term("b")).keys()


def test_two_forwarders_on_one_group_have_filters_of_different_names(app: App) -> None:
    stacks = [Stack(app, name, env=HERE) for name in ("One", "Two")]
    for stack in stacks:
        forwarder_in(stack).subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/app"))

    assert len({only(stack, FILTER)["FilterName"] for stack in stacks}) == 2


def test_name_known_only_at_deployment() -> None:
    def build(*, unrelated: bool) -> dict[str, Any]:
        stack = Stack(App(), "Logs", env=HERE)
        if unrelated:
            _ = CfnParameter(stack, "Unrelated").value_as_string
        name = CfnParameter(stack, "Name").value_as_string
        pattern = logs.FilterPattern.literal(CfnParameter(stack, "Pattern").value_as_string)
        group = logs.LogGroup.from_log_group_name(stack, "Group", name)
        forwarder_in(stack).subscribe(group, filter_pattern=pattern)
        return filters(stack)

    (found,) = build(unrelated=False).values()
    assert found["LogGroupName"] == {"Ref": "Name"}
    assert build(unrelated=True) == build(unrelated=False)


def test_group_in_a_stage(app: App) -> None:
    stage = Stage(app, "Prod", env=HERE)
    theirs, ours = Stack(stage, "App"), Stack(stage, "Logs")
    forwarder_in(ours).subscribe(logs.LogGroup(theirs, "Group", log_group_name="/app"))

    assert only(ours, FILTER)["LogGroupName"] == "/app"
