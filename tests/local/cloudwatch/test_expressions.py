"""Metric math and Metrics Insights, by the documentation's examples."""

import json

import pytest

from local.cloudwatch import Metrics
from local.cloudwatch.expressions import calculate, query


@pytest.mark.parametrize(
    ("expression", "values", "result"),
    [
        ("a - b", {"a": 3.0, "b": 1.0}, 2),
        ("a - b", {"a": 3.0, "b": None}, 3),
        ("a - b", {"a": None, "b": None}, None),
        ("a / 1000", {"a": None}, None),
        ("a / b", {"a": 1.0, "b": 0.0}, None),
        ("FILL(a, 0) * 2 + FILL(b, 0) * 3", {"a": None, "b": 2.0}, 6),
        # Of "Using IF expressions": [1, 1, 0, 0, -], [30, -, 0, 0, 30], without a third.
        ("IF(a, b)", {"a": 1.0, "b": 30.0}, 30),
        ("IF(a, b)", {"a": 1.0, "b": None}, 0),
        ("IF(a, b)", {"a": 0.0, "b": 0.0}, None),
        ("IF(a, b)", {"a": None, "b": 30.0}, None),
    ],
)
def test_metric_math(expression: str, values: dict[str, float | None], result: float | None) -> None:
    assert calculate(expression, values) == result


@pytest.mark.parametrize("expression", ["MAX(a)", "a > 1", "-a", "a ** 2"])
def test_other_metric_math_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match="not known here"):
        calculate(expression, {"a": 1.0})


@pytest.fixture
def metrics() -> Metrics:
    made = Metrics()
    for group, filter_name, value in [("/a", "one", 1), ("/b", "one", 5), ("/b", "two", 2), ("/c", "two", 3)]:
        made.put("AWS/Logs", "ForwardedBytes", {"LogGroupName": group, "FilterName": filter_name}, value, 100)
    return made


@pytest.mark.parametrize(
    ("end", "result"),
    [
        ("", {"": 11}),
        (" WHERE FilterName = 'one' AND LogGroupName = '/b'", {"": 5}),
        (" WHERE FilterName = 'three'", {}),
        (" GROUP BY LogGroupName ORDER BY SUM() DESC LIMIT 2", {"/b": 7, "/c": 3}),
    ],
)
def test_a_query(metrics: Metrics, end: str, result: dict[str, float]) -> None:
    text = f'SELECT SUM(ForwardedBytes) FROM "AWS/Logs"{end}'
    assert query(text, metrics, 0, 300) == result
    assert query(text, metrics, 101, 300) == {}


@pytest.mark.parametrize("end", [" WHERE a = 'b' OR c = 'd'", " LIMIT 3", " WHERE a LIKE 'b'"])
def test_a_query_that_cloudwatch_does_not_document_is_an_error(metrics: Metrics, end: str) -> None:
    with pytest.raises(ValueError, match="not known here"):
        query(f'SELECT SUM(ForwardedBytes) FROM "AWS/Logs"{end}', metrics, 0, 300)


def test_embedded_metrics_of_a_log_are_read() -> None:
    line = {
        "message": "3 lines",
        "Lines": 3,
        "FunctionName": "fn",
        "LogGroup": "/a",
        "_aws": {
            "Timestamp": 100_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Own",
                    "Dimensions": [["FunctionName"], ["FunctionName", "LogGroup"]],
                    "Metrics": [{"Name": "Lines"}],
                }
            ],
        },
    }
    metrics = Metrics()
    metrics.read_log([json.dumps(line), '{"message": "no metrics"}'])

    assert metrics.names("Own") == {"Lines"}
    assert sorted(map(len, metrics.dimensions_of("Own", "Lines"))) == [1, 2]
    assert (
        metrics.statistic("Own", "Lines", frozenset({("FunctionName", "fn")}), "Sum", between=(100, 101)) == 3
    )
