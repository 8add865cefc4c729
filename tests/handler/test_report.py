"""The line of log about an invocation, which is its metrics as well."""

import json

import msgspec
import pytest

from handler.lines.batches import Batch, Piece, Query
from handler.report import Report, log, log_report
from tests.handler.cloudwatch import FIRST_TIMESTAMP, GROUP, received

NOW = FIRST_TIMESTAMP / 1000 + 30


def batch(count: int, group: str = GROUP) -> Batch:
    lines = [{"line": "x" * 90}] * count  # of 101 bytes each, with the comma
    return Batch(Query("host"), [Piece(msgspec.json.encode(lines), count, received(["x"], group=group))])


def report_of(received_lines: int, delivered: int = 0) -> Report:
    report = Report()
    report.of(GROUP).received = received_lines
    if delivered:
        report.deliver(batch(delivered), NOW)
    return report


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def logged(
    capsys: pytest.CaptureFixture[str], report: Report, detail: object = "forwarder"
) -> list[dict[str, object]]:
    log_report(report, function="Fn", detail=detail, now=NOW, milliseconds=12)  # type: ignore[arg-type]
    return lines_of(capsys)


def test_a_good_invocation_is_one_line_with_its_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    report = report_of(3, 3)
    report.batches, report.requests, report.bytes_in, report.bytes_sent = 1, 1, 900, 200
    assert logged(capsys, report) == [
        {
            "level": "INFO",
            "message": "3 of 3 lines delivered",
            "log_group": GROUP,
            "LinesReceived": 3,
            "LinesDelivered": 3,
            "BytesDelivered": 305,
            "Requests": 1,
            "OldestLineAge": 30.0,
            "bytes_in": 900,
            "bytes_sent": 200,
            "batches": 1,
            "milliseconds": 12,
            "FunctionName": "Fn",
            "_aws": {
                "Timestamp": int(NOW * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": "MezmoForwarder",
                        "Dimensions": [["FunctionName"]],
                        "Metrics": [
                            {"Name": "LinesReceived"},
                            {"Name": "LinesDelivered"},
                            {"Name": "BytesDelivered", "Unit": "Bytes"},
                            {"Name": "Requests"},
                            {"Name": "OldestLineAge", "Unit": "Seconds"},
                        ],
                    }
                ],
            },
        }
    ]


def test_without_metrics_the_line_is_the_same_but_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = logged(capsys, report_of(3, 3), detail=None)
    assert (line["LinesReceived"], line["LinesDelivered"]) == (3, 3)
    assert "_aws" not in line
    assert "FunctionName" not in line


def test_by_log_group_an_invocation_of_one_group_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = logged(capsys, report_of(3, 3), detail="log-group")
    (directive,) = line["_aws"]["CloudWatchMetrics"]  # type: ignore[index]
    assert directive["Dimensions"] == [["FunctionName"], ["FunctionName", "LogGroup"]]
    assert line["LogGroup"] == GROUP


def test_by_log_group_an_invocation_of_several_has_a_line_for_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = report_of(3, 3)
    report.of("/other").received = 5
    report.deliver(batch(4, "/other"), NOW)
    report.leave(batch(1, "/other"), "503")
    total, first, second = logged(capsys, report, detail="log-group")
    assert (total["LinesReceived"], total["LinesDelivered"]) == (8, 7)
    assert "log_group" not in total
    assert [(line["LogGroup"], line["LinesReceived"]) for line in (first, second)] == [
        (GROUP, 3),
        ("/other", 5),
    ]
    assert second["LinesUndelivered"] == 1
    for line in (first, second):
        (directive,) = line["_aws"]["CloudWatchMetrics"]  # type: ignore[index]
        assert directive["Dimensions"] == [["FunctionName", "LogGroup"]]
        assert {metric["Name"] for metric in directive["Metrics"]} <= set(line)


def test_levels_and_words_follow_the_worst() -> None:
    report = report_of(10, 4)
    report.filter(GROUP, "empty")
    assert (report.level, report.summary()) == ("INFO", "4 of 10 lines delivered, 1 filtered")
    report.reject(batch(2), "400 bad")
    assert (report.level, report.summary()) == (
        "WARN",
        "4 of 10 lines delivered, 2 rejected, 1 filtered: 400 bad",
    )
    report.leave(batch(3), "503 down")
    assert report.level == "ERROR"
    assert report.summary() == "4 of 10 lines delivered, 3 undelivered, 2 rejected, 1 filtered: 503 down"
    assert report.fields()["reasons"] == {"503 down": 3, "400 bad": 2}
    assert report.fields()["filters"] == {"empty": 1}


def test_what_was_kept_is_stored_and_no_error() -> None:
    report = report_of(7, 4)
    report.leave(batch(2), "503 down")
    report.leave_document("/other", 9, 800, "not tried")
    report.of("/other").received = 9
    assert report.metrics()["LinesUndelivered"] == 11
    report.keep()
    assert (report.level, report.summary()) == (
        "WARN",
        "4 of 16 lines delivered, 11 stored: not tried",
    )
    metrics = report.metrics()
    assert (metrics["LinesStored"], metrics["BytesStored"]) == (11, 203 + 800)
    assert "LinesUndelivered" not in metrics


def test_the_summary_names_the_reason_of_a_loss_and_not_of_a_filter() -> None:
    report = report_of(9)
    for _ in range(8):
        report.filter(GROUP, "empty")
    report.leave(batch(1), "503 down")
    assert report.summary().endswith(": 503 down")


def test_a_single_reason_stands_in_the_message_alone() -> None:
    report = report_of(1)
    report.leave(batch(1), "503 down")
    assert report.summary().endswith(": 503 down")
    assert "reasons" not in report.fields()


def test_of_many_reasons_three_are_shown_shortened() -> None:
    long = Report()
    long.leave(batch(1), "x" * 999)
    long.leave(batch(1), "y" * 999)
    assert long.fields()["reasons"] == {"x" * 80: 1, "y" * 80: 1}
    report = Report()
    for number in range(9):
        report.reject(batch(number + 1), f"reason {number}")
    assert report.fields()["reasons"] == {"reason 8": 9, "reason 7": 8, "reason 6": 7}


def test_a_control_message() -> None:
    report = Report(control_messages=1)
    assert report.summary() == "control message skipped"
    assert report.fields()["control_messages"] == 1


def test_one_line_of_json_of_bounded_length(capsys: pytest.CaptureFixture[str]) -> None:
    log("WARN", "x\n" * 1000, count=1)
    assert lines_of(capsys) == [{"level": "WARN", "message": ("x\n" * 1000)[:400], "count": 1}]
