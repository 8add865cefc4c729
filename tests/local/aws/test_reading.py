"""The local AWS gives out log events by the page, as CloudWatch Logs does."""

from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import data_records, eventually, make_recorder, make_stream, write

NOW = 1_795_000_000_000


def put(aws: LocalAws, group: str, messages: list[str], stream: str = "stream") -> None:
    events = [{"timestamp": NOW + number, "message": text} for number, text in enumerate(messages)]
    aws.client("logs").put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def pages(aws: LocalAws, group: str, **asked: Any) -> list[list[dict[str, Any]]]:
    paginator = aws.client("logs").get_paginator("filter_log_events")
    return [page["events"] for page in paginator.paginate(logGroupName=group, **asked)]


def test_a_page_has_ten_thousand_events_or_a_megabyte(aws: LocalAws) -> None:
    make_stream(aws, "/read/many")
    put(aws, "/read/many", [str(number) for number in range(10_001)])
    make_stream(aws, "/read/large")
    put(aws, "/read/large", ["x" * 400_000] * 5)

    assert [len(page) for page in pages(aws, "/read/many")] == [10_000, 1]
    assert [len(page) for page in pages(aws, "/read/large")] == [2, 2, 1]
    assert [len(page) for page in pages(aws, "/read/large", limit=4)] == [2, 2, 1]


def test_streams_are_read_together_in_the_order_of_time_within_both_times(aws: LocalAws) -> None:
    make_stream(aws, "/read/streams")
    aws.client("logs").create_log_stream(logGroupName="/read/streams", logStreamName="other")
    put(aws, "/read/streams", ["a", "b", "c"])
    put(aws, "/read/streams", ["A", "B", "C"], "other")
    (page,) = pages(aws, "/read/streams", startTime=NOW + 1, endTime=NOW + 2)

    assert sorted(event["message"] for event in page[:2]) == ["B", "b"]
    assert sorted(event["message"] for event in page[2:]) == ["C", "c"]
    assert {event["logStreamName"] for event in page} == {"stream", "other"}


def test_a_page_without_a_match_is_empty_and_not_the_last(aws: LocalAws) -> None:
    make_stream(aws, "/read/pattern")
    put(aws, "/read/pattern", ["x" * 800_000, "y" * 800_000, "ERROR"])

    assert [len(page) for page in pages(aws, "/read/pattern", filterPattern="ERROR")] == [0, 1]
    logs = aws.client("logs")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="does not simulate"):
        logs.filter_log_events(logGroupName="/read/pattern", filterPattern="ERROR -x")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="nextToken is invalid"):
        logs.filter_log_events(logGroupName="/read/pattern", nextToken="none")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName="/read/none")


def test_an_event_has_one_id_for_readers_and_subscribers(aws: LocalAws) -> None:
    function = make_recorder(aws, "reads")
    make_stream(aws, "/read/id")
    aws.client("logs").put_subscription_filter(
        logGroupName="/read/id", filterName="f", filterPattern="", destinationArn=function
    )
    write(aws, "/read/id", "one", "two")
    (record,) = eventually(lambda: data_records(aws, "reads"))
    (page,) = pages(aws, "/read/id")

    assert [event["eventId"] for event in page] == [event["id"] for event in record["logEvents"]]
