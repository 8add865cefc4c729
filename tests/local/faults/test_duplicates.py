"""Which lines came again without a reason: those of a world in which copies are counted must have one."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from local.faults.duplicates import Cause, Handling, Sending, explain
from local.faults.reconciliation import LineKey

EVENT = ("group", "stream", 1)
LINE: LineKey = (EVENT, 0)
OTHER: LineKey = (("group", "stream", 2), 0)


def sending(*lines: LineKey, lost: bool = False) -> Sending:
    return Sending(frozenset(lines), lost)


def stored(*lines: LineKey) -> frozenset[tuple[str, str, int]]:
    return frozenset(identity for identity, _ in lines)


def test_what_came_once_needs_no_cause() -> None:
    found = explain([Handling([sending(LINE)]), Handling([sending(OTHER)])])
    assert (found.total, found.unexplained) == (0, [])


def test_what_came_twice_without_a_fault_is_unexplained() -> None:
    found = explain([Handling([sending(LINE, OTHER)]), Handling([sending(LINE)])])
    assert found.unexplained == [LINE]
    assert (found.total, found.unexcused) == (1, 1)


def test_a_lost_reply_explains_one_repetition_and_no_more() -> None:
    lost = Handling([sending(LINE, lost=True), sending(LINE)])
    assert explain([lost]).causes == {Cause.REPLY_LOST: 1}
    found = explain([lost, Handling([sending(LINE)])])
    assert (found.causes, found.unexplained) == ({Cause.REPLY_LOST: 1}, [LINE])


def test_a_killed_function_explains_what_it_had_sent_and_stored() -> None:
    killed = Handling([sending(LINE)], stored(OTHER), Cause.KILLED)
    again = Handling([sending(LINE, OTHER)])
    redriven = Handling([sending(OTHER)])
    found = explain([killed, again, redriven])
    assert (found.causes, found.unexplained) == ({Cause.KILLED: 2}, [])
    assert explain([killed, again, redriven, Handling([sending(OTHER)])]).unexplained == [OTHER]


def test_a_kill_after_a_lost_reply_explains_one_repetition() -> None:
    killed = Handling([sending(LINE, lost=True)], again=Cause.KILLED)
    found = explain([killed, Handling([sending(LINE)]), Handling([sending(LINE)])])
    assert (found.causes, found.unexplained) == ({Cause.REPLY_LOST: 1}, [LINE])


def test_the_parts_of_an_event_of_which_one_was_left_are_told_apart_from_faults() -> None:
    parts = [(EVENT, part) for part in (1, 2, 3)]
    found = explain([Handling([sending(*parts[:2])], stored(*parts)), Handling([sending(*parts)])])
    assert found.causes == {Cause.OTHER_PART: 2}
    assert found.unexcused == 2


@dataclass
class World:
    """Copies of one event's line, and what is done with them; each step is drawn."""

    draw: st.DataObject
    copies: int = 1
    handlings: list[Handling] = field(default_factory=list)

    def handle(self) -> None:
        """Let somebody take a copy, send it or store it or both, and forget it or not."""
        sendings: list[Sending] = []
        kept = False
        while self.draw.draw(st.booleans(), label="reply lost"):
            sendings.append(sending(LINE, lost=True))
        if self.draw.draw(st.booleans(), label="taken"):
            sendings.append(sending(LINE))
            passed_on = 0
        else:
            kept = self.draw.draw(st.booleans(), label="stored")
            passed_on = int(kept)
        again = self.draw.draw(st.sampled_from([None, *Cause]), label="again")
        taken = any(not one.lost for one in sendings)
        if not taken and not kept:
            again = again or Cause.STORE_FAILED  # nobody forgets what is neither taken nor stored
        self.copies += passed_on - (again is None)
        self.handlings.append(Handling(sendings, stored(LINE) if kept else frozenset(), again))


@given(st.data())
def test_every_repetition_in_a_world_without_magic_is_explained(data: st.DataObject) -> None:
    world = World(data)
    while world.copies and len(world.handlings) < 12:
        world.handle()
    order = data.draw(st.permutations(world.handlings))
    found = explain(order)
    taken = Counter(line for one in world.handlings for sent in one.sendings for line in sent.taken)
    assert found.total == max(0, taken[LINE] - 1)
    assert found.unexplained == []


@given(st.data())
def test_a_repetition_by_magic_is_unexplained_where_nothing_went_wrong(data: st.DataObject) -> None:
    world = World(data)
    while world.copies and len(world.handlings) < 12:
        world.handle()
    assert explain([*world.handlings, *[Handling([sending(OTHER)])] * 3]).unexplained == [OTHER, OTHER]
