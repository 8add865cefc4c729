"""The re-drive, in a simulated world: what it sends, in which order, when it stops, what it leaves."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from handler.errors import CommandError
from handler.events.documents import payload_of
from handler.redriving.lease import KEY as LEASE
from local.simulation import Exchange, Fault, SimulatedMezmo
from local.simulation.house import KEY, House
from local.simulation.world import EPOCH
from tests.handler.cloudwatch import make_event
from tests.handler.doubles import OTHER_KEY

COMMAND = {"mezmo_forwarder": "redrive"}
HOUR = 3600
FOREIGN = "bm90aGluZyBvZiBDbG91ZFdhdGNoJ3M="


class Store:
    """A house whose store holds what a test puts there, and whose Mezmo can be taken down."""

    def __init__(self, **house: Any) -> None:
        self.down: Fault | None = None
        self.house = House(plan=self._plan, cold_seconds=0.0, **house)
        self.order: list[str] = []
        self.answer: Any = None
        self.error: Exception | None = None

    def _plan(self, exchange: Exchange) -> Fault | None:
        return self.down if exchange.service.startswith("mezmo") else None

    def put(self, prefix: str, minute: int, *texts: str, body: bytes | None = None) -> str:
        """Put an object of that minute, with a document of these texts unless another body is given."""
        key = (
            f"{prefix}2026/11/18/2026-11-18T11.{minute:02}.00.000-{len(self.house.s3.keys('')):016x}.json.gz"
        )
        self.house.s3.put(key, payload_of(make_event(texts)) if body is None else body, EPOCH)
        return key

    def put_failure(self, function: str, minute: int, event: object, *, name: str = "requestPayload") -> str:
        """Put Lambda's record of a failed invocation."""
        record = {"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, name: event}
        key = f"aws/lambda/async/{function}/2026/11/18/2026-11-18T11.{minute:02}.00-{minute:032x}"
        self.house.s3.put(key, json.dumps(record).encode(), EPOCH)
        return key

    def run(self, moment: float = HOUR, **command: object) -> Any:
        """Invoke the re-drive, and return its answer."""
        self.house.aws.at(moment, lambda: self._invoke({**COMMAND, **command}, moment))
        with self.house.lived_in():
            self.house.aws.run()
        if self.error:
            raise self.error
        return self.answer

    def _invoke(self, command: object, moment: float) -> None:
        function = self.house.redrive
        original = function.make

        def make() -> Any:
            made = original()
            handle = made.handle

            def recording(event: object, context: Any) -> Any:
                try:
                    self.answer = handle(event, context)
                except Exception as error:
                    self.error = error
                    raise
                return self.answer

            made.handle = recording  # type: ignore[method-assign]
            return made

        function.make = make
        function.environments.clear()
        self.house.aws.invoke(function, command, moment)

    @property
    def taken(self) -> list[str]:
        return [*self.house.mezmo.taken]

    @property
    def left(self) -> list[str]:
        return [key for key in self.house.s3.keys("") if key != LEASE]

    def requests(self) -> Iterator[Exchange]:
        return (one for one in self.house.world.exchanges if one.service.startswith("mezmo"))


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


def test_records_of_a_stream_s_failures_are_sent_and_the_foreign_ones_set_aside() -> None:
    store = Store()
    first, last = (make_event([text])["awslogs"]["data"] for text in "ab")  # type: ignore[index]
    data = [first, FOREIGN, last]
    records = [{"kinesis": {"sequenceNumber": f"{n}", "data": text}} for n, text in enumerate(data)]
    payload = json.dumps({"Records": records})
    store.house.s3.put(
        "aws/lambda/6f1c-uuid/shardId-000000000000/2026/11/18/2026-11-18T11.00.00-1",
        json.dumps({"KinesisBatchInfo": {}, "payload": payload}).encode(),
        EPOCH,
    )
    answer = store.run()
    assert store.taken == ["a", "b"]
    assert answer["set_aside"] == 1
    (aside,) = store.left
    assert aside.startswith("rejected/2026/11/18/2026-11-18T11.00.00-")
    assert "not gzip" in store.house.s3.metadata(aside)["x-amz-meta-reason"]
    assert FOREIGN.encode() in store.house.s3.body(aside)


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


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"nonsense", "neither gzip data nor Lambda's record"),
        (b"{}", "neither requestPayload nor payload"),
        (b'{"requestPayload":{"awslogs":{"data":"?"}}}', "not base64"),
        (b'{"payload":"{"}', "corrupt event"),
        (b"\x1f\x8b damaged", "not gzip"),
    ],
)
def test_what_is_no_event_is_set_aside_after_a_few_tries(body: bytes, says: str) -> None:
    store = Store()
    foreign = store.put("undelivered/", 0, body=body)
    store.put("undelivered/", 1, "good")
    store.run(HOUR)
    assert (store.taken, store.left) == (["good"], [foreign])
    store.run(HOUR * 2)
    assert store.left == [foreign]
    answer = store.run(HOUR * 3)
    assert answer["set_aside"] == 1
    (aside,) = store.left
    assert (aside.startswith("rejected/"), store.house.s3.body(aside)) == (True, body)
    assert says in store.house.s3.metadata(aside)["x-amz-meta-reason"]


def test_lines_that_are_refused_for_good_go_to_rejected_and_the_object_is_done() -> None:
    store = Store(mezmo=SimulatedMezmo(KEY, code=lambda text: 400 if "bad" in text else 200))
    store.put("undelivered/", 1, "a", "bad 1", "b")
    store.put_failure("f", 2, make_event(["bad 2"]))
    answer = store.run()
    assert (answer["lines"], answer["rejected"], answer["left"]) == (2, 2, 0)
    assert set(store.house.rejected) == {"bad 1", "bad 2"}
    assert [key[:29] for key in store.left] == ["rejected/2026/11/18/2026-11-1" for _ in range(2)]


@pytest.mark.parametrize("prefix", ["undelivered/", "aws/lambda/async/f/"])
def test_what_is_left_of_an_object_replaces_it(prefix: str) -> None:
    answers = {"first": 200, "second": 503}
    mezmo = SimulatedMezmo(KEY, code=lambda text: answers[text])
    store = Store(mezmo=mezmo)
    key = (
        store.put(prefix, 1, "first", "second")
        if prefix == "undelivered/"
        else store.put_failure("f", 1, make_event(["first", "second"]))
    )
    store.run()
    (left,) = store.left
    assert (left == key) == (prefix == "undelivered/")
    assert left.startswith("undelivered/2026/11/18/2026-11-18T11.01.00")
    answers["second"] = 200
    store.run(HOUR * 2)
    assert store.house.mezmo.taken == {"first": 1, "second": 1}
    assert store.left == []


def test_rejected_lines_can_be_sent_again_by_hand_after_a_fix() -> None:
    answers = {"a": 200, "b": 400, "c": 400}
    store = Store(mezmo=SimulatedMezmo(KEY, code=lambda text: answers[text]))
    store.put("undelivered/", 1, "a", "b", "c")
    store.run()
    assert set(store.house.rejected) == {"b", "c"}
    assert store.run(HOUR * 2)["objects"] == 0, "the schedule leaves them alone"

    dry = store.run(HOUR * 3, prefix="rejected/", dry_run=True)
    assert (dry["dry_run"], dry["objects"]) == (True, 1)
    assert store.house.mezmo.taken == {"a": 1}

    answers["b"] = 200
    answer = store.run(HOUR * 4, prefix="rejected/")
    assert (answer["lines"], answer["rejected"]) == (1, 1)
    assert set(store.house.rejected) == {"c"}
    answers["c"] = 200
    store.run(HOUR * 5, prefix="rejected/")
    assert store.house.mezmo.taken == {"a": 1, "b": 1, "c": 1}
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


def test_each_object_has_its_own_reason() -> None:
    store = Store(mezmo=SimulatedMezmo(KEY, code=int))
    store.put("undelivered/", 1, "400", "200")
    store.put("undelivered/", 2, "422", "200")
    store.run()
    reasons = [store.house.s3.metadata(key)["x-amz-meta-reason"] for key in store.left]
    assert reasons == ["400 for a line", "422 for a line"]


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
