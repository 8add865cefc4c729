"""The figures of an hour: AWS's own, CloudWatch Logs' count beside ours, and what the handler counted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from handler.report import NAMESPACE

from .calls import CallError
from .deployment import Deployment
from .findings import Answer, broken, counted, ok, unknown, warning
from .subscriptions import subscribed

_HOUR = 3600
_LAG = 300  # CloudWatch has the figures some minutes later
_PERIOD = 300
_MOST_QUERIES = 500
_FEW = 0.9  # of the log events that were forwarded, counted by the function: beyond the edges of the hour

_DELIVERY = ("ForwardedLogEvents", "DeliveryErrors", "DeliveryThrottling")
_LAMBDA = ("Invocations", "Errors", "Throttles", "AsyncEventsDropped", "DestinationDeliveryFailures")
_OWN = ("LinesReceived", "LinesDelivered", "LinesStored", "LinesRejected", "LinesUndelivered")
_OWN_ALARMS = ("KeyRefused", "UnexpectedReplies", "BreakerOpen")


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by its name and dimensions."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


def sums(deployment: Deployment, metrics: Iterable[Metric]) -> Counter[str]:
    """Return what came together of each in the hour, by name.

    Raises:
        CallError: CloudWatch did not tell.
    """
    total: Counter[str] = Counter()
    wanted = list(metrics)
    for start in range(0, len(wanted), _MOST_QUERIES):
        part = {f"m{index}": metric for index, metric in enumerate(wanted[start : start + _MOST_QUERIES])}
        queries = [
            {
                "Id": query,
                "MetricStat": {
                    "Metric": {
                        "Namespace": metric.namespace,
                        "MetricName": metric.name,
                        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
                    },
                    "Period": _PERIOD,
                    "Stat": "Sum",
                },
            }
            for query, metric in part.items()
        ]
        for result in deployment.calls.pages(
            "cloudwatch",
            "get_metric_data",
            "MetricDataResults",
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(deployment.now - _HOUR - _LAG, UTC),
            EndTime=datetime.fromtimestamp(deployment.now, UTC),
        ):
            total[part[result["Id"]].name] += round(sum(result["Values"]))
    return total


def of_lambda(deployment: Deployment) -> Iterator[Answer]:
    """What Lambda says of the function's invocations."""
    name = deployment.function.name
    found = sums(deployment, (Metric("AWS/Lambda", one, (("FunctionName", name),)) for one in _LAMBDA))
    well = True
    for metric, text, remedy in (
        ("DestinationDeliveryFailures", "events that Lambda could not write to the bucket, and lost",
         "look at the findings on the store"),
        ("AsyncEventsDropped", "events that Lambda dropped after its last try",
         "they are in the bucket's aws/lambda/, if there is one; look at the reserved concurrency"),
        ("Errors", "invocations that failed, and that Lambda repeats", "look at the own log"),
        ("Throttles", "invocations that were throttled, and wait",
         "raise reserved_concurrent_executions, or the account's limit"),
    ):  # fmt: skip
        if not found[metric]:
            continue
        well = False
        say = broken if metric == "DestinationDeliveryFailures" else warning
        yield say(f"{metric} {found[metric]:,} in the last hour: {text}", remedy)
    if well:
        yield ok(f"{counted(found['Invocations'], 'invocation')} in the last hour, none failed or throttled")


def of_cloudwatch(deployment: Deployment) -> Iterator[Answer]:
    """What CloudWatch Logs forwarded, and what of it reached the function."""
    forwarded = _forwarded(deployment)
    if forwarded is None:
        yield unknown(
            "no log group is known to be subscribed singly, and so are no figures of CloudWatch Logs'"
        )
        return
    if forwarded["DeliveryErrors"]:
        yield broken(
            f"CloudWatch Logs could not deliver {forwarded['DeliveryErrors']:,} times in the last hour "
            "(DeliveryErrors)",
            "look at the invoke permission and the concurrency; what it gives up is lost",
        )
    if forwarded["DeliveryThrottling"]:
        yield warning(
            f"CloudWatch Logs was throttled {forwarded['DeliveryThrottling']:,} times in the last hour "
            "(DeliveryThrottling)",
            "raise reserved_concurrent_executions, or the account's limit",
        )
    yield _compare(deployment, forwarded["ForwardedLogEvents"])


def _forwarded(deployment: Deployment) -> Counter[str] | None:
    if deployment.stack is None:
        return None
    try:
        expected, _ = subscribed(deployment, deployment.stack)
    except CallError:
        return None
    if not expected:
        return None
    return sums(
        deployment,
        (
            Metric(
                "AWS/Logs",
                name,
                (("LogGroupName", one.group), ("DestinationType", "Lambda"), ("FilterName", one.name)),
            )
            for one in expected
            for name in _DELIVERY
        ),
    )


def _compare(deployment: Deployment, forwarded: int) -> Answer:
    settings = deployment.known_settings
    if settings is None or settings.metrics is None:
        return ok(
            f"CloudWatch Logs forwarded {forwarded:,} log events in the last hour; the function counts none"
        )
    received = _own(deployment, ("LinesReceived",))["LinesReceived"]
    figures = (
        f"CloudWatch Logs forwarded {forwarded:,} log events in the last hour, the function counted "
        f"{received:,} lines"
    )
    joins = settings.multiline or any(own.multiline for own in settings.subscriptions.values())
    if forwarded and not received:
        return broken(figures, "look at the own log; at the invoke permission; at Lambda's figures above")
    if received < forwarded * _FEW and not joins:
        return warning(
            figures,
            "the rest may be under way still; otherwise look at Lambda's figures above, and at AsyncEventAge",
        )
    if not forwarded and not received:
        return ok(
            "nothing was forwarded in the last hour: nothing was logged, or the filter patterns match none"
        )
    return ok(figures + (", of which several log events may make one" if joins else ""))


def _own(deployment: Deployment, names: Iterable[str]) -> Counter[str]:
    dimensions = (("FunctionName", deployment.function.name),)
    return sums(deployment, (Metric(NAMESPACE, name, dimensions) for name in names))


def of_lines(deployment: Deployment) -> Iterator[Answer]:
    """What became of lines, as the handler counted them."""
    settings = deployment.known_settings
    if settings is None or settings.metrics is None:
        yield unknown("the function publishes no metrics of its own")
        return
    found = _own(deployment, (*_OWN, *_OWN_ALARMS))
    counts = ", ".join(
        f"{found[name]:,} {name.removeprefix('Lines').lower()}" for name in _OWN if found[name]
    )
    text = f"lines of the last hour: {counts or 'none'}"
    troubles = [name for name in (*_OWN[3:], *_OWN_ALARMS) if found[name]]
    if troubles:
        yield warning(
            f"{text} ({', '.join(f'{name} {found[name]:,}' for name in troubles)})",
            "the own log has the reasons",
        )
    else:
        yield ok(text)
