"""Metrics of the forwarder, which are lines of its log."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Stack
from aws_cdk import aws_lambda as lambda_

from mezmo_forwarder import MetricsDetail, MezmoLogForwarder, VendorCode

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
