"""Metric math and Metrics Insights, of each what our alarms and dashboard ask."""

import ast
import re
from collections.abc import Mapping

from local.cloudwatch.metrics import Dimensions, Metrics

Value = float | None
"""At one time; None where there is none."""

_QUERY = re.compile(
    r'SELECT SUM\((?P<metric>\w+)\) FROM "(?P<namespace>[\w/]+)"(?: WHERE (?P<where>.+?))?'
    r"(?: GROUP BY (?P<group>\w+) ORDER BY SUM\(\) DESC LIMIT (?P<limit>\d+))?"
)
_EQUAL = re.compile(r"(\w+) = '([^']*)'")
_SEARCH = re.compile(
    r"SLICE\(SORT\(SEARCH\('\{(?P<namespace>\w+),(?P<names>[\w,]+)\} MetricName=\"(?P<metric>\w+)\" "
    r"(?P<name>\w+)=\"(?P<value>[^\"]+)\"', 'Sum', \d+\), SUM, DESC\), 0, (?P<limit>\d+)\)"
)


def calculate(expression: str, values: Mapping[str, Value]) -> Value:
    """Return what an expression of metric math is at one time, by the values of its metrics then.

    As documented: in arithmetic what is missing counts as 0, unless all is; `IF` takes a missing value for 0
    where the condition is there and true, and has none where the condition is missing or false.
    """
    # What Python and metric math write alike; `IF` is a name to Python, so it parses.
    return _calculate(ast.parse(expression, mode="eval").body, values)


def _calculate(node: ast.expr, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=operator, right=right):
            return _combine(operator, left, right, values)
        case ast.Call(func=ast.Name(id="FILL"), args=[metric, filler]):
            found = _calculate(metric, values)
            return _calculate(filler, values) if found is None else found
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then]):
            return (_calculate(then, values) or 0) if _calculate(condition, values) else None
    raise ValueError(f"metric math that is not known here: {ast.unparse(node)}")


def _combine(operator: ast.operator, left: ast.expr, right: ast.expr, values: Mapping[str, Value]) -> Value:
    sides = [_calculate(left, values), _calculate(right, values)]
    series = [
        side for side, node in zip(sides, (left, right), strict=True) if not isinstance(node, ast.Constant)
    ]
    if all(side is None for side in series):
        return None
    one, other = (side or 0 for side in sides)
    match operator:
        case ast.Add():
            return one + other
        case ast.Sub():
            return one - other
        case ast.Mult():
            return one * other
        case ast.Div():
            return one / other if other else None
    raise ValueError(f"an operator that is not known here: {operator}")


def is_query(expression: str) -> bool:
    """Whether an expression is asked of all metrics, and not of those that it is given."""
    return expression.startswith(("SELECT ", "SLICE("))


def query(expression: str, metrics: Metrics, begin: float, end: float) -> dict[str, float]:
    """Return the sums that a query finds, by the label of its group; the largest first."""
    if found := _QUERY.fullmatch(expression):
        conditions = _conditions(found["where"])
        namespace, metric, group, limit = found["namespace"], found["metric"], found["group"], found["limit"]
        exactly: set[str] | None = None
    elif found := _SEARCH.fullmatch(expression):
        namespace, metric, limit = found["namespace"], found["metric"], found["limit"]
        exactly = set(found["names"].split(","))
        conditions = {found["name"]: found["value"]}
        (group,) = exactly - {found["name"]}
    else:
        raise ValueError(f"a query that is not known here: {expression}")
    sums: dict[str, float] = {}
    for dimensions in metrics.dimensions_of(namespace, metric):
        if not _matches(dimensions, conditions, exactly):
            continue
        value = metrics.statistic(namespace, metric, dimensions, "Sum", between=(begin, end))
        if value is not None:
            label = dict(dimensions).get(group, "Other") if group else ""
            sums[label] = sums.get(label, 0) + value
    largest = sorted(sums.items(), key=lambda item: -item[1])
    return dict(largest[: int(limit)] if limit else largest)


def _conditions(where: str | None) -> dict[str, str]:
    conditions = {}
    for one in where.split(" AND ") if where else []:
        if not (found := _EQUAL.fullmatch(one)):
            raise ValueError(f"a condition that is not known here: {one}")
        conditions[found[1]] = found[2]
    return conditions


def _matches(dimensions: Dimensions, conditions: Mapping[str, str], exactly: set[str] | None) -> bool:
    names = {name for name, _ in dimensions}
    return conditions.items() <= dimensions and (exactly is None or names == exactly)
