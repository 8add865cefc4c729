"""The file that knows what is done."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mezmo_forwarder_commands.backfill.counts import Counts
from mezmo_forwarder_commands.backfill.state import Progress, State
from mezmo_forwarder_commands.errors import CommandError
from tests.commands.backfill.doubles import QUERY

DONE = Counts.of({"documents": 1, "events": 2, "received": 2, "delivered": 2})


def written(path: Path) -> State:
    state = State(path, Progress(QUERY, until=5, read=7))
    state.write()
    return state


def read(path: Path) -> State:
    state = State.read(path)
    assert state
    return state


def test_there_is_none(tmp_path: Path) -> None:
    assert State.read(tmp_path / "none.json") is None


def test_what_is_done_and_what_is_under_way(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = written(path)
    state.sending(["a", "b"])
    state.done(["a", "b"], DONE)
    state.sending(["c"])
    state.close()
    found = read(path)

    assert found.progress == Progress(QUERY, until=5, read=7, counts=DONE, repeated=1, sent={"a", "b"})
    assert found.under_way == {"c"}


def test_what_was_not_sent_is_not_under_way(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = written(path)
    state.sending(["a"])
    state.not_sent()
    state.close()

    assert not read(path).under_way
    assert read(path).progress.repeated == 0


def test_what_is_sent_again_counts_once_as_repeated(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = written(path)
    state.sending(["a", "b"])
    state.repeating(2)
    state.close()

    assert read(path).progress.repeated == 2
    assert read(path).under_way == {"a", "b"}


def test_a_window_is_forgotten_when_it_is_done(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = written(path)
    for ids in (["a", "b"], ["later", "latest"]):
        state.sending(ids)
        state.done(ids, DONE)
    state.finish_window(9, ["a", "b"])
    assert len(path.read_bytes().splitlines()) == 1
    state.finish_window(QUERY.end, ["later"])
    state.close()

    found = read(path).progress
    assert (found.until, found.read, found.sent, found.finished) == (QUERY.end, 11, set(), True)


@given(cut=st.integers(1, 400))
def test_a_line_that_was_being_written_is_no_line(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("state") / "state.json"
    state = written(path)
    whole = len(path.read_bytes())
    state.sending(["a", "b"])
    sending = len(path.read_bytes())
    state.done(["a", "b"], DONE)
    state.close()
    everything = path.read_bytes()
    length = max(whole, len(everything) - cut)
    path.write_bytes(everything[:length])
    found = read(path)

    assert found.under_way == ({"a", "b"} if sending <= length < len(everything) else set())
    assert found.progress.sent == ({"a", "b"} if length == len(everything) else set())


@pytest.mark.parametrize("text", ["", "{}", "[]", "no JSON", '{"mezmo_forwarder":"backfill","schema":2}'])
def test_something_else_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(CommandError, match=r"state\.json is no backfill's state.*name another file"):
        State.read(path)


def test_of_two_runs_one_has_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = written(path)
    with pytest.raises(CommandError, match=r"state\.json is in use by another run; wait for its end"):
        State.read(path)
    state.finish_window(9, [])
    with pytest.raises(CommandError, match="in use by another run"):
        State.read(path)
    state.close()
    read(path)


def test_a_place_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file or directory; name a file that can be written"):
        written(tmp_path / "none/state.json")
    with pytest.raises(CommandError, match="Is a directory; name a file that can be read"):
        State.read(tmp_path)
