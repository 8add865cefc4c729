"""`subscribe_all`: every log group of a scope, whoever makes it and whenever."""

import json
from typing import Any

import pytest
from aws_cdk import (
    Aspects,
    CfnParameter,
    CfnResource,
    NestedStack,
    Stack,
    Stage,
    Tags,
)
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from mezmo_forwarder import LogGroupMatch
from tests.constructs.scopes import (
    FILTER,
    HERE,
    Visiting,
    forwarder_in,
    inline_function,
    new_app,
    subscribed,
)
from tests.constructs.synthesized import resources, variables, warnings


@pytest.mark.parametrize("stabilized", [False, True])
@pytest.mark.parametrize("forwarder_first", [False, True])
def test_every_log_group_however_it_is_made(*, stabilized: bool, forwarder_first: bool) -> None:
    app = new_app({"@aws-cdk/aws-lambda:useCdkManagedLogGroup": True}, stabilized=stabilized)
    ours = Stack(app, "Logs", env=HERE) if forwarder_first else None
    theirs = Stack(app, "App", env=HERE)
    ours = ours or Stack(app, "Logs", env=HERE)
    forwarder_in(ours).subscribe_all(app)
    logs.LogGroup(theirs, "L2", log_group_name="/l2")
    logs.CfnLogGroup(theirs, "L1", log_group_name="/l1")
    CfnResource(theirs, "Raw", type="AWS::Logs::LogGroup")
    inline_function(theirs, "Function")
    vpc = ec2.Vpc(theirs, "Vpc", nat_gateways=0)
    vpc.add_flow_log("FlowLog")
    task = ecs.FargateTaskDefinition(theirs, "Task")
    image = ecs.ContainerImage.from_registry("image")
    task.add_container("web", image=image, logging=ecs.LogDrivers.aws_logs(stream_prefix="web"))
    logs.LogRetention(theirs, "Retention", log_group_name="/kept", retention=logs.RetentionDays.ONE_DAY)
    logs.LogGroup(ours, "Beside", log_group_name="/beside")

    names = subscribed(ours)
    assert [name for name in names if name.startswith("/")] == ["/l1", "/l2"]
    assert len([name for name in names if name.startswith("${Beside")]) == 1
    weakly = [name for name in names if "Fn::GetStackOutput" in name]
    made = ("Raw", "FunctionLogGroup", "VpcFlowLog", "Taskweb", "Retention")
    assert [len([name for name in weakly if f"{one}" in name]) for one in made] == [1, 1, 1, 1, 1]
    assert len(names) == 3 + len(made)
    assert len(resources(ours, "AWS::Lambda::Permission")) == 1
    assert "Export" not in str(app.synth().get_stack_by_name("App").template)
    assert "mezmo-forwarder" not in warnings(ours)


def test_the_same_filters_as_one_by_one() -> None:
    def build(*, at_once: bool) -> dict[str, Any]:
        app = new_app()
        theirs, ours = Stack(app, "App", env=HERE), Stack(app, "Logs", env=HERE)
        groups = [logs.LogGroup(theirs, "Named", log_group_name="/app"), logs.LogGroup(ours, "Unnamed")]
        forwarder = forwarder_in(ours)
        if at_once:
            forwarder.subscribe_all(app, filter_pattern=logs.FilterPattern.any_term("ERROR"))
        else:
            for group in groups:
                forwarder.subscribe(group, filter_pattern=logs.FilterPattern.any_term("ERROR"))
        found: dict[str, Any] = app.synth().get_stack_by_name("Logs").template
        return found

    assert build(at_once=True) == build(at_once=False)


def test_a_scope_is_no_more_than_what_is_in_it() -> None:
    app = new_app()
    stack = Stack(app, "Logs", env=HERE)
    part = Construct(stack, "Part")
    logs.LogGroup(part, "In", log_group_name="/in")
    logs.LogGroup(stack, "Out", log_group_name="/out")
    forwarder_in(stack).subscribe_all(part)

    assert len(subscribed(stack)) == 1
    assert "PartIn" in subscribed(stack)[0]


CHOICES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "all": ({}, {"A", "B", "C"}),
    "path": ({"include_log_groups": [LogGroupMatch.path("Logs/One")]}, {"A", "B"}),
    "glob of a path": ({"include_log_groups": [LogGroupMatch.path("Logs/*/A")]}, {"A"}),
    "path is no prefix": ({"include_log_groups": [LogGroupMatch.path("Logs/On")]}, set()),
    "name": ({"include_log_groups": [LogGroupMatch.name("/prod/*")]}, {"A", "C"}),
    "name as a whole": ({"include_log_groups": [LogGroupMatch.name("/prod")]}, set()),
    "dot is a dot": ({"include_log_groups": [LogGroupMatch.name("/prod.*")]}, set()),
    "no name": ({"include_log_groups": [LogGroupMatch.name("*")]}, {"A", "B", "C"}),
    "tag": ({"include_log_groups": [LogGroupMatch.tag("team")]}, {"A", "B"}),
    "value of a tag": ({"include_log_groups": [LogGroupMatch.tag("team", "sh*")]}, {"A"}),
    "one of two": (
        {"include_log_groups": [LogGroupMatch.name("/prod/c"), LogGroupMatch.path("Logs/One/B")]},
        {"B", "C"},
    ),
    "none of two": (
        {"exclude_log_groups": [LogGroupMatch.name("/prod/c"), LogGroupMatch.tag("team", "shop")]},
        {"B"},
    ),
    "both": (
        {
            "include_log_groups": [LogGroupMatch.name("/prod/*")],
            "exclude_log_groups": [LogGroupMatch.path("Logs/One")],
        },
        {"C"},
    ),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_include_and_exclude(choice: str) -> None:
    options, expected = CHOICES[choice]
    stack = Stack(new_app(), "Logs", env=HERE)
    part = Construct(stack, "One")
    forwarder_in(stack).subscribe_all(stack, **options)
    shop = logs.LogGroup(part, "A", log_group_name="/prod/a")
    unnamed = logs.LogGroup(part, "B")
    logs.LogGroup(stack, "C", log_group_name="/prod/c")
    Tags.of(part).add("team", "other")
    Tags.of(shop).add("team", "shop", priority=300)

    found = {name.removeprefix("${").removeprefix("One")[0] for name in subscribed(stack)}
    assert found == expected
    assert unnamed
    assert ("unmatchedLogGroups" in warnings(stack)) == (not expected)


@pytest.mark.parametrize("stabilized", [False, True])
@pytest.mark.parametrize("own_options", [False, True])
@pytest.mark.parametrize("mutating", [False, True])
def test_tags_that_come_with_an_aspect(*, stabilized: bool, own_options: bool, mutating: bool) -> None:
    app = new_app({"@aws-cdk/core:aspectPrioritiesMutating": mutating}, stabilized=stabilized)
    ours, theirs = Stack(app, "Logs", env=HERE), Stack(app, "App", env=HERE)
    forwarder_in(ours).subscribe_all(
        app, exclude_log_groups=[LogGroupMatch.tag("private")], app="all" if own_options else None
    )
    private = Construct(theirs, "Private")
    logs.LogGroup(private, "Group", log_group_name="/private")
    logs.LogGroup(theirs, "Group", log_group_name="/public")
    Tags.of(private).add("private", "yes")

    assert subscribed(ours) == ["/public"]


def test_a_name_known_in_part_is_matched_by_that_part() -> None:
    app = new_app({"@aws-cdk/aws-lambda:useCdkManagedLogGroup": True})
    stack = Stack(app, "Logs", env=HERE)
    inline_function(stack, "Function")
    logs.LogGroup(stack, "Group", log_group_name=CfnParameter(stack, "Name").value_as_string)
    forwarder_in(stack).subscribe_all(stack, include_log_groups=[LogGroupMatch.name("/aws/lambda/*")])

    (found,) = subscribed(stack)
    assert "FunctionLogGroup" in found


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({"include_log_groups": []}, "includeLogGroups is empty.*leave includeLogGroups out"),
    "no path": (
        {"include_log_groups": [LogGroupMatch.path("")]},
        'includeLogGroups\'s path is "".*literal',
    ),
    "no tag": ({"exclude_log_groups": [LogGroupMatch.tag("a", "")]}, 'excludeLogGroups\'s tag is ""'),
    "option of a line": ({"app": ""}, 'app is ""'),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_is_refused(what: str) -> None:
    options, message = BAD[what]
    app = new_app()
    stack = Stack(app, "Logs", env=HERE)
    logs.LogGroup(stack, "Group")
    with pytest.raises(RuntimeError, match=message):
        forwarder_in(stack).subscribe_all(app, **options)


def test_a_match_known_only_at_deployment_is_refused() -> None:
    stack = Stack(new_app(), "Logs", env=HERE)
    match = LogGroupMatch.name(CfnParameter(stack, "Name").value_as_string)
    with pytest.raises(RuntimeError, match="includeLogGroups's name is known only at deployment"):
        forwarder_in(stack).subscribe_all(stack, include_log_groups=[match])


@pytest.mark.parametrize("stabilized", [False, True])
def test_a_group_subscribed_singly_keeps_its_options(*, stabilized: bool) -> None:
    app = new_app(stabilized=stabilized)
    stack = Stack(app, "Logs", env=HERE)
    forwarder = forwarder_in(stack)
    forwarder.subscribe_all(app, app="all")
    errors = logs.FilterPattern.any_term("ERROR")
    forwarder.subscribe(logs.LogGroup(stack, "Single"), filter_pattern=errors, app="single")
    imported = logs.LogGroup.from_log_group_name(stack, "Imported", "/named")
    forwarder.subscribe(imported, filter_pattern=errors)
    logs.LogGroup(stack, "Named", log_group_name="/named")
    theirs = logs.LogGroup(stack, "Theirs")
    logs.SubscriptionFilter(stack, "Filter", log_group=theirs, destination=forwarder, filter_pattern=errors)
    kept = inline_function(stack, "Function", log_retention=logs.RetentionDays.ONE_DAY)
    forwarder.subscribe(kept.log_group, filter_pattern=errors)
    logs.LogGroup(stack, "Rest")

    patterns = {
        str(found["Properties"]["LogGroupName"]): found["Properties"]["FilterPattern"]
        for found in resources(stack, FILTER).values()
    }
    assert len(patterns) == len(resources(stack, FILTER)) == 5
    assert [name for name, pattern in patterns.items() if not pattern] == [
        str({"Ref": name}) for name in resources(stack, "AWS::Logs::LogGroup") if name.startswith("Rest")
    ]
    assert '\\"app\\":\\"single\\"' in json.dumps(resources(stack, "AWS::Lambda::Function"))


@pytest.mark.parametrize("own_options", [False, True])
@pytest.mark.parametrize("forwarder_first", [False, True])
@pytest.mark.parametrize("stabilized", [False, True])
def test_groups_made_by_an_aspect(*, stabilized: bool, forwarder_first: bool, own_options: bool) -> None:
    app = new_app(stabilized=stabilized)
    ours = Stack(app, "Logs", env=HERE) if forwarder_first else None
    theirs = Stack(app, "App", env=HERE)
    ours = ours or Stack(app, "Logs", env=HERE)
    tags = ["a tag of some length that each of them has"] if own_options else None
    forwarder_in(ours).subscribe_all(app, mezmo_tags=tags)
    for number in range(40):
        function = inline_function(theirs, f"Function{number}")
        assert function

    def make(function: lambda_.Function) -> None:
        name = f"/made/{function.node.id}"
        if not function.node.try_find_child("Made"):
            logs.LogGroup(function, "Made", log_group_name=name)

    Aspects.of(theirs).add(Visiting(make, lambda_.Function))

    assert len(subscribed(ours)) == 40
    if own_options:
        assert "subscriptions_file" in str(variables(ours))
    assert "lateLogGroup" not in warnings(ours)


def test_nested_stacks_either_way() -> None:
    app = new_app()
    parent = Stack(app, "Logs", env=HERE)
    nested, home = NestedStack(parent, "Nested"), NestedStack(parent, "Home")
    logs.LogGroup(nested, "Group")
    logs.LogGroup(parent, "Group")
    forwarder_in(home).subscribe_all(app)

    assert len(subscribed(home)) == 2
    assert warnings(parent) == ""


def test_a_forwarder_in_each_stage() -> None:
    app = new_app()
    stages = [Stage(app, name, env=HERE) for name in ("Test", "Prod")]
    for stage in stages:
        logs.LogGroup(Stack(stage, "App"), "Group", log_group_name="/app")
        forwarder_in(Stack(stage, "Logs")).subscribe_all(stage)

    for stage in stages:
        logs_stack = stage.node.find_child("Logs")
        assert isinstance(logs_stack, Stack)
        assert subscribed(logs_stack) == ["/app"]
        assert warnings(logs_stack) == ""


def test_one_filter_name_for_all_has_one_set_of_options() -> None:
    stack = Stack(new_app(), "Logs", env=HERE)
    for number in range(3):
        logs.LogGroup(stack, f"Group{number}")
    forwarder_in(stack).subscribe_all(stack, filter_name="all", app="all")

    assert {found["Properties"]["FilterName"] for found in resources(stack, FILTER).values()} == {"all"}
    assert str(variables(stack)).count('"app":"all"') == 1
