"""What a dashboard's widgets show, worked out of metrics as CloudWatch would."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.cloudwatch.expressions import Value, calculate, is_query, query
from local.cloudwatch.metrics import Metrics

_PERIOD = 300


@dataclass(frozen=True)
class Series:
    """A line of a graph, a bar, or a number: label, whether it has the right axis, values in time."""

    label: str
    right: bool
    values: Sequence[Value]


@dataclass(frozen=True)
class _Entry:
    """An entry of a widget's `metrics`."""

    target: Sequence[str]
    rendering: Mapping[str, Any]

    @property
    def expression(self) -> str:
        """Its expression, or nothing."""
        return str(self.rendering.get("expression", ""))


def series_of(properties: Mapping[str, Any], metrics: Metrics, begin: float, end: float) -> list[Series]:
    """Return what a metric widget shows of a time."""
    whole = properties.get("setPeriodToTimeRange", False)
    period = end - begin if whole else float(properties.get("period", _PERIOD))
    times = [
        (begin + number * period, begin + (number + 1) * period)
        for number in range(round((end - begin) / period))
    ]
    entries = [*_entries(properties["metrics"])]
    return [
        series
        for entry in entries
        if entry.rendering.get("visible", True)
        for series in _series(entry, entries, metrics, times)
    ]


def _entries(rows: Sequence[Sequence[Any]]) -> Iterator[_Entry]:
    for row in rows:
        rendering = row[-1] if isinstance(row[-1], Mapping) else {}
        yield _Entry([part for part in row if isinstance(part, str)], rendering)


def _series(
    entry: _Entry, entries: Sequence[_Entry], metrics: Metrics, times: Sequence[tuple[float, float]]
) -> Iterator[Series]:
    right = entry.rendering.get("yAxis") == "right"
    if is_query(entry.expression):
        found = [query(entry.expression, metrics, *time) for time in times]
        for label in dict.fromkeys(label for one in found for label in one):
            name = label or str(entry.rendering["label"])
            yield Series(name, right, [one.get(label) for one in found])
        return
    values: list[Value] = []
    for time in times:
        if entry.expression:
            known = {
                one.rendering["id"]: _value(one, metrics, *time)
                for one in entries
                if "id" in one.rendering and one.target
            }
            values.append(calculate(entry.expression, known))
        else:
            values.append(_value(entry, metrics, *time))
    yield Series(str(entry.rendering.get("label", "")), right, values)


def _value(entry: _Entry, metrics: Metrics, begin: float, end: float) -> Value:
    namespace, name, *dimensions = entry.target
    pairs = frozenset(zip(dimensions[::2], dimensions[1::2], strict=True))
    statistic = entry.rendering.get("stat", "Average")
    return metrics.statistic(namespace, name, pairs, statistic, between=(begin, end))
