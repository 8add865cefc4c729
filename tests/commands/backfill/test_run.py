"""From the first window to the last, whatever comes between."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mezmo_forwarder_commands.backfill.documents import Document, Event
from mezmo_forwarder_commands.backfill.figures import reconciled
from mezmo_forwarder_commands.backfill.pacing import Rate
from mezmo_forwarder_commands.backfill.reading import Windows
from mezmo_forwarder_commands.backfill.run import MOST_FAILURES, Ended, send_all
from mezmo_forwarder_commands.backfill.sending import Answer
from mezmo_forwarder_commands.backfill.state import Progress, State
from tests.commands.backfill import doubles
from tests.commands.backfill.doubles import QUERY, Forwarder, Group, Killed, Patient, Step, event

FAST = Rate(1e12, of_bytes=True)


def state_in(directory: Path) -> State:
    path = directory / "state.json"
    return State.read(path) or State(path, Progress(QUERY, until=QUERY.start))


def run(
    state: State, group: Group, forwarder: Forwarder, patient: Patient | None = None, rate: Rate = FAST
) -> Ended:
    try:
        return send_all(
            state,
            Windows(group, most=20),
            forwarder,  # type: ignore[arg-type]  # stands in for the function
            rate=rate,
            interruption=patient or Patient(),
            watch=lambda _share, _why: None,
        )
    finally:
        state.close()


def events_of(count: int, *, streams: int = 2) -> list[Event]:
    return [event(number, number * 9_999 // count, stream=str(number % streams)) for number in range(count)]


def test_everything_is_sent_once_stream_by_stream_in_order(tmp_path: Path) -> None:
    events = events_of(200)
    forwarder = Forwarder()
    state = state_in(tmp_path)

    assert run(state, Group(events), forwarder) == Ended()
    assert forwarder.arrived == {event.id: 1 for event in events}
    for document in forwarder.documents:
        assert {event.stream for event in document.events} == {document.stream}
        assert [event.timestamp for event in document.events] == sorted(e.timestamp for e in document.events)
    assert state.progress.counts.delivered == state.progress.read == 200
    assert reconciled(state.progress)


@given(
    timestamps=st.lists(st.integers(-50, 10_050) | st.integers(5000, 5002), max_size=120),
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(any),
    script=st.lists(
        st.sampled_from(
            [
                doubles.taken,
                doubles.kept,
                doubles.partly_left,
                doubles.wholly_left,
                doubles.lost_reply,
                doubles.lost_request,
                doubles.throttled,
                doubles.killed_before,
                doubles.killed_after,
            ]
        ),
        max_size=60,
    ),
)
def test_whatever_ends_it_nothing_is_lost_and_what_is_twice_is_counted(
    timestamps: Sequence[int], sizes: Sequence[int], script: Sequence[Step]
) -> None:
    events = [event(number, time, stream=str(number % 3)) for number, time in enumerate(timestamps)]
    asked = {event.id for event in events if QUERY.start <= event.timestamp < QUERY.end}
    forwarder = Forwarder(script)
    in_doubt: set[str] = set()
    group = Group(events, sizes)
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(len(script) + 2):
            state = state_in(Path(directory))
            in_doubt |= state.under_way
            try:
                ended = run(state, group, forwarder)
            except Killed:
                continue
            if not ended.why:
                break
        else:
            pytest.fail("it never ends")
        progress = state.progress
        assert state_in(Path(directory)).progress == progress, "the file says the same"
    retried = {id_ for document in forwarder.documents for id_ in document.ids}
    twice = {id_ for id_, count in forwarder.arrived.items() if count > 1}

    assert forwarder.arrived.keys() == asked == retried
    assert len(twice) <= progress.repeated
    assert progress.finished
    assert reconciled(progress)
    if not set(script) - {doubles.taken, doubles.kept, doubles.killed_before, doubles.killed_after}:
        assert twice <= in_doubt, "killed, it repeats what was under way and nothing else"
    if not set(script) - {doubles.taken, doubles.kept, doubles.throttled, doubles.wholly_left}:
        assert not twice
        assert progress.repeated == 0


def test_it_gives_up_after_some_failures_and_waits_longer_each_time(tmp_path: Path) -> None:
    forwarder = Forwarder([doubles.kept, doubles.throttled] * 5)
    patient = Patient()
    ended = run(state_in(tmp_path), Group(events_of(200)), forwarder, patient)

    assert ended.why == f"{MOST_FAILURES} invocations in a row went wrong, the last: 503"
    assert patient.waits == [5, 10, 20, 40]
    assert len(forwarder.documents) == MOST_FAILURES


def test_what_lambda_did_not_start_is_not_in_doubt(tmp_path: Path) -> None:
    forwarder = Forwarder([doubles.throttled] * MOST_FAILURES)

    assert "TooManyRequestsException" in run(state_in(tmp_path), Group(events_of(20)), forwarder).why
    again = state_in(tmp_path)
    assert not again.under_way
    assert again.progress.repeated == 0


def test_a_success_forgives_the_failures_before(tmp_path: Path) -> None:
    forwarder = Forwarder([*[doubles.throttled] * 4, doubles.taken] * 3)

    assert run(state_in(tmp_path), Group(events_of(200)), forwarder) == Ended()


def test_asked_to_end_it_ends_after_the_running_invocation(tmp_path: Path) -> None:
    patient = Patient()

    def asked_meanwhile(forwarder: Forwarder, document: Document) -> Answer:
        patient.ask()
        return doubles.taken(forwarder, document)

    events = events_of(200, streams=4)
    forwarder = Forwarder([doubles.taken, asked_meanwhile])
    state = state_in(tmp_path)
    assert run(state, Group(events), forwarder, patient) == Ended("interrupted", asked=True)
    assert len(forwarder.documents) == 2

    again = state_in(tmp_path)
    assert not again.under_way
    assert run(again, Group(events), forwarder) == Ended()
    assert set(forwarder.arrived.values()) == {1}
    assert again.progress.repeated == 0


@pytest.mark.parametrize(
    ("rate", "seconds"), [(Rate(50, of_bytes=False), 4.0), (Rate(2400, of_bytes=True), 10.0)]
)
def test_no_faster_than_asked_for(rate: Rate, seconds: float, tmp_path: Path) -> None:
    patient = Patient()
    events = events_of(200, streams=1)
    assert sum(event.size for event in events) == 24_000
    forwarder = Forwarder()
    run(state_in(tmp_path), Group(events), forwarder, patient, rate)

    last = rate.seconds(len(forwarder.documents[-1].events), forwarder.documents[-1].size)
    assert sum(patient.waits) == pytest.approx(seconds - last)


def test_what_cloudwatch_has_deleted_meanwhile_was_sent(tmp_path: Path) -> None:
    events = events_of(40, streams=4)
    forwarder = Forwarder([doubles.taken, doubles.taken, doubles.killed_after])
    with pytest.raises(Killed):
        run(state_in(tmp_path), Group(events), forwarder)
    gone = {id_ for document in forwarder.documents for id_ in document.ids}
    state = state_in(tmp_path)
    run(state, Group([event for event in events if event.id not in gone]), forwarder)

    assert forwarder.arrived == {event.id: 1 for event in events}
    assert state.progress.finished
    assert state.progress.read == state.progress.counts.events == 40 - len(forwarder.documents[2].events)
