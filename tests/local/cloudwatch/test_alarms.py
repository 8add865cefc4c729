"""Alarms are evaluated as CloudWatch's documentation says, by its own examples."""

from typing import Any

import pytest

from local.cloudwatch import Alarm, Metrics, State


def make(missing: str, datapoints: int, **more: Any) -> Alarm:
    return Alarm(
        "Test",
        {
            "Namespace": "N",
            "MetricName": "M",
            "Dimensions": [{"Name": "D", "Value": "v"}],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": datapoints,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": missing,
            **more,
        },
    )


# From "How alarm state is evaluated when data is missing": the five latest data points, how many of three
# must be breaching, and the state with what is missing for breaching, and for not breaching.
DOCUMENTED = [
    ("0-X-X", 3, "OK", "OK"),
    ("0----", 3, "OK", "OK"),
    ("-----", 3, "ALARM", "OK"),
    ("0XX-X", 3, "ALARM", "ALARM"),
    ("--X--", 3, "ALARM", "OK"),
    ("0-X-X", 2, "ALARM", "ALARM"),
    ("00X0X", 2, "ALARM", "ALARM"),
    ("0-X--", 2, "ALARM", "OK"),
    ("----0", 2, "ALARM", "OK"),
    ("---X-", 2, "ALARM", "OK"),
]


@pytest.mark.parametrize(("points", "datapoints", "breaching", "not_breaching"), DOCUMENTED)
def test_the_examples_of_the_documentation(
    points: str, datapoints: int, breaching: str, not_breaching: str
) -> None:
    values = [{"0": 0.0, "X": 5.0, "-": None}[point] for point in points]

    assert make("breaching", datapoints).judge(values) is State[breaching]
    assert make("notBreaching", datapoints).judge(values) is State[not_breaching]


def test_a_period_ends_with_each_minute() -> None:
    metrics = Metrics()
    metrics.put("N", "M", {"D": "v"}, 1, 1000)
    metrics.put("N", "M", {"D": "other"}, 1, 100)
    alarm = make("notBreaching", 1, EvaluationPeriods=1)

    states = dict(alarm.states(metrics, 0, 3600))
    alarmed = [moment for moment, state in states.items() if state is State.ALARM]
    assert (alarmed[0], len(states)) == (1020, 60)
    # The one data point there is counts as long as it is among those that CloudWatch looks at.
    assert alarmed[-1] == 1000 - 1000 % 60 + 3 * 300


def test_what_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="ignore"):
        make("ignore", 1).judge([None])
