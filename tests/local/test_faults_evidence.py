"""Who sent what, and what came of it; whether the figures are true; and the verdict on a whole run."""

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from local.aws import Invocation
from local.faults.duplicates import Cause, Handling, Sending
from local.faults.events import Event
from local.faults.evidence import Evidence
from local.faults.figures import discrepancies, reports_in
from local.faults.history import Histories
from local.faults.proxy import Call, Exchange, Forward, Refuse, Sever
from local.faults.reconciliation import LineKey, Rejected, line_key
from local.faults.verdict import Outcome, judge
from local.mezmo import (
    Accept,
    Answer,
    CommittedLine,
    Fault,
    Flag,
    FlagKind,
    Hang,
    PartialMix,
    Pass,
    ReceivedLine,
    RecordedConnection,
    RecordedRequest,
)
from tests.handler.cloudwatch import make_event
from tests.local.faults_lines import document_of, lines_of, some_events

EVENTS = [event for event in some_events() if event.text][:6]
SENT = [lines_of([event]) for event in EVENTS]
FORWARDER, REDRIVE = "forwarder", "redrive"


def keys(*numbers: int) -> frozenset[LineKey]:
    return frozenset(line_key(line.fields) for number in numbers for line in SENT[number])


def invocation(
    name: str, began: float, pid: int, *, outcome: str = "response", function: str = FORWARDER, **more: Any
) -> Invocation:
    return Invocation(name, function, began, began + 5, pid, outcome, **more)


class Seen:
    """Collects what was seen; each process has a connection of its own, by its number."""

    def __init__(self) -> None:
        self.lines: list[CommittedLine] = []
        self.requests: list[RecordedRequest] = []
        self.exchanges: list[Exchange] = []
        self.left: set[int] = set()

    def request(
        self, time: float, pid: int, *numbers: int, fault: Fault | None = None, taken: bool = True
    ) -> None:
        number = len(self.requests) + 1
        fault = fault or Pass()
        sent = [line for event in numbers for line in SENT[event]]
        status: int | None = 200
        match fault:
            case Answer(status=status):
                pass
            case Hang():
                status = None
            case PartialMix():
                status = 207
        self.lines += [dataclasses.replace(line, request=number) for line in sent if taken]
        self.requests.append(
            RecordedRequest(
                number=number,
                time=time,
                connection=pid,
                method="POST",
                path="/logs/ingest",
                query="",
                headers=(),
                body=b"",
                wire_bytes=0,
                hostname="host",
                tags=(),
                lines=tuple(ReceivedLine(line.fields, None, taken) for line in sent),
                flags=(),
                fault=fault,
                verdict=200,
                problem=None,
                status=status,
            )
        )

    def s3(self, time: float, pid: int, operation: str, key: str, *numbers: int, **more: Any) -> None:
        content = b"".join(document_of([EVENTS[number]]) for number in numbers)
        usual: dict[str, Any] = {"fault": Forward(), "status": 200, "carried_out": True, "answered": True}
        exchange = Exchange(
            number=len(self.exchanges) + 1,
            time=time,
            port=pid,
            call=Call("s3", operation, key),
            content=content,
            **(usual | more),
        )
        self.exchanges.append(exchange)

    def evidence(self, *invocations: Invocation, killed: Sequence[int] = ()) -> Evidence:
        pids = {one.pid for one in invocations}
        return Evidence(
            forwarder=FORWARDER,
            redrive=REDRIVE,
            lines=self.lines,
            requests=self.requests,
            connections=[RecordedConnection(pid, 0.0, pid, Accept()) for pid in pids if pid],
            left=frozenset(self.left),
            exchanges=self.exchanges,
            invocations=invocations,
            owner=lambda port, _: port,
            killed=frozenset(killed),
        )


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


# The figures


def report(received: int, **counts: int) -> str:
    return json.dumps({"level": "INFO", "message": "lines delivered", "LinesReceived": received, **counts})


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        (report(2, LinesDelivered=2), None),
        (report(2, LinesDelivered=1), "is not the sum"),
        (report(1, LinesDelivered=1), "of 2 log events"),
        (report(2, LinesDelivered=1, LinesStored=1), "LinesDelivered 1, and Mezmo has taken 2"),
        (report(3, LinesDelivered=3), "LinesDelivered 3, and Mezmo has taken 2"),
        ("", "0 reports about 2 log events"),
        (f"{report(2, LinesDelivered=2)}\n{report(2, LinesDelivered=2)}", "2 reports"),
    ],
)
def test_reports_have_to_add_up_and_be_true(log: str, problem: str | None) -> None:
    seen = Seen()
    seen.request(11, 1, 0, 1)
    evidence = seen.evidence(invocation("a", 10, 1, log=f"text\n{log}\nEND"))
    found = list(discrepancies(evidence, lambda _: make_event(["one", "two"])))
    assert bool(found) is (problem is not None)
    assert problem is None or any(problem in one for one in found)


def test_a_doubtful_answer_leaves_a_doubt_about_its_lines_alone() -> None:
    seen = Seen()
    seen.request(11, 1, 0)
    seen.request(12, 1, 1)
    seen.left.add(2)
    for delivered, well in ((0, False), (1, True), (2, True), (3, False)):
        log = report(3, LinesDelivered=delivered, LinesStored=3 - delivered)
        evidence = seen.evidence(invocation("a", 10, 1, log=log))
        assert (not list(discrepancies(evidence, lambda _: make_event(["one", "two"])))) is well


def test_a_report_without_the_end_of_its_line_is_one_and_half_a_report_is_none() -> None:
    assert [one["LinesReceived"] for one in reports_in(f"{report(2)}RequestId: 1 Error: killed")] == [2]
    assert reports_in(report(2)[:-5]) == []


def test_who_did_not_live_to_report_need_not() -> None:
    evidence = Seen().evidence(
        invocation("a", 10, 1, outcome="exit"), invocation("b", 20, 1, outcome="timeout")
    )
    assert list(discrepancies(evidence, lambda _: make_event(["one"]))) == []


# The verdict


def outcome(seen: Seen, *invocations: Invocation, events: Sequence[Event] = EVENTS, **more: Any) -> Outcome:
    usual: dict[str, Any] = {
        "seed": 1,
        "seconds": 60.0,
        "events": events,
        "rejected": [],
        "waiting": [],
        "idle": True,
        "flags": [],
        "lost": [],
        "invoked_with": lambda _: make_event([event.message for event in events]),
        "of_processes": Counter({"process: killed": 2}),
    }
    return Outcome(evidence=seen.evidence(*invocations), **(usual | more))


def all_is_well() -> tuple[Seen, Invocation]:
    seen = Seen()
    seen.request(11, 1, *range(len(EVENTS)))
    lines = sum(map(len, SENT))
    return seen, invocation("a", 10, 1, log=report(lines, LinesDelivered=lines))


def test_a_run_that_is_well_passes_and_its_table_says_so() -> None:
    figures = judge(outcome(*all_is_well()))
    assert figures.problems == []
    assert figures.passed
    table = figures.table()
    assert [line.split() for line in table.splitlines() if "lost" in line] == [
        ["lost", "0"],
        ["reply", "lost", "0", "(0.000", "%)"],
    ]
    assert ["process:", "killed", "2"] in [line.split() for line in table.splitlines()]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"waiting": ["undelivered/x"]}, "1 objects are still in the store, the first undelivered/x"),
        ({"idle": False}, "somebody was still at work"),
        ({"flags": [Flag(FlagKind.LINE_TRUNCATED, 1, 0, "20000 bytes")]}, "flagged at Mezmo: line-truncated"),
        ({"lost": ["LOST event 7"]}, "the local AWS says: LOST event 7"),
        (
            {"rejected": [Rejected(EVENTS[0].identity, "")]},
            "in rejected/ for a reason that no script gave: none",
        ),
        ({"events": [*EVENTS, dataclasses.replace(EVENTS[0], timestamp=7)]}, "lost"),
    ],
)
def test_a_run_in_which_anything_is_wrong_fails(more: dict[str, Any], problem: str) -> None:
    seen, done = all_is_well()
    invoked = {"invoked_with": lambda _: make_event([event.message for event in EVENTS])}
    figures = judge(outcome(seen, done, **(invoked | more)))
    assert not figures.passed
    assert figures.problems[0].startswith(problem)


def test_a_line_that_comes_again_for_no_reason_fails_the_run() -> None:
    seen, done = all_is_well()
    seen.request(31, 1, 0)
    again = invocation("b", 30, 1, log=report(len(SENT[0]), LinesDelivered=len(SENT[0])))
    figures = judge(
        outcome(seen, done, again, invoked_with=lambda name: make_event(["x"] * (6 if name == "a" else 1)))
    )
    assert [problem for problem in figures.problems if "there again" in problem] == [
        f"{len(SENT[0])} lines of {sum(map(len, SENT))} are there again without a fault that explains it"
    ]


def test_the_story_of_an_event_has_all_that_concerns_it_and_no_more() -> None:
    seen = Seen()
    seen.request(11, 1, 0, 1, fault=Answer(503), taken=False)
    seen.s3(12, 1, "PutObject", "undelivered/x", 0, 1, metadata={"reason": "503"})
    seen.s3(12, 1, "PutObject", "undelivered/y", 2)
    seen.s3(21, 2, "GetObject", "undelivered/x", 0, 1)
    seen.request(22, 2, 0, 1)
    seen.s3(23, 2, "DeleteObject", "undelivered/x", fault=Sever(after=True), status=None, answered=False)
    evidence = seen.evidence(
        invocation("a", 10, 1, log="it said this"), invocation("b", 20, 2, function=REDRIVE, outcome="exit")
    )
    histories = Histories(evidence, lambda _: None, {"undelivered/x": document_of([EVENTS[0]])})
    story = histories.of(EVENTS[0])
    order = ["began", "status 503: nothing of it taken", "PutObject undelivered/x with it", "it said this"]
    order += ["began", "GetObject undelivered/x", "taken", "DeleteObject", "ended: exit"]
    places: list[int] = []
    for text in order:
        places.append(story.index(text, places[-1] if places else 0))
    assert "undelivered/y" not in story
    assert story.endswith("at the end in: undelivered/x")
    assert histories.of(EVENTS[1]).endswith("at the end in: no object")
    assert len(histories.of_some(EVENTS[:2], most=5)) == 2
    assert len(histories.of_some([EVENTS[1], EVENTS[1]], most=5)) == 1
