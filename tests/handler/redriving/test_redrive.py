"""The re-drive, in a simulated world: what it is told, what it sends, and what it says of that."""

import json

import pytest

from handler.errors import CommandError
from local.simulation import Exchange, Fault
from local.simulation.world import EPOCH
from tests.handler.cloudwatch import make_event
from tests.handler.redriving.stored import COMMAND, HOUR, Store


def test_an_empty_store_costs_two_listings_and_not_a_line_of_log(capsys: pytest.CaptureFixture[str]) -> None:
    store = Store()
    assert store.run() == {"objects": 0}
    assert store.house.s3.requests == {"LIST": 2}
    assert (store.house.secrets.requests, store.house.mezmo.requests) == (0, 0)
    assert capsys.readouterr().out == ""


def test_oldest_first_whoever_wrote_it() -> None:
    store = Store()
    store.put("undelivered/", 3, "third")
    store.put("undelivered/", 1, "first")
    store.put_failure("Zebra-old", 2, make_event(["second"]))
    store.put_failure("Alpha-new", 4, make_event(["fourth"]))
    answer = store.run()
    assert store.taken == ["first", "second", "third", "fourth"]
    assert (answer["objects"], answer["lines"], answer["left"]) == (4, 4, 0)
    assert store.left == []


def test_a_range_of_time_by_hand() -> None:
    store = Store()
    for minute in range(10):
        store.put("undelivered/", minute, f"{minute}")
    store.run(HOUR, **{"from": "2026-11-18T11:03:00Z", "to": "2026-11-18T11:05"})
    assert store.taken == ["3", "4"]
    store.run(HOUR * 2, **{"from": "2026-11-19"})
    assert store.taken == ["3", "4"]
    store.run(HOUR * 2, **{"from": "2026-11-18T11:05:00Z", "to": "2026-11-18T11:06:00Z"})
    assert store.taken == ["3", "4", "5"], "from its first second, up to the other's"
    store.run(HOUR * 3, prefix="undelivered/2026/11/18/2026-11-18T11.07")
    assert store.taken == ["3", "4", "5", "7"]


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({}, "missing required field `mezmo_forwarder`"),
        ([], "Expected `object`"),
        ({"mezmo_forwarder": "test"}, "mezmo_forwarder is 'test'; give \"redrive\""),
        ({**COMMAND, "prefixes": []}, "unknown field `prefixes`"),
        ({**COMMAND, "prefix": "logs/"}, "prefix is 'logs/'; give one that begins with undelivered/"),
        ({**COMMAND, "from": "yesterday"}, "from is 'yesterday'; give a time such as 2026-11-25T10:00:00Z"),
        ({**COMMAND, "to": "2026-11-25 10:00"}, "to is '2026-11-25 10:00'"),
    ],
)
def test_a_command_that_is_not_understood_is_refused_in_words(event: object, says: str) -> None:
    store = Store()
    store.house.aws.at(0, lambda: store._invoke(event, 0))
    with store.house.lived_in():
        store.house.aws.run()
    assert isinstance(store.error, CommandError)
    assert says in str(store.error)


def test_what_was_done_and_is_left_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(metrics="forwarder", redrive_timeout=10.0)
    store.house.mezmo.latency = 2.0
    for minute in range(9):
        store.put("undelivered/", minute, f"{minute}")
    store.run(HOUR)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["LinesRedriven"], line["StoreDepth"]) == (3, 6)
    assert line["FunctionName"] == "forwarder"
    began = 11 * HOUR + 3 * 60
    assert line["OldestStoredAge"] == pytest.approx((EPOCH + store.house.world.now) % 86_400 - began, abs=2)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["FunctionName"]]
    assert {metric["Name"] for metric in directive["Metrics"]} == {
        "LinesRedriven",
        "BytesRedriven",
        "StoreDepth",
        "OldestStoredAge",
    }


def test_s3_that_fails_ends_the_run_in_words_and_loses_nothing() -> None:
    store = Store()
    store.put("undelivered/", 1, "a")
    broken = True
    store.house.world.plan = lambda exchange: (
        Fault.STATUS_403 if broken and exchange.method == "DELETE" else None
    )
    answer = store.run(HOUR)
    assert "s3 DeleteObject" in answer["stopped"]
    assert len(store.left) == 1
    broken = False
    store.run(HOUR * 2)
    assert store.house.mezmo.taken == {"a": 2}  # at least once
    assert store.left == []


def test_a_store_that_cannot_be_counted_costs_only_its_count(capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(metrics="forwarder")
    store.put("undelivered/", 1, "a")

    def plan(exchange: Exchange) -> Fault | None:
        return (
            Fault.STATUS_500
            if exchange.method == "GET" and store.taken and "list" in exchange.target
            else None
        )

    store.house.world.plan = plan
    answer = store.run()
    assert (answer["lines"], answer["left"]) == (1, "it is not known how many")
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["LinesRedriven"] == 1
    assert "StoreDepth" not in line
