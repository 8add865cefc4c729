"""What `subscribe_all` leaves out, or other aspects do not see, and the warnings that say so."""

from typing import Any

import pytest
from aws_cdk import (
    Annotations,
    AspectPriority,
    Aspects,
    CfnCondition,
    Fn,
    NestedStack,
    Stack,
    Stage,
)
from aws_cdk import aws_logs as logs

from mezmo_forwarder import LogGroupMatch
from tests.constructs.scopes import (
    FAR,
    FILTER,
    HERE,
    Visiting,
    forwarder_in,
    inline_function,
    new_app,
    subscribed,
)
from tests.constructs.synthesized import resources, statements, warnings


@pytest.mark.parametrize("stabilized", [False, True])
def test_a_group_made_behind_cdks_back(*, stabilized: bool) -> None:
    """An aspect on a later stack makes a group in an earlier one, which CDK has passed."""
    app = new_app(stabilized=stabilized)
    earlier, later, ours = (Stack(app, name, env=HERE) for name in ("Earlier", "Later", "Logs"))
    forwarder_in(ours).subscribe_all(app)

    def make(_: Any) -> None:
        if not earlier.node.try_find_child("Made"):
            logs.LogGroup(earlier, "Made", log_group_name="/made")

    Aspects.of(later).add(Visiting(make))

    assert subscribed(ours) == (["/made"] if stabilized else [])
    assert ("lateLogGroup" in warnings(ours)) != stabilized


@pytest.mark.parametrize("forwarder_first", [False, True])
@pytest.mark.parametrize("stabilized", [False, True])
def test_other_aspects_see_the_filters(*, stabilized: bool, forwarder_first: bool) -> None:
    app = new_app(stabilized=stabilized)
    ours = Stack(app, "Logs", env=HERE) if forwarder_first else None
    logs.LogGroup(Stack(app, "App", env=HERE), "Group", log_group_name="/app")
    ours = ours or Stack(app, "Logs", env=HERE)
    forwarder_in(ours).subscribe_all(app)
    seen: list[str] = []
    Aspects.of(app).add(Visiting(lambda found: seen.append(found.node.path), logs.CfnSubscriptionFilter))

    assert subscribed(ours) == ["/app"]
    unseen = forwarder_first and not stabilized
    assert len(seen) == (0 if unseen else 1)
    assert ("unseenByAspects" in warnings(ours)) == unseen


def test_the_warning_can_be_acknowledged() -> None:
    app = new_app()
    ours, theirs = Stack(app, "Logs", env=HERE), Stack(app, "App", env=HERE)
    logs.LogGroup(theirs, "Group", log_group_name="/app")
    forwarder_in(ours).subscribe_all(app)
    Aspects.of(app).add(Visiting(lambda _: None), priority=AspectPriority.READONLY)
    # Of the stack: for a late warning aws-cdk-lib 2.258 does not look at those of the construct itself.
    Annotations.of(ours).acknowledge_warning("mezmo-forwarder:unseenByAspects")

    assert warnings(ours) == ""


def test_groups_of_another_region_are_left_out_with_a_warning() -> None:
    app = new_app()
    far, ours = Stack(app, "Far", env=FAR), Stack(app, "Logs", env=HERE)
    for number in range(7):
        logs.LogGroup(far, f"Group{number}", log_group_name=f"/far/{number}")
    logs.LogGroup(ours, "Group")
    logs.LogRetention(
        ours, "Kept", log_group_name="/f", log_group_region="us-east-1", retention=logs.RetentionDays.ONE_DAY
    )
    forwarder_in(ours).subscribe_all(app)

    assert len(subscribed(ours)) == 1
    assert "otherEnvironment" in warnings(ours)
    assert '"Far/Group4/Resource" and 3 more: of another region or account' in warnings(ours)
    assert "make a forwarder there" in warnings(ours)


@pytest.mark.parametrize("log_class", ["INFREQUENT_ACCESS", "DELIVERY"])
def test_classes_without_filters_are_left_out_with_a_warning_and_refused_singly(log_class: str) -> None:
    stack = Stack(new_app(), "Logs", env=HERE)
    group = logs.CfnLogGroup(stack, "Group", log_group_class=log_class)
    logs.CfnLogGroup(stack, "Standard", log_group_class="STANDARD")
    forwarder = forwarder_in(stack)
    forwarder.subscribe_all(stack)

    assert subscribed(stack) == ["${Standard}"]
    assert "logGroupClass" in warnings(stack)
    with pytest.raises(RuntimeError, match=f"is of class {log_class}, which has no subscription filters"):
        forwarder.subscribe(group)


@pytest.mark.parametrize("how", ["reference", "dependency", "third stack"])
def test_groups_of_a_stack_that_depends_on_the_forwarders(how: str) -> None:
    app = new_app()
    ours, theirs, free = (Stack(app, name, env=HERE) for name in ("Logs", "App", "Free"))
    forwarder = forwarder_in(ours)
    logs.LogGroup(theirs, "Group", log_group_name="/app")
    logs.LogGroup(free, "Group", log_group_name="/free")
    forwarder.subscribe_all(app)
    if how == "reference":
        inline_function(theirs, "Function", environment={"FORWARDER": forwarder.function.function_arn})
    elif how == "dependency":
        theirs.add_dependency(ours)
    else:
        between = Stack(app, "Between", env=HERE)
        theirs.add_dependency(between)
        between.add_dependency(ours)

    assert subscribed(ours) == ["/free"]
    assert "dependencyCycle" in warnings(ours)
    assert "put the forwarder into a stack on which no other depends" in warnings(ours)


def test_two_forwarders_in_two_stacks_make_no_circle() -> None:
    app = new_app()
    stacks = [Stack(app, name, env=HERE) for name in ("One", "Two")]
    for stack in stacks:
        logs.LogGroup(stack, "Group", log_group_name=f"/{stack.node.id}")
        forwarder_in(stack).subscribe_all(app)

    app.synth()
    assert sorted(len(subscribed(stack)) for stack in stacks) == [1, 2]


def test_what_only_an_export_could_refer_to_is_left_out_with_a_warning() -> None:
    app = new_app()
    ours, theirs = Stack(app, "Logs", env=HERE), Stack(app, "App", env=HERE)
    nested = NestedStack(theirs, "Nested")
    logs.LogGroup(nested, "Unnamed")
    logs.LogGroup(nested, "Named", log_group_name="/named")
    logs.LogRetention(nested, "Kept", log_group_name="/kept", retention=logs.RetentionDays.ONE_DAY)
    logs.LogGroup(Stack(app, "Anywhere"), "Unnamed")
    forwarder_in(ours).subscribe_all(app)

    assert subscribed(ours) == ["/named"]
    assert "give the log group a literal logGroupName" in warnings(ours)
    assert "Export" not in str(app.synth().get_stack_by_name("App").template)


def test_conditional_groups() -> None:
    app = new_app()
    ours, theirs = Stack(app, "Logs", env=HERE), Stack(app, "App", env=HERE)
    for stack in (ours, theirs):
        condition = CfnCondition(stack, "Wanted", expression=Fn.condition_equals("a", "b"))
        group = logs.CfnLogGroup(stack, "Group", log_group_name=f"/{stack.node.id}")
        group.cfn_options.condition = condition
    forwarder = forwarder_in(ours)
    forwarder.subscribe_all(app)
    forwarder.allow_log_access()

    (found,) = resources(ours, FILTER).values()
    assert (found["Properties"]["LogGroupName"], found["Condition"]) == ({"Ref": "Group"}, "Wanted")
    assert "conditionalLogGroup" in warnings(ours)
    assert {"Fn::If": ["Wanted", {"Ref": "Group"}, "-"]} in everything_in(statements(ours, "logs"))


def everything_in(value: Any) -> list[Any]:
    """Return all that is in a value, however deep."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(found for one in below for found in everything_in(one))]


@pytest.mark.parametrize("within", [False, True])
def test_groups_of_other_stages_are_left_out_with_a_warning(*, within: bool) -> None:
    """A forwarder of one stage, or of none, and the whole app as its scope."""
    app = new_app()
    stage = Stage(app, "Prod", env=HERE)
    other = Stage(app, "Test", env=HERE)
    logs.LogGroup(Stack(other, "App"), "Group", log_group_name="/test")
    ours = Stack(stage if within else app, "Logs", env=HERE)
    logs.LogGroup(ours, "Group")
    forwarder_in(ours).subscribe_all(app)

    assert len(subscribed(ours)) == 1
    assert 'subscribeAll leaves out "Test": in a stage of its own' in warnings(ours)


def test_a_scope_in_another_stage_is_refused() -> None:
    app = new_app()
    stage = Stage(app, "Prod", env=HERE)
    with pytest.raises(
        RuntimeError, match='scope "Prod", which is in another stage.*make a forwarder in there'
    ):
        forwarder_in(Stack(app, "Logs", env=HERE)).subscribe_all(stage)


def test_functions_whose_log_group_lambda_makes() -> None:
    app = new_app()
    stack = Stack(app, "Logs", env=HERE)
    inline_function(stack, "Without")
    inline_function(stack, "Excluded")
    inline_function(stack, "Kept", log_retention=logs.RetentionDays.ONE_DAY)
    inline_function(stack, "Own", log_group=logs.LogGroup(stack, "Group"))
    inline_function(stack, "Named", function_name="named")
    logs.LogGroup(stack, "NamedGroup", log_group_name="/aws/lambda/named")
    forwarder_in(stack).subscribe_all(app, exclude_log_groups=[LogGroupMatch.path("Logs/Excluded")])

    assert len(subscribed(stack)) == 3
    assert 'leaves out "Logs/Without/Resource": made by Lambda for a function' in warnings(stack)
    assert "Excluded" not in warnings(stack)
