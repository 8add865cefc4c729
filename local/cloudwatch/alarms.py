"""Alarms as they stand in a template, evaluated as CloudWatch documents it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html, and
alarms-and-missing-data.html beside it.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from local.cloudwatch.expressions import Value, calculate, is_query, query
from local.cloudwatch.metrics import Metrics

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}
# CloudWatch looks at more periods than it evaluates; the documentation's examples are of five for three.
_MORE_PERIODS = 2
_EVERY = 60


class State(Enum):
    """Of an alarm."""

    OK = "OK"
    ALARM = "ALARM"


@dataclass(frozen=True)
class Alarm:
    """An alarm of a template.

    name: its id there, without what stands before and after it.
    properties: as CloudFormation has them, with no function left in them.
    """

    name: str
    properties: Mapping[str, Any]

    @property
    def period(self) -> int:
        """Seconds that a data point is of."""
        if "Metrics" not in self.properties:
            return int(self.properties["Period"])
        periods = {
            one.get("Period") or one["MetricStat"]["Period"]
            for one in self.properties["Metrics"]
            if "MetricStat" in one or "Period" in one
        }
        (period,) = periods
        return int(period)

    def state(self, metrics: Metrics, moment: float) -> State:
        """Return its state, from the data points up to a time."""
        periods = self.properties["EvaluationPeriods"] + _MORE_PERIODS
        begins = [moment - (periods - number) * self.period for number in range(periods)]
        return self.judge([self._value(metrics, begin, begin + self.period) for begin in begins])

    def states(self, metrics: Metrics, begin: float, end: float) -> Iterable[tuple[float, State]]:
        """Return its states between two times: CloudWatch looks every minute, at periods that end then."""
        moment = begin - begin % _EVERY + _EVERY
        while moment <= end:
            yield moment, self.state(metrics, moment)
            moment += _EVERY

    def judge(self, values: Sequence[Value]) -> State:
        """Return the state that the data points of the evaluation range make, the latest last."""
        compare = _COMPARISONS[self.properties["ComparisonOperator"]]
        periods: int = self.properties["EvaluationPeriods"]
        real = [compare(value, self.properties["Threshold"]) for value in values if value is not None][
            -periods:
        ]
        missing = {"notBreaching": False, "breaching": True}[self.properties["TreatMissingData"]]
        breaching = sum(real) + (periods - len(real)) * missing
        return State.ALARM if breaching >= self.properties["DatapointsToAlarm"] else State.OK

    def _value(self, metrics: Metrics, begin: float, end: float) -> Value:
        properties = self.properties
        if "Metrics" not in properties:
            return _statistic(metrics, properties, properties["Statistic"], begin, end)
        values: dict[str, Value] = {}
        for one in properties["Metrics"]:
            if "MetricStat" in one:
                stat = one["MetricStat"]
                values[one["Id"]] = _statistic(metrics, stat["Metric"], stat["Stat"], begin, end)
        (watched,) = [
            one["Expression"]
            for one in properties["Metrics"]
            if one.get("ReturnData", True) and "Expression" in one
        ]
        if is_query(watched):
            return next(iter(query(watched, metrics, begin, end).values()), None)
        return calculate(watched, values)


def _statistic(
    metrics: Metrics, metric: Mapping[str, Any], statistic: str, begin: float, end: float
) -> Value:
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    name = metric["MetricName"]
    return metrics.statistic(metric["Namespace"], name, dimensions, statistic, between=(begin, end))
