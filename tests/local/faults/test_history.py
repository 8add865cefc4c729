"""The story of one event."""

from local.faults.history import Histories
from local.faults.proxy import Sever
from local.mezmo import Answer
from tests.local.faults.lines import document_of
from tests.local.faults.seen import EVENTS, REDRIVE, Seen, invocation


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
