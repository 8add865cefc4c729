"""The line of log about an invocation."""

import json

import pytest

from handler.report import Report, log


def test_a_good_invocation() -> None:
    report = Report(received=3, delivered=3, batches=1, requests=1, bytes_in=900, bytes_out=200)
    assert report.level == "INFO"
    assert report.summary() == "3 of 3 lines delivered"
    assert "reasons" not in report.fields()
    assert "filters" not in report.fields()
    assert "control_messages" not in report.fields()


def test_levels_and_words_follow_the_worst() -> None:
    report = Report(received=10, delivered=4)
    report.filter("empty")
    assert (report.level, report.summary()) == ("INFO", "4 of 10 lines delivered, 1 filtered")
    report.reject(2, "400 bad")
    assert (report.level, report.summary()) == (
        "WARN",
        "4 of 10 lines delivered, 2 rejected, 1 filtered: 400 bad",
    )
    report.leave(3, "503 down")
    assert report.level == "ERROR"
    assert report.summary() == "4 of 10 lines delivered, 3 undelivered, 2 rejected, 1 filtered: 503 down"
    assert report.fields()["reasons"] == {"503 down": 3, "400 bad": 2}
    assert report.fields()["filters"] == {"empty": 1}


def test_the_summary_names_the_reason_of_a_loss_and_not_of_a_filter() -> None:
    report = Report(received=9)
    for _ in range(8):
        report.filter("empty")
    report.leave(1, "503 down")
    assert report.summary().endswith(": 503 down")


def test_a_single_reason_stands_in_the_message_alone() -> None:
    report = Report(received=1)
    report.leave(1, "503 down")
    assert report.summary().endswith(": 503 down")
    assert "reasons" not in report.fields()


def test_of_many_reasons_three_are_shown_shortened() -> None:
    long = Report()
    long.leave(1, "x" * 999)
    long.leave(1, "y" * 999)
    assert long.fields()["reasons"] == {"x" * 80: 1, "y" * 80: 1}
    report = Report()
    for number in range(9):
        report.reject(number + 1, f"reason {number}")
    assert report.fields()["reasons"] == {"reason 8": 9, "reason 7": 8, "reason 6": 7}


def test_a_control_message() -> None:
    report = Report(control_messages=1)
    assert report.summary() == "control message skipped"
    assert report.fields()["control_messages"] == 1


def test_one_line_of_json_of_bounded_length(capsys: pytest.CaptureFixture[str]) -> None:
    log("WARN", "x\n" * 1000, count=1)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"level": "WARN", "message": ("x\n" * 1000)[:400], "count": 1}
