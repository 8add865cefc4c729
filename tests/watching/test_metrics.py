"""What the handler publishes, what has a method, and what the document says, is one list."""

import pytest

from handler.report import _LINE_METRICS, _METRICS, NAMESPACE
from tests.watching import document
from tests.watching.test_alarms_by_fault import FAULTS, eventful_day, tags_unknown

OWN = {name: method for method, (namespace, name, _) in document.metrics().items() if namespace == NAMESPACE}


@pytest.fixture(scope="module")
def published() -> set[str]:
    """The metrics that the handler's code prints in some way of the tests' faults."""
    runs = [
        FAULTS[fault]()
        for fault in ("linesRejected", "redrivenLinesRejected", "payloadsSetAside", "linesUndelivered")
    ]
    runs += [FAULTS[fault]() for fault in ("keyRefused", "unexpectedReplies", "breakerOpen")]
    return set().union(
        *(run.recording.metrics.names(NAMESPACE) for run in [*runs, eventful_day(), tags_unknown()])
    )


def test_every_metric_of_the_handler_has_a_method_and_every_method_is_published(published: set[str]) -> None:
    assert published == set(OWN)
    assert {*_LINE_METRICS.values(), *_METRICS.values()} <= published


def test_methods_are_named_by_their_metrics() -> None:
    assert {
        method: f"metric_{document.snake(name)}" for method, (_, name, _) in document.metrics().items()
    } == {method: method for method in document.metrics()}


def test_the_document_says_when_each_metric_comes() -> None:
    text = (document.REFERENCE / "metrics.md").read_text(encoding="utf-8")
    before_the_tables = text.partition("<!-- metrics")[0]
    assert {name for name in OWN if f"`{name}`" not in before_the_tables} == set()


def test_the_documents_are_what_the_library_says() -> None:
    for path, text in document.documents():
        assert path.read_text(encoding="utf-8") == text, "run `python -m tests.watching.document`"
