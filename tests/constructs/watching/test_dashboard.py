"""The dashboard."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from mezmo_forwarder import MetricsDetail, MezmoLogForwarder, UndeliveredStore, VendorCode
from tests.constructs.synthesized import only
from tests.watching.deployed import dashboard_of

Make = Callable[..., MezmoLogForwarder]

DASHBOARD = "AWS::CloudWatch::Dashboard"


def titles(stack: Stack) -> list[str]:
    """Return what the widgets are headed by, in order."""
    return [
        widget["properties"].get("title") or widget["properties"]["markdown"]
        for widget in dashboard_of(stack)["widgets"]
    ]


def metrics(stack: Stack, title: str) -> list[list[Any]]:
    (widget,) = [one for one in dashboard_of(stack)["widgets"] if one["properties"].get("title") == title]
    found: list[list[Any]] = widget["properties"]["metrics"]
    return found


def test_it_answers_the_questions_in_order(stack: Stack, make_forwarder: Make) -> None:
    made = make_forwarder().add_dashboard()

    assert isinstance(made, cloudwatch.Dashboard)
    assert titles(stack) == [
        "## Is everything there?",
        "Lines, and what became of them",
        "What became of lines",
        "Log events forwarded, of all subscriptions",
        "Log events not handed over, of all",
        "## How late?",
        "Oldest, in seconds",
        "Store",
        "What went wrong",
        "## At what cost?",
        "Lambda, USD in this time, at list price",
        "Invocations, and milliseconds of one",
        "Delivered to Mezmo, bytes before compression",
        "## Who sends most?",
        "Bytes that subscriptions of the region forward, compressed, by log group: the 10 largest",
    ]


def test_name_and_time(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().add_dashboard(dashboard_name="Mezmo", default_interval=Duration.days(2))

    assert only(stack, DASHBOARD)["DashboardName"] == "Mezmo"
    assert dashboard_of(stack)["start"] == "-P2D"


def test_by_default_it_has_no_name_and_shows_three_hours(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().add_dashboard()

    assert "DashboardName" not in only(stack, DASHBOARD)
    assert dashboard_of(stack)["start"] == "-PT3H"


def test_alarms_that_were_added_before_are_on_it(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    alarms = forwarder.add_alarms()
    forwarder.add_dashboard()

    first = dashboard_of(stack)["widgets"][0]
    assert (first["type"], len(first["properties"]["alarms"])) == ("alarm", len(alarms.all))


def test_the_cost_follows_memory_and_architecture(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(memory_size=512, architecture=lambda_.Architecture.X86_64).add_dashboard()

    (expression, *_) = metrics(stack, "Lambda, USD in this time, at list price")
    milliseconds = 512 / 1024 / 1000 * 0.0000166667
    assert f"* {milliseconds:.16f}".rstrip("0") in expression[0]["expression"]
    assert "* 0.0000002" in expression[0]["expression"]


def test_memory_known_only_at_deployment_has_no_cost(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(memory_size=CfnParameter(stack, "M", type="Number").value_as_number).add_dashboard()

    assert "Lambda, USD in this time, at list price" not in titles(stack)


def test_by_log_group_it_shows_the_forwarders_own_senders(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(metrics_detail=MetricsDetail.LOG_GROUP).add_dashboard()

    ((search,),) = metrics(stack, "Bytes delivered, by log group: the 10 largest")
    assert "MezmoForwarder,FunctionName,LogGroup" in search["expression"]


@pytest.mark.parametrize("how", ["vendor", "none", "no store"])
def test_what_is_not_published_is_not_on_it(stack: Stack, make_forwarder: Make, how: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "vendor": {"code": VendorCode.mezmo_cloudwatch(lambda_.Code.from_inline("exports.handler = 1"))},
        "none": {"metrics_detail": MetricsDetail.NONE},
        "no store": {"undelivered_store": UndeliveredStore.none()},
    }
    make_forwarder(**options[how]).add_dashboard()

    body = str(dashboard_of(stack))
    assert ("MezmoForwarder'" in body) == (how == "no store")
    assert "StoreDepth" not in body
    assert "'Errors'" in body


def test_twice_is_refused(make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.add_dashboard()

    with pytest.raises(RuntimeError, match="addDashboard is called twice"):
        forwarder.add_dashboard()


def test_no_warnings(app: App, stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.add_alarms()
    forwarder.add_dashboard()

    assert app.synth().get_stack_by_name(stack.stack_name).messages == []
