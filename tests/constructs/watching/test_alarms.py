"""The alarms, as far as a template tells; `tests/watching` drives each by its fault."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns

from mezmo_forwarder import (
    AlarmOptions,
    MetricsDetail,
    MezmoLogForwarder,
    UndeliveredStore,
    VendorCode,
)
from tests.constructs.synthesized import resources

Make = Callable[..., MezmoLogForwarder]

ALARM = "AWS::CloudWatch::Alarm"
FUNCTION = {"Ref": "MezmoLogForwarderFunctionCC3FBC19"}


def names(stack: Stack) -> set[str]:
    found = {**resources(stack, ALARM), **resources(stack, ALARM, redrive=True)}
    return {logical_id.removeprefix("MezmoLogForwarderAlarms")[:-8] for logical_id in found}


def alarm(stack: Stack, name: str) -> dict[str, Any]:
    found = resources(stack, ALARM, redrive=name.startswith("Redrive"))
    ((_, resource),) = [
        (one, two) for one, two in found.items() if one[:-8] == f"MezmoLogForwarderAlarms{name}"
    ]
    properties: dict[str, Any] = resource["Properties"]
    return properties


LAMBDAS = {"Errors", "Throttles", "AsyncEventAge", "AsyncEventsDropped"}
LOGS = {"DeliveryErrors", "DeliveryThrottling"}
STORES = {"DestinationDeliveryFailures", "RedriveErrors", "RedriveStopped"}
OWN = {
    "LinesRejected",
    "PayloadsSetAside",
    "LinesUndelivered",
    "KeyRefused",
    "UnexpectedReplies",
    "BreakerOpen",
}
OWN_STORES = {"RedrivenLinesRejected", "StoreNotEmpty", "OldestStoredAge"}


def test_none_unless_asked_for(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()

    assert names(stack) == set()


def test_by_default(stack: Stack, make_forwarder: Make) -> None:
    made = make_forwarder().add_alarms()

    assert names(stack) == LAMBDAS | LOGS | STORES | OWN | OWN_STORES
    assert len(made.all) == 18
    assert alarm(stack, "LinesRejected") == {
        "AlarmDescription": alarm(stack, "LinesRejected")["AlarmDescription"],
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "DatapointsToAlarm": 1,
        "Dimensions": [{"Name": "FunctionName", "Value": FUNCTION}],
        "EvaluationPeriods": 1,
        "MetricName": "LinesRejected",
        "Namespace": "MezmoForwarder",
        "Period": 300,
        "Statistic": "Sum",
        "Threshold": 1,
        "TreatMissingData": "notBreaching",
    }


def test_nothing_that_is_not_there_is_watched(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(undelivered_store=UndeliveredStore.none()).add_alarms()

    assert names(stack) == LAMBDAS | LOGS | OWN


@pytest.mark.parametrize("how", ["vendor", "none"])
def test_without_metrics_of_its_own(stack: Stack, make_forwarder: Make, how: str) -> None:
    vendor = VendorCode.mezmo_cloudwatch(lambda_.Code.from_inline("exports.handler = async () => {}"))
    made = make_forwarder(**({"code": vendor} if how == "vendor" else {"metrics_detail": MetricsDetail.NONE}))
    alarms = made.add_alarms()

    assert names(stack) == LAMBDAS | LOGS | STORES
    assert alarms.lines_rejected is None


def test_each_can_be_reached(stack: Stack, make_forwarder: Make) -> None:
    alarms = make_forwarder().add_alarms()
    assert alarms.lines_rejected
    assert alarms.delivery_errors

    alarms.lines_rejected.add_alarm_action(actions.SnsAction(sns.Topic(stack, "Topic")))
    assert alarm(stack, "LinesRejected")["AlarmActions"] == [{"Ref": "TopicBFC7AF6E"}]


def test_actions_of_all_and_of_one(stack: Stack, make_forwarder: Make) -> None:
    pager, chat = (actions.SnsAction(sns.Topic(stack, name)) for name in ("Pager", "Chat"))
    make_forwarder().add_alarms(
        actions=[chat], ok_actions=[chat], destination_delivery_failures=AlarmOptions(actions=[pager])
    )

    assert "Chat" in str(alarm(stack, "Errors")["AlarmActions"])
    assert "Chat" in str(alarm(stack, "Errors")["OKActions"])
    assert "Pager" in str(alarm(stack, "DestinationDeliveryFailures")["AlarmActions"])
    assert "Chat" not in str(alarm(stack, "DestinationDeliveryFailures")["AlarmActions"])


def test_switched_off(stack: Stack, make_forwarder: Make) -> None:
    alarms = make_forwarder().add_alarms(throttles=AlarmOptions(enabled=False))

    assert "Throttles" not in names(stack)
    assert alarms.throttles is None


def test_changed(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().add_alarms(
        errors=AlarmOptions(threshold=10),
        throttles=AlarmOptions(evaluation_periods=6),
        breaker_open=AlarmOptions(evaluation_periods=12, datapoints_to_alarm=4),
    )

    def found(name: str) -> tuple[int, int, int]:
        one = alarm(stack, name)
        return one["Threshold"], one["DatapointsToAlarm"], one["EvaluationPeriods"]

    assert found("Errors") == (10, 2, 3)
    assert found("Throttles") == (1, 6, 6)
    assert found("BreakerOpen") == (1, 4, 12)


@pytest.mark.parametrize(
    ("minutes", "period", "of"),
    [(1, 300, (4, 5)), (5, 300, (4, 5)), (10, 600, (3, 4)), (1440, 86400, (2, 3))],
)
def test_the_store_is_watched_at_the_pace_of_the_redrive(
    stack: Stack, make_forwarder: Make, minutes: int, period: int, of: tuple[int, int]
) -> None:
    make_forwarder(redrive_interval=Duration.minutes(minutes)).add_alarms()

    found = alarm(stack, "StoreNotEmpty")
    assert (found["Period"], (found["DatapointsToAlarm"], found["EvaluationPeriods"])) == (period, of)


def test_an_event_that_may_not_grow_old_is_late_sooner(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(max_event_age=Duration.minutes(10)).add_alarms()

    assert alarm(stack, "AsyncEventAge")["Threshold"] == 5 * 60 * 1000


@pytest.mark.parametrize("order", ["stream first", "alarms first"])
def test_a_stream_is_watched_in_either_order(stack: Stack, make_forwarder: Make, order: str) -> None:
    forwarder = make_forwarder()
    stream = kinesis.Stream(stack, "Stream")
    if order == "stream first":
        forwarder.add_kinesis_stream(stream)
    alarms = forwarder.add_alarms()
    if order == "alarms first":
        assert alarms.iterator_age is None
        forwarder.add_kinesis_stream(stream)
    assert alarms.iterator_age

    forwarder.add_kinesis_stream(kinesis.Stream(stack, "Another"))
    assert alarms.iterator_age.node.id in {one.node.id for one in alarms.all}
    assert "IteratorAge" in names(stack)


def test_that_nothing_comes_is_watched_on_demand(stack: Stack, make_forwarder: Make) -> None:
    alarms = make_forwarder().add_alarms(no_events=AlarmOptions(evaluation_periods=24))

    assert alarms.no_events
    found = alarm(stack, "NoEvents")
    assert (found["TreatMissingData"], found["EvaluationPeriods"]) == ("breaching", 24)
    assert found["Metrics"][1]["MetricStat"]["Period"] == 3600


def test_each_says_what_it_means_and_what_to_do(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().add_alarms()

    for name in names(stack):
        assert 80 < len(alarm(stack, name)["AlarmDescription"]) <= 1024


def test_nothing_is_named_and_no_metric_is_of_another_function(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder().add_alarms()

    for name in names(stack):
        assert "AlarmName" not in alarm(stack, name)
    assert alarm(stack, "RedriveErrors")["Dimensions"][0]["Value"] != FUNCTION


def test_twice_is_refused(make_forwarder: Make) -> None:
    forwarder = make_forwarder()
    forwarder.add_alarms()

    with pytest.raises(RuntimeError, match="addAlarms is called twice.*give one call all options"):
        forwarder.add_alarms()


@pytest.mark.parametrize(
    ("options", "alarms", "message"),
    [
        (
            {"metrics_detail": MetricsDetail.NONE},
            {"lines_rejected": AlarmOptions()},
            "linesRejected is given to addAlarms with MetricsDetail.NONE",
        ),
        (
            {"undelivered_store": UndeliveredStore.none()},
            {"store_not_empty": AlarmOptions(threshold=3)},
            "storeNotEmpty is given.*UndeliveredStore.none",
        ),
        (
            {},
            {"errors": AlarmOptions(evaluation_periods=0)},
            "errors's evaluationPeriods is 0; give a whole number from 1 to 288 periods of 5 minutes",
        ),
        ({}, {"errors": AlarmOptions(evaluation_periods=289)}, "errors's evaluationPeriods is 289"),
        (
            {},
            {"delivery_errors": AlarmOptions(evaluation_periods=37)},
            "evaluationPeriods is 37; .* from 1 to 36",
        ),
        (
            {},
            {"errors": AlarmOptions(datapoints_to_alarm=4)},
            "errors's datapointsToAlarm is 4; give a whole number from 1 to 3",
        ),
    ],
)
def test_refused_at_synthesis(
    make_forwarder: Make, options: dict[str, Any], alarms: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_forwarder(**options).add_alarms(**alarms)


def test_switching_off_what_cannot_be_is_no_error(make_forwarder: Make) -> None:
    make_forwarder(metrics_detail=MetricsDetail.NONE).add_alarms(lines_rejected=AlarmOptions(enabled=False))


def test_two_forwarders_of_a_stack(app: App, make_forwarder: Make) -> None:
    make_forwarder().add_alarms()
    make_forwarder("Another").add_alarms()

    app.synth()
