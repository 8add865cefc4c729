"""Metrics of the forwarder, which are lines of its log."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_logs import LogGroup

from mezmo_forwarder import MetricsDetail, MezmoLogForwarder, UndeliveredStore, VendorCode
from tests.constructs.synthesized import only

Make = Callable[..., MezmoLogForwarder]


def set_level(
    forwarder: MezmoLogForwarder, level: str, *, which: str = "function", how: str = "property"
) -> None:
    """Set a function's application log level, which the forwarder has no property for."""
    resource: Any = getattr(forwarder, which).node.default_child
    if how == "override":
        resource.add_property_override("LoggingConfig.ApplicationLogLevel", level)
    else:
        resource.logging_config = lambda_.CfnFunction.LoggingConfigProperty(
            log_format="JSON", application_log_level=level
        )


@pytest.mark.parametrize("how", ["property", "override"])
@pytest.mark.parametrize("which", ["function", "redrive_function"])
@pytest.mark.parametrize("level", ["WARN", "ERROR", "FATAL"])
def test_log_level_that_drops_them_is_refused(
    app: App, make_forwarder: Make, level: str, which: str, how: str
) -> None:
    set_level(make_forwarder(), level, which=which, how=how)

    path = "Redrive/Function" if which == "redrive_function" else "Function"
    message = f'MezmoLogForwarder/{path}] applicationLogLevel is "{level}".*set it to "INFO" or lower'
    with pytest.raises(RuntimeError, match=message):
        app.synth()


@pytest.mark.parametrize("level", ["INFO", "DEBUG", "TRACE"])
def test_log_level_that_keeps_them(app: App, make_forwarder: Make, level: str) -> None:
    set_level(make_forwarder(), level)

    app.synth()


def test_log_level_known_only_at_deployment(app: App, stack: Stack, make_forwarder: Make) -> None:
    set_level(make_forwarder(), CfnParameter(stack, "Level").value_as_string)

    app.synth()


def test_without_metrics_any_log_level_will_do(app: App, make_forwarder: Make) -> None:
    set_level(make_forwarder(metrics_detail=MetricsDetail.NONE), "FATAL")
    vendor = VendorCode.mezmo_cloudwatch(lambda_.Code.from_inline("exports.handler = async () => {}"))
    set_level(make_forwarder("Vendor", code=vendor), "FATAL")

    app.synth()


def test_a_metric_of_the_handler(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    metric = forwarder.metric_lines_delivered(period=Duration.minutes(1), label="lines")

    assert (metric.namespace, metric.metric_name) == ("MezmoForwarder", "LinesDelivered")
    assert (metric.statistic, metric.period.to_minutes(), metric.label) == ("Sum", 1, "lines")
    assert stack.resolve(metric.dimensions) == {"FunctionName": {"Ref": "MezmoLogForwarderFunctionCC3FBC19"}}
    assert forwarder.metric_oldest_line_age().statistic == "Maximum"


def test_any_metric_of_the_handler_by_its_name(make_forwarder: Make) -> None:
    metric = make_forwarder().metric("LinesOfTheFuture", statistic="Average")

    assert (metric.namespace, metric.metric_name, metric.statistic) == (
        "MezmoForwarder",
        "LinesOfTheFuture",
        "Average",
    )


def test_a_metric_of_one_log_group(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder(metrics_detail=MetricsDetail.LOG_GROUP)
    metric = forwarder.metric_bytes_delivered(dimensions_map={"LogGroup": "/aws/ecs/web"})

    assert set(stack.resolve(metric.dimensions)) == {"FunctionName", "LogGroup"}


def test_a_metric_of_lambda(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    metric = forwarder.metric_async_events_dropped()

    assert (metric.namespace, metric.statistic) == ("AWS/Lambda", "Sum")
    assert stack.resolve(metric.dimensions) == {"FunctionName": {"Ref": "MezmoLogForwarderFunctionCC3FBC19"}}


def test_metrics_of_cloudwatch_logs(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    subscription = forwarder.subscribe(LogGroup.from_log_group_name(stack, "Web", "/aws/ecs/web"))
    one = forwarder.metric_delivery_errors(subscription=subscription, label="web")

    name = only(stack, "AWS::Logs::SubscriptionFilter")["FilterName"]
    where = f"FilterName = '{name}' AND LogGroupName = '/aws/ecs/web'"
    assert one.expression == f'SELECT SUM(DeliveryErrors) FROM "AWS/Logs" WHERE {where}'
    assert one.label == "web"
    assert forwarder.metric_forwarded_bytes().expression == 'SELECT SUM(ForwardedBytes) FROM "AWS/Logs"'


@pytest.mark.parametrize(
    ("options", "metric", "message"),
    [
        (
            "vendor",
            "metric_lines_delivered",
            '"LinesDelivered" is asked for with vendor code.*leave code out',
        ),
        (
            "none",
            "metric_lines_delivered",
            '"LinesDelivered" is asked for with MetricsDetail.NONE; leave metricsDetail out',
        ),
        ("no store", "metric_store_depth", '"StoreDepth" is asked for with UndeliveredStore.none'),
    ],
)
def test_what_is_not_published_is_refused(
    make_forwarder: Make, options: str, metric: str, message: str
) -> None:
    vendor = VendorCode.mezmo_cloudwatch(lambda_.Code.from_inline("exports.handler = async () => {}"))
    properties: dict[str, dict[str, Any]] = {
        "vendor": {"code": vendor},
        "none": {"metrics_detail": MetricsDetail.NONE},
        "no store": {"undelivered_store": UndeliveredStore.none()},
    }
    forwarder = make_forwarder(**properties[options])

    with pytest.raises(RuntimeError, match=message):
        getattr(forwarder, metric)()
    assert forwarder.metric_errors().metric_name == "Errors"


def test_one_log_group_without_its_metrics_is_refused(make_forwarder: Make) -> None:
    with pytest.raises(RuntimeError, match="by LogGroup.*set it to MetricsDetail.LOG_GROUP"):
        make_forwarder().metric_lines_delivered(dimensions_map={"LogGroup": "/aws/ecs/web"})
