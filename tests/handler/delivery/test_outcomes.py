"""How a request went: the table of replies."""

import json

import pytest

from handler.client import Reply
from handler.delivery.outcomes import (
    Delivered,
    EncodingRefused,
    KeyRefused,
    Outcome,
    Partial,
    Rejected,
    Retry,
    TooLarge,
    Undelivered,
    judge,
    judge_failure,
)
from handler.errors import TransportError

NOW = 1_795_428_000.0  # Mon, 23 Nov 2026 10:00:00 GMT


def reply(status: int, error: str = "", **headers: str) -> Reply:
    body = json.dumps({"error": error, "code": "X", "status": "error"}).encode() if error else b""
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def judged(
    answer: Reply, *, lines: int = 2, compressed: bool = False, gzip_understood: bool = False
) -> Outcome:
    return judge(answer, lines=lines, compressed=compressed, gzip_understood=gzip_understood, now=NOW)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_only_2xx_is_success_whatever_the_body(status: int) -> None:
    assert judged(Reply(status, {}, b"<html>")) == Delivered()
    assert judged(Reply(status, {}, b"", complete=False)) == Delivered()


@pytest.mark.parametrize("status", [408, 429, 500, 501, 502, 503, 504, 599])
def test_a_moment_s_trouble_is_retried(status: int) -> None:
    assert judged(reply(status, "busy")) == Retry(f"{status} busy", fewer=status == 429)


@pytest.mark.parametrize(
    ("header", "after"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("Mon, 99 Nov 99999999 10:00:30 GMT", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(header: str, after: float | None) -> None:
    assert judged(reply(429, retry_after=header)) == Retry("429", after, fewer=True)


def test_partial_success_is_read_line_by_line() -> None:
    outcome = judged(Reply(207, {}, b'{"status":[200,429,400,503]}'), lines=4)
    assert isinstance(outcome, Partial)
    assert outcome.codes == [200, 429, 400, 503]
    assert outcome.retryable() == [False, True, False, True]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"status":"ok"}',
        b'{"status":[200]}',
        b'{"status":[200,"400"]}',
        b'{"status":[200,true]}',
    ],
)
def test_partial_success_without_a_status_for_each_line_is_not_success(body: bytes) -> None:
    assert judged(Reply(207, {}, body)) == Undelivered("207 without a status for each line")


@pytest.mark.parametrize("answer", [reply(413), reply(413, "x"), reply(400, "Message size too large")])
@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_too_large_is_to_be_halved(answer: Reply, compressed: bool) -> None:
    assert isinstance(judged(answer, compressed=compressed), TooLarge)


@pytest.mark.parametrize(
    "error", ["Missing param hostname.", '"lines" parameter not an array.', "Bad or missing parameters."]
)
def test_a_bad_request_is_rejected(error: str) -> None:
    assert judged(reply(400, error)) == Rejected(f"400 {error}")
    assert judged(reply(400, error), compressed=True, gzip_understood=True) == Rejected(f"400 {error}")


def test_a_bad_request_that_gzip_could_explain() -> None:
    assert judged(reply(400, "Bad or missing parameters."), compressed=True) == EncodingRefused(
        "400 Bad or missing parameters."
    )
    assert isinstance(judged(reply(400, "Missing param hostname."), compressed=True), Rejected)
    assert isinstance(judged(reply(415), compressed=True, gzip_understood=True), EncodingRefused)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key(status: int) -> None:
    assert judged(reply(status, "Account not found")) == KeyRefused(f"{status} Account not found")


@pytest.mark.parametrize("status", [199, 300, 301, 302, 307, 402, 404, 405, 409, 415, 418, 451, 600])
def test_everything_else_is_undelivered_and_never_rejected(status: int) -> None:
    assert judged(reply(status)) == Undelivered(str(status))


def test_a_refusal_that_broke_off_is_not_believed() -> None:
    answer = Reply(400, {}, b"", complete=False)
    assert judged(answer) == Retry("400 (the response broke off)")


def test_what_the_server_says_is_shown_short_and_on_one_line() -> None:
    outcome = judged(Reply(500, {}, b"<html>\r\n\x1b[31m" + b"x" * 10_000))
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("500 <html> [31mxxx")
    assert len(outcome.reason) < 200


def test_failures_without_a_reply() -> None:
    assert judge_failure(TransportError("reset")) == Retry("reset")
    assert judge_failure(TransportError("not trusted", retryable=False)) == Undelivered("not trusted")
