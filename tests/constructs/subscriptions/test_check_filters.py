"""What is looked at once all filters of an app are known: how many there are, and of whom."""

from typing import Any

import pytest
from aws_cdk import App, Stack, Stage
from aws_cdk import aws_logs as logs

from tests.constructs.scopes import FAR, HERE, forwarder_in, new_app
from tests.constructs.synthesized import warnings

ARN = "arn:aws:kinesis:eu-west-3:123456789012:stream/elsewhere"


def others_filters(scope: Any, group: logs.ILogGroup | str, count: int) -> None:
    """Put filters on a log group that deliver elsewhere."""
    name = group if isinstance(group, str) else group.log_group_name
    for number in range(count):
        logs.CfnSubscriptionFilter(
            scope, f"Filter{number}", destination_arn=ARN, filter_pattern="", log_group_name=name
        )


@pytest.mark.parametrize("others", [1, 2, 4, 5])
@pytest.mark.parametrize("how", ["unnamed", "named", "another stack's"])
def test_filters_of_a_group_are_counted_whoever_made_them(others: int, how: str) -> None:
    app = new_app()
    stack = Stack(app, "Logs", env=HERE)
    theirs = Stack(app, "App", env=HERE) if how == "another stack's" else stack
    group = logs.LogGroup(theirs, "Group", log_group_name="/app" if how == "named" else None)
    forwarder_in(stack).subscribe(group)
    others_filters(theirs, "/app" if how == "named" else group, others)

    if others == 5:
        with pytest.raises(RuntimeError, match="has 6 subscription filters: .*takes 5: remove some"):
            app.synth()
    else:
        assert ("manyFilters" in warnings(stack)) == (others >= 2)


def test_groups_of_one_name_in_two_regions_are_two() -> None:
    app = new_app()
    stack, far = Stack(app, "Logs", env=HERE), Stack(app, "Far", env=FAR)
    forwarder_in(stack).subscribe(logs.LogGroup(stack, "Group", log_group_name="/app"))
    others_filters(far, "/app", 5)

    assert "manyFilters" not in warnings(stack)


def test_two_forwarders_on_one_group() -> None:
    app = new_app()
    group = logs.LogGroup(Stack(app, "App", env=HERE), "Group", log_group_name="/app")
    one, two = (Stack(app, name, env=HERE) for name in ("One", "Two"))
    forwarder_in(one).subscribe(group)
    forwarder_in(two).subscribe(logs.LogGroup.from_log_group_name(two, "Group", "/app"))

    assert "twoForwarders" not in warnings(one)
    assert '"/app"; their lines arrive twice' in warnings(two)


def test_too_many_filters_are_told_of_once_not_by_each_forwarder() -> None:
    app = new_app()
    stack = Stack(app, "Logs", env=HERE)
    group = logs.LogGroup.from_log_group_name(stack, "Group", "/app")
    others_filters(stack, "/app", 4)
    for name in ("One", "Two"):
        forwarder_in(stack, name).subscribe(group)

    with pytest.raises(RuntimeError) as caught:
        app.synth()

    assert str(caught.value).count("has 6 subscription filters") == 1


def test_two_forwarders_in_two_stages_are_none_of_each_others_business() -> None:
    app = new_app()
    stacks = [Stack(Stage(app, name, env=HERE), "Logs") for name in ("Test", "Prod")]
    for stack in stacks:
        forwarder_in(stack).subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/app"))

    assert [warnings(stack) for stack in stacks] == ["", ""]


def too_many(app: App, count: int) -> Stack:
    stack = Stack(app, "Logs", env=HERE)
    forwarder_in(stack).subscribe_all(app)
    for number in range(count):
        logs.LogGroup(stack, f"Group{number}")
    return stack


def test_more_than_a_stacks_resources_is_an_error_that_tells_what_to_use() -> None:
    app = new_app({"@aws-cdk/core:stackResourceLimit": 50})
    too_many(app, 20)

    with pytest.raises(
        RuntimeError,
        match='stack "Logs" has 5. resources, of which 20 are subscription filters; CloudFormation takes 50:'
        " use subscribeAccount",
    ):
        app.synth()


def test_a_limit_of_the_users_counts() -> None:
    app = new_app({"@aws-cdk/core:stackResourceLimit": 0})
    too_many(app, 20)
    app.synth()


@pytest.mark.parametrize("named", [True, False])
def test_more_than_a_stacks_outputs_is_an_error_that_tells_what_to_do(*, named: bool) -> None:
    app = new_app()
    stack, theirs = Stack(app, "Logs", env=HERE), Stack(app, "App", env=HERE)
    forwarder_in(stack).subscribe_all(app)
    for number in range(201):
        logs.LogGroup(theirs, f"Group{number}", log_group_name=f"/app/{number}" if named else None)

    if named:
        app.synth()
    else:
        with pytest.raises(RuntimeError, match='stack "App" has 201 outputs.*takes 200: give log groups'):
            app.synth()
