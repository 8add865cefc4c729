"""The tables of metrics and alarms in docs/reference, from what the library says of itself.

python -m tests.watching.document    writes them between the documents' marks
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aws_cdk import aws_kinesis as kinesis

from local.cloudwatch import Alarm
from mezmo_forwarder import AlarmOptions, MezmoLogForwarder
from tests.watching.deployed import alarms_of, make_stack

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs/reference"
USD = 0.10
"""A month, for a metric that an alarm looks at: https://aws.amazon.com/cloudwatch/pricing/, November 2026."""


def snake(name: str) -> str:
    """Return a name as Python spells it."""
    return re.sub("([A-Z])", r"_\1", name).lower().removeprefix("_")


def metrics() -> dict[str, tuple[str, str, str]]:
    """Return the methods that are a metric: its namespace, its name, what it says of itself."""
    assembly = json.loads((ROOT / ".jsii").read_text(encoding="utf-8"))
    methods = assembly["types"][f"mezmo-forwarder.{MezmoLogForwarder.__name__}"]["methods"]
    _, forwarder = make_stack()
    found = {}
    for method in methods:
        name = snake(method["name"])
        if not name.startswith("metric_"):
            continue
        made = getattr(forwarder, name)()
        if hasattr(made, "expression"):
            target = ("AWS/Logs", re.findall(r"SUM\((\w+)\)", made.expression)[0])
        else:
            target = (made.namespace, made.metric_name)
        found[name] = (*target, method["docs"]["summary"])
    return found


def metrics_tables() -> Iterator[str]:
    """Yield the lines of a table for each namespace."""
    heads = {
        "MezmoForwarder": "The handler's own, by `FunctionName`",
        "AWS/Lambda": "Lambda's",
        "AWS/Logs": "CloudWatch Logs'",
    }
    for namespace, head in heads.items():
        yield f"| {head} | |"
        yield "|---|---|"
        for method, (space, name, says) in metrics().items():
            if space == namespace:
                yield f"| `{name}` <br> `.{method}()` | {says} |"
        yield ""


def all_alarms() -> tuple[dict[str, Alarm], set[str]]:
    """Return all alarms, and the names of those that are there by default."""
    stack, forwarder = make_stack()
    forwarder.add_alarms()
    usual = set(alarms_of(stack))
    stack, forwarder = make_stack()
    forwarder.add_alarms(no_events=AlarmOptions())
    forwarder.add_kinesis_stream(kinesis.Stream(stack, "Stream"))
    return alarms_of(stack), usual


def alarms_table() -> Iterator[str]:
    """Yield the lines of the table of alarms, and what they cost."""
    alarms, usual = all_alarms()
    yield "| option | goes off | it means, and what to do |"
    yield "|---|---|---|"
    for name, alarm in alarms.items():
        note = "" if name in usual else " (not by default)"
        when = _when(alarm.properties, alarm.period)
        yield f"| `{snake(name)}`{note} | {when} | {alarm.properties['AlarmDescription']} |"
    looked_at = sum(_looks_at(alarms[name].properties) for name in usual)
    queries = [_looks_at(alarms[name].properties) for name in usual].count(0)
    yield ""
    yield (
        f"Of the {len(usual)} by default, {len(usual) - queries} look at {looked_at} metrics, at "
        f"{USD:.2f} USD each: {looked_at * USD:.2f} USD a month, less 10 that CloudWatch's free tier covers. "
        f"The other {queries} are queries, at {USD:.2f} USD for each metric that they find: one a filter."
    )


def _when(properties: Mapping[str, Any], period: int) -> str:
    if "Metrics" in properties:
        (expression,) = [one["Expression"] for one in properties["Metrics"] if "Expression" in one]
        what = f"`{expression}`".replace('"', "").replace("|", "")
    else:
        what = f"`{properties['MetricName']}`, {properties['Statistic'].lower()}"
    sign = {"GreaterThanOrEqualToThreshold": "≥", "LessThanThreshold": "<"}[properties["ComparisonOperator"]]
    minutes = f"{period // 60} minutes" if period < 3600 else "an hour"
    most, of = properties["DatapointsToAlarm"], properties["EvaluationPeriods"]
    return f"{what} {sign} {properties['Threshold']:,} in {minutes}" + (
        f", {most} of {of} times" if of > 1 else ""
    )


def _looks_at(properties: Mapping[str, Any]) -> int:
    if "Metrics" not in properties:
        return 1
    return sum("MetricStat" in one for one in properties["Metrics"])


def documents() -> Iterator[tuple[Path, str]]:
    """Yield each document and its text, with its table as it is now."""
    for name, lines in (("metrics", metrics_tables()), ("alarms", alarms_table())):
        path = REFERENCE / f"{name}.md"
        begin, end = (
            f"<!-- {name}: `python -m tests.watching.document` writes this -->\n",
            f"<!-- end of {name} -->",
        )
        head, _, rest = path.read_text(encoding="utf-8").partition(begin)
        _, _, tail = rest.partition(end)
        assert tail, f"{path} has no place for its table"
        yield path, head + begin + "\n" + "\n".join(lines).rstrip() + "\n\n" + end + tail


if __name__ == "__main__":
    for path, text in documents():
        path.write_text(text, encoding="utf-8")
