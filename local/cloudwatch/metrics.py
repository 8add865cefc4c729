"""Values of metrics, and their statistics over a time."""

import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping

Dimensions = frozenset[tuple[str, str]]


class Metrics:
    """What was published, by namespace, name and dimensions."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], dict[Dimensions, list[tuple[float, float]]]] = {}

    def put(
        self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, moment: float
    ) -> None:
        """Publish a value, at a time of day in seconds."""
        series = self._values.setdefault((namespace, name), {})
        insort(series.setdefault(frozenset(dimensions.items()), []), (moment, value))

    def read_log(self, lines: Iterable[str]) -> None:
        """Publish what the lines of a function's log hold in embedded metric format."""
        for line in lines:
            document = json.loads(line)
            metadata = document.get("_aws")
            if not metadata:
                continue
            for directive in metadata["CloudWatchMetrics"]:
                for names in directive["Dimensions"]:
                    dimensions = {name: document[name] for name in names}
                    for metric in directive["Metrics"]:
                        name = metric["Name"]
                        moment = metadata["Timestamp"] / 1000
                        self.put(directive["Namespace"], name, dimensions, document[name], moment)

    def dimensions_of(self, namespace: str, name: str) -> list[Dimensions]:
        """Return the sets of dimensions that a metric has values in."""
        return list(self._values.get((namespace, name), {}))

    def names(self, namespace: str) -> set[str]:
        """Return the metrics that a namespace has values of."""
        return {name for space, name in self._values if space == namespace}

    def statistic(
        self,
        namespace: str,
        name: str,
        dimensions: Dimensions,
        statistic: str,
        *,
        between: tuple[float, float],
    ) -> float | None:
        """Return a statistic over the values from a time to before another; None if there are none."""
        series = self._values.get((namespace, name), {}).get(dimensions, [])
        first, last = (bisect_left(series, (moment,)) for moment in between)
        values = [value for _, value in series[first:last]]
        if not values:
            return None
        match statistic:
            case "Sum":
                return sum(values)
            case "Maximum":
                return max(values)
            case "Average":
                return sum(values) / len(values)
        raise ValueError(f"the statistic {statistic!r} is not known here")
