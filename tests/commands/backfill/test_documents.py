"""CloudWatch's documents, as the function reads them."""

import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from handler.events.documents import Limits, payload_of, read_payload
from mezmo_forwarder_commands.backfill.documents import Document, Event, control_payload, documents_of
from tests.commands.backfill.doubles import QUERY, event

TEXTS = st.text(st.characters(codec=None) | st.sampled_from('\ud83d\n"\\ü✓'), max_size=40)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc"), TEXTS), max_size=40), st.integers(1, 900)
)
def test_every_event_is_in_one_document_of_its_stream_in_order(
    given_events: Sequence[tuple[int, str, str]], largest: int
) -> None:
    events = [
        event(number, time, stream=stream, message=text)
        for number, (time, stream, text) in enumerate(given_events)
    ]
    documents = list(documents_of(events, largest))

    for stream in {sent.stream for sent in events}:
        found = [sent for document in documents if document.stream == stream for sent in document.events]
        assert found == sorted((e for e in events if e.stream == stream), key=lambda e: e.timestamp)
    assert sum(len(document.events) for document in documents) == len(events)
    for document in documents:
        assert document.events
        assert document.size == sum(sent.size for sent in document.events)
        assert document.size <= largest or len(document.events) == 1


@given(TEXTS)
@example("half of one \ud83d")
def test_the_function_reads_what_was_read(message: str) -> None:
    payload = Document("stream", [replace(event(1, 2), message=message)], 1).payload(QUERY)
    (received,) = read_payload(payload_of(json.loads(payload)), Limits.of({}))
    document = received.document

    assert (document.message_type, document.owner) == ("DATA_MESSAGE", "123456789012")
    assert (document.log_group, document.log_stream) == ("/app", "stream")
    assert document.subscription_filters == ["filter"]
    (found,) = document.log_events
    assert (json.loads(bytes(found.id)), found.timestamp) == (event(1, 2).id, 2)
    assert json.loads(bytes(found.message)) == message


def test_a_document_of_the_largest_event_fits_lambda() -> None:
    largest = Event("1" * 56, 1, "".join(chr(32 + number * 7919 % 95) for number in range(1 << 20)), "stream")
    (document,) = documents_of([largest])

    assert len(document.payload(QUERY)) < 6_000_000


def test_the_check_is_a_control_message() -> None:
    (received,) = read_payload(payload_of(json.loads(control_payload())), Limits.of({}))

    assert received.document.is_control
