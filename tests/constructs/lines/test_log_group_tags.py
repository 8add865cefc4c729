"""Tags of log groups: who may read them, and what is refused."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.lines.tag_texts import field_of
from mezmo_forwarder import LineFormat, LogGroupTags, MezmoDestination, MezmoLogForwarder
from tests.constructs.synthesized import actions, evaluate, resources, statements, warnings

Make = Callable[..., MezmoLogForwarder]

ARN = "arn:${AWS::Partition}:logs:eu-west-3:123456789012:log-group:"


def readable(stack: Stack, *, redrive: bool = False) -> list[str]:
    """Return the resources whose tags a role may read."""
    found = [one for one in statements(stack, redrive=redrive) if "logs:ListTagsForResource" in actions(one)]
    named: list[Any] = []
    for statement in found:
        assert actions(statement) == ["logs:ListTagsForResource"]
        assert statement.keys() == {"Action", "Effect", "Resource"}
        resource = statement["Resource"]
        named += resource if isinstance(resource, list) else [resource]
    return [evaluate(one, {}) for one in named]


def test_both_roles_may_read_the_tags_of_the_subscribed_groups(
    app: App, stack: Stack, make_forwarder: Make
) -> None:
    """By ARNs without the `:*` that other actions want, and without an export of another stack's."""
    forwarder = make_forwarder(log_group_tags=[LogGroupTags.as_tags("team")])
    theirs = Stack(app, "App", env=Environment(account="123456789012", region="eu-west-3"))
    forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, "ByName", "/by/name"))
    forwarder.subscribe(logs.LogGroup(theirs, "Theirs", log_group_name="/theirs"))
    own = logs.LogGroup(stack, "Own")
    logs.SubscriptionFilter(
        stack,
        "Filter",
        log_group=own,
        destination=forwarder,
        filter_pattern=logs.FilterPattern.all_events(),
    )

    (own_id,) = resources(stack, "AWS::Logs::LogGroup").keys() - {"MezmoLogForwarderLogGroup5C0B30F7"}
    expected = [ARN + name for name in ("/by/name", "/theirs", f"${{{own_id}}}")]
    assert readable(stack) == readable(stack, redrive=True) == expected
    assert "ImportValue" not in str(statements(stack))


def test_nobody_may_unless_asked_for(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/group"))

    assert readable(stack) == readable(stack, redrive=True) == []


def test_without_a_subscription_it_is_refused(app: App, make_forwarder: Make) -> None:
    make_forwarder(log_group_tags=[LogGroupTags.as_tags("team")])

    with pytest.raises(RuntimeError, match="logGroupTags is given, but no log group is subscribed"):
        app.synth()


@pytest.mark.parametrize(
    ("count", "shared", "refused"), [(15, False, False), (15, True, True), (20, False, True)]
)
def test_more_groups_than_a_policy_can_name_are_refused(
    app: App, stack: Stack, make_forwarder: Make, count: int, *, shared: bool, refused: bool
) -> None:
    principal = iam.ServicePrincipal("lambda.amazonaws.com")
    role = iam.Role(stack, "Role", assumed_by=principal) if shared else None
    forwarder = make_forwarder(role=role, log_group_tags=[LogGroupTags.as_tags("team")])
    for number in range(count):
        name = f"{number:0500}"
        forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, name, name))

    if refused:
        with pytest.raises(RuntimeError, match=rf"with {count} subscribed log groups, .* 1\d{{4}} .* 10240"):
            app.synth()
    else:
        app.synth()


def test_a_role_that_cdk_may_not_change_is_told_of_each_group(stack: Stack, make_forwarder: Make) -> None:
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/Forwarder", mutable=False)
    forwarder = make_forwarder(role=role, log_group_tags=[LogGroupTags.all_as_meta()])
    for name in ("/one", "/two"):
        forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, name, name))

    printed = warnings(stack)
    for name in ("/one", "/two"):
        assert f'"logs:ListTagsForResource","Effect":"Allow","Resource":"{ARN}{name}"' in printed
    assert '"Resource":[]' not in printed


META, TAGS = LogGroupTags.as_meta("team"), LogGroupTags.as_tags("team")


@pytest.mark.parametrize(
    ("properties", "ignored"),
    [
        ({"destination": MezmoDestination.pipeline("route"), "log_group_tags": [META]}, False),
        ({"destination": MezmoDestination.pipeline("route"), "log_group_tags": [META, TAGS]}, True),
        ({"line_format": LineFormat.MEZMO_LAMBDA, "log_group_tags": [TAGS]}, False),
        ({"line_format": LineFormat.MEZMO_LAMBDA, "log_group_tags": [META, TAGS]}, True),
    ],
)
def test_what_has_no_place_for_them_is_a_warning(
    stack: Stack, make_forwarder: Make, properties: dict[str, Any], *, ignored: bool
) -> None:
    forwarder = make_forwarder(**properties)
    forwarder.subscribe(logs.LogGroup.from_log_group_name(stack, "Group", "/group"))

    assert ("logGroupTags will not be sent" in warnings(stack)) == ignored


REFUSED = {
    "no key": (LogGroupTags.as_tags(), r"0 keys; give 1 to 20, or LogGroupTags\.allAsTags\(\)"),
    "too many": (LogGroupTags.as_meta(*map(str, range(21))), r"21 keys; give 1 to 20, or .*allAsMeta\(\)"),
    "empty": (LogGroupTags.as_tags(" "), r'" "; give keys of 1 to 128 characters'),
    "long": (LogGroupTags.as_tags("k" * 129), "1 to 128 characters"),
    "AWS's own": (LogGroupTags.as_tags("AWS:x"), '"AWS:x"; give keys .* do not begin with "aws:"'),
    "twice": (
        LogGroupTags.as_meta("cost-center", "cost.center"),
        '"cost-center" and "cost.center", which both become tag_cost_center; leave one out',
    ),
}


@pytest.mark.parametrize(("tags", "message"), REFUSED.values(), ids=REFUSED)
def test_keys_that_cannot_be_are_refused(make_forwarder: Make, tags: LogGroupTags, message: str) -> None:
    with pytest.raises(RuntimeError, match=f"logGroupTags has .*{message}"):
        make_forwarder(log_group_tags=[tags])


def test_a_key_known_only_at_deployment_is_refused(stack: Stack, make_forwarder: Make) -> None:
    key = CfnParameter(stack, "Key").value_as_string
    with pytest.raises(RuntimeError, match="logGroupTags has a key known only at deployment"):
        make_forwarder(log_group_tags=[LogGroupTags.as_tags("team", key)])


_numbers = count()  # an example may come twice


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip))
def test_construct_and_handler_have_the_same_names_for_tags(make_forwarder: Make, key: str) -> None:
    if key.lower().startswith("aws:"):
        return
    with pytest.raises(RuntimeError) as error:
        make_forwarder(f"F{next(_numbers)}", log_group_tags=[LogGroupTags.as_meta(key, key)])
    assert f"which both become {field_of(key)}; " in str(error.value)


def test_templates_may_use_the_tags_that_are_named(stack: Stack, make_forwarder: Make) -> None:
    tags = [LogGroupTags.as_meta("team"), LogGroupTags.as_tags("cost-center")]
    forwarder = make_forwarder(
        app="{tag_team}", mezmo_tags=["{tag_cost_center}"], meta={"x": "{tag_team}"}, log_group_tags=tags
    )
    group = logs.LogGroup.from_log_group_name(stack, "Group", "/group")
    forwarder.subscribe(group, hostname="{tag_team}")
    with pytest.raises(RuntimeError, match="{tag_env} is no tag that logGroupTags names"):
        forwarder.subscribe(group, app="{tag_env}")
    with pytest.raises(RuntimeError, match=r'name its key there, such as LogGroupTags\.asMeta\("team"\)'):
        make_forwarder("Other", app="{tag_team}")

    make_forwarder("All", app="{tag_whatever}", log_group_tags=[LogGroupTags.all_as_tags()])
