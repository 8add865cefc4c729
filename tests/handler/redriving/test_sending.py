"""In which order the re-drive sends, what holds up others and what does not, and when it stops."""

import json

import pytest

from handler.redriving.lease import KEY as LEASE
from local.simulation import Fault, SimulatedMezmo
from local.simulation.house import KEY
from tests.handler.doubles import OTHER_KEY
from tests.handler.redriving.stored import HOUR, Store


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.STATUS_503, Fault.HANG, Fault.STATUS_404])
def test_it_stops_at_the_first_sign_that_mezmo_is_down(fault: Fault) -> None:
    store = Store()
    keys = [store.put("undelivered/", minute, f"{minute}") for minute in range(9)]
    store.down = fault
    answer = store.run()
    assert len(list(store.requests())) == 2  # of two objects, since one may be to blame itself
    assert answer["left"] == 9
    assert answer["stopped"]
    assert store.left == keys


def test_a_refused_key_is_asked_for_once_and_ends_the_run() -> None:
    store = Store(mezmo=SimulatedMezmo(OTHER_KEY))
    store.house.secrets.key = KEY
    store.put("undelivered/", 1, "a")
    store.put("undelivered/", 2, "b")
    answer = store.run()
    assert "the ingestion key was refused: 403" in answer["stopped"]
    assert (store.house.secrets.requests, len(list(store.requests()))) == (2, 2)
    assert len(store.left) == 2


@pytest.mark.parametrize("many", [1, 2, 3, 7])
def test_objects_that_mezmo_cannot_take_hold_up_no_other_and_wait(many: int) -> None:
    answers = {"poison": 500}
    store = Store(mezmo=SimulatedMezmo(KEY, code=lambda text: answers.get(text, 200)))
    poison = [store.put("undelivered/", 0, "poison") for _ in range(many)]
    good = [store.put("undelivered/", turn + 1, f"good {turn}") for turn in range(30)]
    turns = 0
    while store.left != poison:
        turns += 1
        store.run(HOUR * turns)
        assert turns < 20
        assert set(poison) <= set(store.left)
    assert store.taken == [f"good {turn}" for turn in range(len(good))]
    answers["poison"] = 200  # whatever it was, it was not theirs
    for turn in range(turns, turns + 5):
        store.run(HOUR * (turn + 1))
    assert store.left == []
    assert store.house.mezmo.taken["poison"] == many


def test_what_has_failed_often_is_sent_last() -> None:
    store = Store(mezmo=SimulatedMezmo(KEY, code=lambda text: 500 if text == "poison" else 200))
    poison = store.put("undelivered/", 0, "poison")
    for turn in range(5):
        store.put("undelivered/", turn + 1, f"good {turn}")
        store.run(HOUR * (turn + 1))
    store.put("undelivered/", 6, "good 5")
    store.house.world.exchanges.clear()
    store.run(HOUR * 6)
    read = [one.target for one in store.house.world.exchanges if one.method == "GET" and ".gz" in one.target]
    assert ["T11.06.00" in target for target in read] == [True, False]
    assert store.left == [poison]


def test_an_object_that_cannot_be_read_holds_up_no_other() -> None:
    store = Store()
    unreadable = store.put("undelivered/", 1, "a")
    store.put("undelivered/", 2, "b")
    store.house.world.plan = lambda exchange: (
        Fault.STATUS_403 if exchange.method == "GET" and "T11.01.00" in exchange.target else None
    )
    answer = store.run(HOUR)
    assert (store.taken, store.left) == (["b"], [unreadable])
    assert answer["left"] == 1
    store.house.world.plan = lambda _: None
    store.run(HOUR * 2)
    assert (store.taken, store.left) == (["b", "a"], [])


def test_after_an_outage_the_oldest_are_sent_first_but_for_the_one_that_asks() -> None:
    store = Store()
    for minute in range(30):
        store.put("undelivered/", minute, f"{minute}")
    store.down = Fault.STATUS_503
    for turn in range(9):
        store.run(HOUR + turn * 300)
    store.down = None
    store.run(HOUR * 3)
    asking, *others = store.taken
    assert others == [f"{minute}" for minute in range(30) if f"{minute}" != asking]
    assert store.left == []


def test_an_outage_sets_nothing_aside_however_long() -> None:
    store = Store()
    keys = [store.put("undelivered/", minute, f"{minute}") for minute in range(3)]
    store.down = Fault.STATUS_503
    for turn in range(20):
        store.run(HOUR * (turn + 1))
    assert store.left == keys
    store.down = None
    store.run(HOUR * 30)
    assert (store.taken, store.left) == (["0", "1", "2"], [])


def test_the_rate_is_kept() -> None:
    store = Store()
    for minute in range(6):
        store.put("undelivered/", minute, *(f"{minute} {number}" + "x" * 15_000 for number in range(60)))
    began = store.house.world.now
    answer = store.run(0.0)
    assert answer["objects"] == 6
    spent = store.house.world.now - began
    assert spent >= 5 * 60 * 15_000 / (1 << 20), "a MiB a second, but for the last object"


def test_when_its_time_is_up_it_goes_on_the_next_time() -> None:
    store = Store(redrive_timeout=10.0)
    store.house.mezmo.latency = 2.0
    for minute in range(9):
        store.put("undelivered/", minute, f"{minute}")
    first = store.run(HOUR)
    assert first["stopped"] == "out of time"
    assert 0 < first["objects"] < 9
    for turn in range(2, 9):
        store.run(HOUR * turn)
    assert store.taken == [f"{minute}" for minute in range(9)]
    assert set(store.house.mezmo.taken.values()) == {1}


def test_tries_are_forgotten_when_an_object_is_sent() -> None:
    codes = {"a": 500, "b": 200}
    store = Store(mezmo=SimulatedMezmo(KEY, code=codes.__getitem__))
    store.put("undelivered/", 1, "a")
    store.put("undelivered/", 2, "b")
    store.run()
    assert list(json.loads(store.house.s3.body(LEASE))["tries"].values()) == [1]
    codes["a"] = 200
    store.run(HOUR * 2)
    assert json.loads(store.house.s3.body(LEASE))["tries"] == {}
