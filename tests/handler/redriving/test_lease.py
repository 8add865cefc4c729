"""One re-drive at a time, whoever crashes."""

import pytest

from handler.redriving.lease import KEY as LEASE
from local.simulation import Exchange, Fault
from local.simulation.world import EPOCH
from tests.handler.redriving.stored import HOUR, Store


def test_only_one_is_at_work_and_a_crash_does_not_lock_the_others_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = Store()
    store.put("undelivered/", 1, "a")
    store.down = Fault.KILL
    store.run(HOUR)
    assert store.house.redrive.kills == 1
    store.down = None
    answer = store.run(HOUR + 200)
    assert answer == {"objects": 0, "stopped": "another re-drive is at work"}
    assert "another re-drive is at work" in capsys.readouterr().out
    store.run(HOUR + 300)
    assert (store.taken, store.left) == (["a"], [])


def test_a_clock_that_is_behind_makes_no_lease_longer_than_an_invocation_can_be() -> None:
    """Lambda's client tells the time that is left by the process's clock: an hour behind, an hour more."""
    store = Store(redrive_timeout=270.0 + HOUR)
    store.put("undelivered/", 1, "a")
    store.down = Fault.KILL
    store.run(HOUR)
    store.down = None
    store.run(HOUR + 920)
    assert (store.taken, store.left) == (["a"], [])


def test_an_object_that_kills_the_function_holds_up_no_other_and_waits() -> None:
    store = Store()
    killer = store.put("undelivered/", 1, "killer")
    store.put("undelivered/", 2, "good")
    store._plan = lambda exchange: Fault.KILL if first(exchange) else None  # type: ignore[method-assign]
    store.house.world.plan = store._plan

    def first(exchange: Exchange) -> bool:
        return exchange.method == "GET" and "T11.01.00" in exchange.target

    for turn in range(1, 6):
        store.run(turn * HOUR)
    assert (store.taken, store.left) == (["good"], [killer])
    store.house.world.plan = lambda _: None
    store.run(6 * HOUR)
    assert (store.taken, store.left) == (["good", "killer"], [])


def test_by_hand_it_waits_for_its_turn() -> None:
    store = Store()
    store.put("undelivered/", 1, "a")
    store.house.s3.put(LEASE, b'{"holder":"schedule","seconds":100}', EPOCH + HOUR)
    answer = store.run(HOUR + 1, prefix="undelivered/")
    assert (answer["lines"], store.taken) == (1, ["a"])
    assert store.house.world.now >= HOUR + 100


def test_a_lease_that_somebody_overwrote_belongs_to_nobody() -> None:
    store = Store()
    store.put("undelivered/", 1, "a")
    store.house.s3.put(LEASE, b"not JSON", EPOCH)
    store.run(HOUR)
    assert store.taken == ["a"]


def test_a_lease_whose_writing_was_not_answered_is_held_all_the_same() -> None:
    store = Store()
    store.put("undelivered/", 1, "a")
    lost = iter([Fault.RESET_AFTER])
    store.house.world.plan = lambda exchange: (
        next(lost, None) if exchange.method == "PUT" and LEASE in exchange.target else None
    )
    store.run(HOUR)
    assert (store.taken, store.left) == (["a"], [])


@pytest.mark.parametrize("existing", [None, b'{"holder":"","seconds":0}'])
def test_of_two_that_want_the_lease_at_once_one_gets_it(existing: bytes | None) -> None:
    store = Store()
    store.put("undelivered/", 1, "a")
    if existing:
        store.house.s3.put(LEASE, existing, EPOCH)

    stolen: list[bool] = []

    def plan(exchange: Exchange) -> Fault | None:
        if exchange.method == "PUT" and LEASE in exchange.target and not stolen:
            stolen.append(True)
            store.house.s3.put(LEASE, b'{"holder":"other","seconds":100}', store.house.world.wall)
        return None

    store.house.world.plan = plan
    assert store.run(HOUR)["stopped"] == "another re-drive is at work"
    assert store.taken == []
