"""The way of batches to Mezmo, under every kind of fault."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.client import Reply
from handler.delivery.breaker import Breaker
from handler.errors import TransportError
from tests.handler.delivery.deliveries import Run, counts, error, lines_in, texts_of
from tests.handler.doubles import KEY, OK, OTHER_KEY, Clock


def test_batches_are_delivered_in_order() -> None:
    run = Run()
    assert counts(run(["a", "b"], ["c"])) == (3, 0, 0)
    assert run.sent == [["a", "b"], ["c"]]
    assert (run.report.batches, run.report.requests, run.report.retries) == (2, 2, 0)
    assert run.report.bytes_sent == sum(len(body) for _, _, body, _ in run.client.sent)


@pytest.mark.parametrize("fault", [error(503), error(429), error(408), TransportError("reset")])
def test_trouble_that_passes_is_retried_with_growing_pauses(fault: object) -> None:
    run = Run([fault] * 6)
    assert counts(run(["a"])) == (1, 0, 0)
    assert run.clock.waits == [0.5, 1, 2, 4, 8, 10]
    assert (run.report.requests, run.report.retries) == (7, 6)
    assert len({body for _, _, body, _ in run.client.sent}) == 1  # compressed once


def test_the_pauses_have_full_jitter() -> None:
    run = Run([error(503)] * 3, chance=0.25)
    run(["a"])
    assert run.clock.waits == [0.125, 0.25, 0.5]


def test_an_outage_ends_within_the_time_and_spares_the_rest() -> None:
    run = Run([error(503, "down")] * 100, seconds=20)
    assert counts(run(["a"], ["b", "c"])) == (0, 0, 3)
    assert run.clock.now <= 1_020
    assert run.report.reasons == {"out of time after: 503 down": 3}
    assert ["b", "c"] not in run.sent


def test_retry_after_is_honoured_if_it_fits() -> None:
    run = Run([error(429, **{"retry-after": "7"})])
    assert counts(run(["a"])) == (1, 0, 0)
    assert run.clock.waits == [7]


def test_retry_after_beyond_the_time_left_ends_the_invocation_s_tries() -> None:
    run = Run([error(429, "slow down", **{"retry-after": "3600"})])
    assert counts(run(["a"], ["b"])) == (0, 0, 2)
    assert run.clock.waits == []
    assert len(run.sent) == 1


def test_with_a_store_a_function_that_is_asked_to_slow_down_waits_a_second_and_leaves_the_rest() -> None:
    clock = Clock()
    breaker = Breaker(clock.timing, patience=1)
    run = Run([error(429, "slow down", **{"retry-after": "1"})] * 9, clock=clock, breaker=breaker)
    assert counts(run(["a"], ["b"])) == (0, 0, 2)
    assert run.clock.waits == [1]
    assert run.sent == [["a"], ["a"]]
    assert run.report.reasons == {"429 slow down": 2}


def test_a_function_that_was_asked_to_slow_down_asks_with_one_request_when_the_time_is_over() -> None:
    clock = Clock(0)
    breaker = Breaker(clock.timing, patience=1)
    slow = error(429, "slow down", **{"retry-after": "4"})
    assert counts(Run([slow], clock=clock, breaker=breaker)(["a"])) == (0, 0, 1)
    clock.now += 3.9
    early = Run([], clock=clock, breaker=breaker)
    assert counts(early(["b"])) == (0, 0, 1)
    assert early.sent == []
    clock.now += 0.1
    again = Run([slow], clock=clock, breaker=breaker)
    assert counts(again(["c"], ["d"])) == (0, 0, 2)
    assert again.sent == [["c"]]
    clock.now += 8  # twice as long as the last time
    assert counts(Run([], clock=clock, breaker=breaker)(["e"], ["f"])) == (2, 0, 0)


def test_no_request_without_time() -> None:
    run = Run(seconds=0)
    assert counts(run(["a"])) == (0, 0, 1)
    assert run.sent == []


def test_a_request_never_has_longer_than_half_of_the_time_left() -> None:
    run = Run([TransportError("hangs")], seconds=10, chance=0)
    run(["a"])
    assert [deadline - 1_000 for _, _, _, deadline in run.client.sent] == [5, 5]
    long = Run(seconds=900)
    long(["a"])
    assert long.client.sent[0][3] == 1_010
    short = Run(seconds=1.5)
    short(["a"])
    assert short.client.sent[0][3] == 1_001


def test_what_is_too_large_is_halved_in_order() -> None:
    def at_most_two(body: bytes) -> Reply:
        lines = json.loads(gzip.decompress(body))["lines"]
        return OK if len(lines) <= 2 else error(413)

    run = Run([at_most_two] * 20)
    assert counts(run(list("abcdefg"))) == (7, 0, 0)
    assert [sent for sent in run.sent if len(sent) <= 2] == [["a"], ["b", "c"], ["d", "e"], ["f", "g"]]


def test_a_single_line_that_is_too_large_is_rejected() -> None:
    run = Run([error(400, "Message size too large")] * 3)
    assert counts(run(["a", "b"], ["c"])) == (1, 2, 0)
    assert run.report.reasons == {"400 Message size too large": 2}


def test_a_bad_request_is_rejected_and_the_next_batch_goes_on() -> None:
    run = Run([error(400, "Missing param hostname.")])
    assert counts(run(["a", "b"], ["c"])) == (1, 2, 0)
    assert len(run.sent) == 2


def test_an_unexpected_status_is_undelivered_and_the_next_batch_is_tried() -> None:
    run = Run([error(404)])
    assert counts(run(["a", "b"], ["c"])) == (1, 0, 2)


def test_of_a_partly_taken_batch_only_the_retryable_lines_are_sent_again() -> None:
    codes = Reply(207, {}, b'{"status":[200,503,400,429,403]}')
    run = Run([codes, Reply(207, {}, b'{"status":[429,200]}')])
    assert counts(run(list("abcde"))) == (3, 2, 0)
    assert run.sent == [list("abcde"), ["b", "d"], ["b"]]
    assert run.clock.waits == [0.5, 1]
    assert run.report.reasons == {"400 for a line": 1, "403 for a line": 1}


def test_a_line_that_stays_refused_for_now_is_left_and_is_no_outage() -> None:
    clock = Clock()
    breaker = Breaker(clock.timing)
    refusals = [Reply(207, {}, b'{"status":[200,503]}')] + [Reply(207, {}, b'{"status":[503]}')] * 5
    run = Run(refusals, breaker=breaker, clock=clock)
    assert counts(run(["a", "b"], ["c"])) == (2, 0, 1)
    assert run.sent == [["a", "b"], *[["b"]] * 5, ["c"]]
    assert run.report.reasons == {"6 tries: 207 with lines to be sent again": 1}
    assert not breaker.is_open


def test_halving_has_an_end() -> None:
    run = Run([error(413)] * 999)
    assert counts(run([f"{number}" for number in range(512)], ["a"])) == (0, 513, 0)
    assert run.report.requests == 2**8 - 1 + 1, "the batch, its halves seven times, and the other batch"


def test_a_probe_may_take_less_time_than_other_requests() -> None:
    clock = Clock()
    breaker = Breaker(clock.timing)
    breaker.open("503")
    clock.now += 60
    run = Run(breaker=breaker, clock=clock)
    run(["a"], ["b"])
    assert [deadline - clock.now for _, _, _, deadline in run.client.sent] == [5, 10]


@pytest.mark.parametrize(("seconds", "sent"), [(12, 1), (14, 2)])
def test_with_a_store_no_request_is_begun_that_would_have_little_time(seconds: float, sent: int) -> None:
    """Of less than 5 s: what is broken off may have been carried out, and would arrive twice."""
    clock = Clock()

    def take_long(_: bytes) -> Reply:
        clock.now += 8
        return OK

    run = Run([take_long], breaker=Breaker(clock.timing), clock=clock, seconds=seconds)
    run(["a"], ["b"])
    assert len(run.sent) == sent


def test_a_key_that_cannot_be_read_is_not_asked_for_by_every_invocation() -> None:
    clock = Clock()
    breaker = Breaker(clock.timing)
    Run(variables={}, breaker=breaker, clock=clock)(["a"])
    run = Run(breaker=breaker, clock=clock)
    run(["b"])
    assert run.sent == []
    reason = "not tried, after: no ingestion key: the environment variable KEY is not set"
    assert run.report.reasons == {reason: 1}


def test_a_partly_taken_batch_without_retryable_lines_is_settled() -> None:
    run = Run([Reply(207, {}, b'{"status":[200,400]}')])
    assert counts(run(["a", "b"])) == (1, 1, 0)
    assert len(run.sent) == 1


def test_a_refused_key_is_read_again_once() -> None:
    variables = {"KEY": KEY}
    run = Run(variables=variables)

    def refuse(_: bytes) -> Reply:
        variables["KEY"] = OTHER_KEY
        return error(403, "Account not found or inactive")

    run.client.script = [refuse]
    assert counts(run(["a"], ["b"])) == (2, 0, 0)
    assert [headers["apikey"] for _, headers, _, _ in run.client.sent] == [KEY, OTHER_KEY, OTHER_KEY]


def test_a_key_that_stays_refused_is_not_hammered() -> None:
    run = Run([error(401, "Missing Credentials")] * 9)
    assert counts(run(["a"], ["b"], ["c"])) == (0, 0, 3)
    assert len(run.sent) == 2
    assert run.report.reasons == {"the ingestion key was refused: 401 Missing Credentials": 3}


def test_a_refused_key_that_cannot_be_read_again() -> None:
    variables = {"KEY": KEY}
    run = Run(variables=variables)

    def refuse(_: bytes) -> Reply:
        variables.clear()
        return error(403)

    run.client.script = [refuse]
    assert counts(run(["a"])) == (0, 0, 1)
    assert next(iter(run.report.reasons)).endswith("environment variable KEY is not set")


def test_an_access_token_is_sent_and_explained_when_refused() -> None:
    run = Run([error(403)] * 2, variables={"KEY": "sts_0123"})
    run(["a"])
    assert run.client.sent[0][1]["apikey"] == "sts_0123"
    assert "begins with sts_, so it is an access token" in next(iter(run.report.reasons))


def test_without_a_key_nothing_is_sent_and_everything_is_left() -> None:
    run = Run(variables={})
    assert counts(run(["a"], ["b"])) == (0, 0, 2)
    assert run.sent == []
    assert run.report.reasons == {"no ingestion key: the environment variable KEY is not set": 2}


@pytest.mark.parametrize("refusal", [error(415), error(400, "Bad or missing parameters.")])
def test_a_refusal_that_gzip_explains_is_answered_without_gzip_for_good(refusal: Reply) -> None:
    run = Run([refusal])
    assert counts(run(["a"], ["b"])) == (2, 0, 0)
    assert ["Content-Encoding" in headers for _, headers, _, _ in run.client.sent] == [True, False, False]


def test_a_refusal_that_gzip_does_not_explain_leaves_gzip_on() -> None:
    run = Run([error(400, "no")] * 2)
    assert counts(run(["a"], ["b"])) == (1, 1, 0)
    assert ["Content-Encoding" in headers for _, headers, _, _ in run.client.sent] == [True, False, True]


def test_a_bad_request_after_gzip_was_understood_is_not_tried_without() -> None:
    run = Run([OK, error(400, "no")])
    assert counts(run(["a"], ["b"])) == (1, 1, 0)
    assert len(run.sent) == 2


REPLIES = st.sampled_from([200, 200, 200, 207, 301, 400, 401, 403, 404, 408, 413, 415, 418, 429, 500, 503])
CODES = st.sampled_from([200, 400, 403, 413, 429, 500])


@st.composite
def faults(draw: st.DrawFn) -> object:
    status = draw(REPLIES)
    if status == 207:
        mended = draw(st.booleans())
        pool = draw(st.lists(CODES, min_size=1))

        def partial(body: bytes) -> Reply:
            raw = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            length = len(json.loads(raw)["lines"]) + (not mended)
            return Reply(207, {}, json.dumps({"status": (pool * length)[:length]}).encode())

        return partial
    if draw(st.integers(0, 9)) == 0:
        return TransportError("broken", retryable=draw(st.booleans()))
    after = draw(st.sampled_from([None, "0", "3", "1000"]))
    headers = {"retry-after": after} if after else {}
    return Reply(
        status, headers, draw(st.sampled_from([b"", b'{"error":"Message size too large"}', b"\xff"]))
    )


@given(
    st.lists(faults(), max_size=40),
    st.lists(st.integers(1, 9), max_size=6),
    st.floats(0, 100),
    st.sampled_from([0.0, 0.5, 0.999]),
    st.sampled_from(["no store", None, 0.0, 1.0]),
)
def test_every_line_is_accounted_for_whatever_happens(
    script: list[object],
    sizes: list[int],
    seconds: float,
    chance: float,
    patience: float | str | None,
) -> None:
    clock = Clock(chance)
    breaker = None if isinstance(patience, str) else Breaker(clock.timing, patience=patience)
    run = Run(script, seconds=seconds, clock=clock, breaker=breaker)
    names = iter(f"line {number}" for number in range(100))
    batches = [[next(names) for _ in range(size)] for size in sizes]
    taken: list[str] = []
    post = run.client.post

    def recording(target: str, headers: object, body: bytes, deadline: float) -> Reply:
        assert deadline <= 1_000 + seconds
        reply = post(target, headers, body, deadline)  # type: ignore[arg-type]
        lines = lines_in(headers, body)
        if reply.status == 200:
            taken.extend(lines)
        elif reply.status == 207 and len(codes := json.loads(reply.body)["status"]) == len(lines):
            taken.extend(line for line, code in zip(lines, codes, strict=True) if code == 200)
        return reply

    run.client.post = recording  # type: ignore[method-assign]
    report = run(*batches)
    total = report.total
    assert total.received == total.delivered + total.rejected + total.undelivered
    assert total.delivered == len(taken) == len(set(taken))
    assert sum(report.reasons.values()) == total.rejected + total.undelivered
    kept = [*taken, *texts_of(run.left), *texts_of(run.rejected)]
    assert sorted(kept) == sorted(name for batch in batches for name in batch)
    assert run.clock.now <= 1_000 + seconds
