"""Who sent what, and what came of it."""

import dataclasses

import pytest

from local.faults.duplicates import Cause, Handling, Sending
from local.faults.proxy import Forward, Refuse, Sever
from local.mezmo import Answer, Fault, Hang, PartialMix, Pass
from tests.local.faults.seen import EVENTS, REDRIVE, SENT, Seen, invocation, keys


def test_what_was_asked_belongs_to_the_last_invocation_that_began_in_the_process() -> None:
    seen = Seen()
    seen.request(11, 1, 0)
    seen.request(12, 2, 1)
    seen.request(21, 1, 2)
    seen.s3(22, 1, "PutObject", "undelivered/x", 3)
    found = seen.evidence(invocation("a", 10, 1), invocation("b", 10.5, 2), invocation("c", 20, 1))
    assert [(one.request_id, [what.time for what in asked]) for one, asked in found.by_invocation] == [
        ("a", [11]),
        ("b", [12]),
        ("c", [21, 22]),
    ]
    assert found.unattributed == []
    assert found.handlings[2] == Handling([Sending(keys(2))], frozenset({EVENTS[3].identity}))


def test_a_request_before_any_invocation_of_its_process_is_nobodys() -> None:
    seen = Seen()
    seen.request(9, 1, 0)
    assert seen.evidence(invocation("a", 10, 1)).unattributed == seen.requests


@pytest.mark.parametrize(
    ("fault", "left", "lost"),
    [
        (Pass(), False, False),
        (Pass(), True, True),
        (Hang(after_commit=True), False, True),
        (Answer(504, commit=True), False, True),
        (Answer(200, "<html>"), False, False),
        (Answer(207, "{}"), False, True),
        (PartialMix(((200, 1.0),), 1), False, False),
    ],
)
def test_an_answer_is_lost_unless_the_function_can_know_what_was_taken(
    fault: Fault, left: bool, lost: bool
) -> None:
    seen = Seen()
    seen.request(11, 1, 0, fault=fault)
    seen.left |= {1} if left else set()
    assert seen.evidence(invocation("a", 10, 1)).handlings == [Handling([Sending(keys(0), lost)])]


@pytest.mark.parametrize(
    ("outcome", "killed", "again"),
    [
        ("response", [], None),
        ("exit", [1], Cause.KILLED),
        ("exit", [], Cause.FAILED),
        ("timeout", [], Cause.TIMED_OUT),
        ("error", [], Cause.FAILED),
    ],
)
def test_why_lambda_gives_an_event_again(outcome: str, killed: list[int], again: Cause | None) -> None:
    seen = Seen()
    seen.request(11, 1, 0)
    found = seen.evidence(invocation("a", 10, 1, outcome=outcome), killed=killed)
    assert found.handlings[0].again == again


@pytest.mark.parametrize(
    ("fault", "again"), [(Refuse(503, "SlowDown"), Cause.STORE_FAILED), (None, Cause.FAILED)]
)
def test_a_failure_is_s3s_only_if_s3_failed(fault: Refuse | None, again: Cause) -> None:
    seen = Seen()
    seen.s3(11, 1, "PutObject", "undelivered/x", 0, fault=fault or Forward(), carried_out=fault is None)
    assert seen.evidence(invocation("a", 10, 1, outcome="error")).handlings[0].again == again
    stream = invocation("a", 10, 1, answer={"batchItemFailures": [{"itemIdentifier": "1"}]})
    assert seen.evidence(stream).handlings[0].again == again
    assert seen.evidence(invocation("a", 10, 1, answer={"batchItemFailures": []})).handlings[0].again is None


def test_a_failure_to_find_s3_is_s3s_in_the_process_and_the_time_of_it() -> None:
    failed = invocation("a", 10, 1, outcome="error")
    for unresolved, again in (
        ((1, 12.0), Cause.STORE_FAILED),
        ((2, 12.0), Cause.FAILED),
        ((1, 16.0), Cause.FAILED),
    ):
        seen = Seen()
        seen.request(11, 1, 0)
        evidence = dataclasses.replace(seen.evidence(failed), unresolved=[unresolved])
        assert evidence.handlings[0].again == again


def test_what_is_put_into_rejected_is_not_to_be_sent() -> None:
    seen = Seen()
    seen.s3(11, 1, "PutObject", "rejected/x", 0)
    assert seen.evidence(invocation("a", 10, 1)).handlings == [Handling([])]


def test_the_redrive_handles_one_object_after_the_other() -> None:
    seen = Seen()
    seen.s3(11, 1, "GetObject", "redrive/lease.json")
    seen.s3(12, 1, "PutObject", "redrive/lease.json")
    seen.s3(13, 1, "GetObject", "undelivered/settled", 0)
    seen.request(14, 1, 0)
    seen.s3(15, 1, "DeleteObject", "undelivered/settled", fault=Sever(after=True), status=None)
    seen.s3(16, 1, "GetObject", "aws/lambda/async/f/moved", 1, 2)
    seen.request(17, 1, 1)
    seen.s3(18, 1, "PutObject", "undelivered/new", 2)
    seen.s3(19, 1, "DeleteObject", "aws/lambda/async/f/moved")
    seen.s3(20, 1, "GetObject", "undelivered/kept", 3)
    seen.request(21, 1, 3)
    seen.s3(22, 1, "DeleteObject", "undelivered/kept", fault=Refuse(403, "AccessDenied"), carried_out=False)
    seen.s3(23, 1, "PutObject", "redrive/lease.json")
    found = seen.evidence(invocation("a", 10, 1, function=REDRIVE)).handlings
    assert found == [
        Handling([Sending(keys(0))]),
        Handling([Sending(keys(1))], frozenset({EVENTS[2].identity})),
        Handling([Sending(keys(3))], again=Cause.STORE_FAILED),
    ]


def test_a_redrive_that_forgets_to_delete_has_no_excuse() -> None:
    seen = Seen()
    seen.s3(13, 1, "GetObject", "undelivered/kept", 0)
    seen.request(14, 1, 0)
    (handling,) = seen.evidence(invocation("a", 10, 1, function=REDRIVE)).handlings
    assert handling.again == Cause.FAILED
    killed = seen.evidence(invocation("a", 10, 1, function=REDRIVE, outcome="exit"), killed=[1])
    assert [one.again for one in killed.handlings] == [Cause.KILLED]


def test_what_the_script_refused_is_known_by_event() -> None:
    seen = Seen()
    mix = PartialMix(((200, 1.0), (400, 1.0)), 5)
    seen.request(11, 1, 0, 1, 2, fault=mix)
    seen.request(12, 1, 0, fault=Answer(413), taken=False)
    seen.request(13, 1, 4)
    found = seen.evidence(invocation("a", 10, 1)).refusals
    codes = mix.codes(sum(len(SENT[number]) for number in (0, 1, 2)))
    assert found[EVENTS[0].identity] == {codes[0], 413}
    assert EVENTS[4].identity not in found
