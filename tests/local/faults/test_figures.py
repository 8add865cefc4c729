"""Whether the figures that the forwarder writes are true."""

import pytest

from local.faults.figures import discrepancies, reports_in
from tests.handler.cloudwatch import make_event
from tests.local.faults.seen import Seen, invocation, report


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
