"""What CloudWatch Logs knows of a subscription filter and aws-cdk-lib's construct does not."""

from collections.abc import Callable

import pytest
from aws_cdk import Stack
from aws_cdk import aws_logs as logs

from mezmo_forwarder import MezmoLogForwarder
from tests.constructs.sources.test_log_sender import group, sender_of
from tests.constructs.subscriptions.test_subscription import FILTER
from tests.constructs.synthesized import only

Make = Callable[..., MezmoLogForwarder]
FIELDS = ("EmitSystemFields", "FieldSelectionCriteria", "ApplyOnTransformedLogs")


@pytest.mark.parametrize("end", ["forwarder", "sender"])
def test_all_of_them(stack: Stack, make_forwarder: Make, end: str) -> None:
    subscriber = make_forwarder() if end == "forwarder" else sender_of(stack)
    subscriber.subscribe(
        group(stack),
        emit_system_fields=True,
        field_selection_criteria='@aws.region NOT IN ["us-east-1"]',
        apply_on_transformed_logs=True,
    )

    assert [only(stack, FILTER)[field] for field in FIELDS] == [
        ["@aws.account", "@aws.region"],
        '@aws.region NOT IN ["us-east-1"]',
        True,
    ]


def test_none_of_them(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().subscribe(logs.LogGroup(stack, "Group"), emit_system_fields=False)

    assert only(stack, FILTER).keys().isdisjoint(FIELDS)


@pytest.mark.parametrize("criteria", ["", "x" * 2001])
def test_criteria_that_cannot_be_are_refused(stack: Stack, make_forwarder: Make, criteria: str) -> None:
    with pytest.raises(RuntimeError, match=r"fieldSelectionCriteria is \d+ characters long; give 1 to 2000"):
        make_forwarder().subscribe(group(stack), field_selection_criteria=criteria)
