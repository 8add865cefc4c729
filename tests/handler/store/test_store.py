"""What an invocation does with what Mezmo does not take, in a simulated world."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import NotCloudWatchLogsError
from handler.events.documents import payload_of
from handler.settings import Store
from handler.store.store import UndeliveredStore, new_name
from local.simulation import Exchange, Fault, SimulatedMezmo
from local.simulation.house import KEY, House
from local.simulation.lambda_service import Context
from tests.handler.cloudwatch import GROUP, make_event, pack
from tests.handler.doubles import OTHER_KEY, Clock


def stored(house: House, prefix: str = "undelivered/") -> list[dict[str, Any]]:
    """Return the documents in the store."""
    return [json.loads(gzip.decompress(house.s3.body(key))) for key in house.s3.keys(prefix)]


def messages(documents: list[dict[str, Any]]) -> list[str]:
    return [event["message"] for document in documents for event in document["logEvents"]]


def down_until(moment: float, fault: Fault = Fault.STATUS_503) -> Any:
    """Return a plan by which Mezmo is away until then."""

    def plan(exchange: Exchange) -> Fault | None:
        return fault if exchange.service.startswith("mezmo") and house.world.now < moment else None

    house = House(plan=plan, cold_seconds=0.0)
    return house


def run(house: House) -> None:
    with house.lived_in():
        house.aws.run()


def mezmo_requests(house: House) -> int:
    return sum(one.service.startswith("mezmo") for one in house.world.exchanges)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_undelivered_is_stored_as_it_came_and_the_invocation_succeeds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = down_until(1e9)
    event = make_event(["a", "b"])
    house.send(event)
    run(house)
    (key,) = house.s3.keys("undelivered/")
    assert key.startswith("undelivered/2026/11/18/2026-11-18T11.06.4")
    assert key.endswith(".json.gz")
    assert gzip.decompress(house.s3.body(key)) == gzip.decompress(payload_of(event))
    assert house.s3.metadata(key)["x-amz-meta-reason"] == "503"
    assert house.function.failures == 0
    (line,) = lines(capsys)
    assert (line["level"], line["LinesReceived"], line["LinesStored"]) == ("WARN", 2, 2)


def test_nothing_of_the_key_is_stored() -> None:
    house = down_until(1e9)
    house.send(make_event(["a"]))
    house.send(make_event(["b"]), 1)
    run(house)
    for key in house.s3.keys(""):
        assert KEY.encode() not in house.s3.body(key) + gzip.decompress(house.s3.body(key))
        assert KEY not in str(house.s3.metadata(key))


def test_of_a_partly_taken_payload_the_rest_is_stored() -> None:
    house = House(mezmo=SimulatedMezmo(KEY, code=lambda text: 503 if text == "b" else 200))
    house.send(make_event(["a", "b", "c"]))
    run(house)
    (document,) = stored(house)
    assert messages([document]) == ["b"]
    assert (document["logGroup"], document["owner"], document["messageType"]) == (
        GROUP,
        "123456789012",
        "DATA_MESSAGE",
    )
    assert house.mezmo.taken == {"a": 1, "c": 1}


def test_what_mezmo_refuses_for_good_is_kept_line_by_line_with_the_reason() -> None:
    codes = {"a": 200, "b": 400, "c": 422, "d": 200}
    house = House(mezmo=SimulatedMezmo(KEY, code=codes.__getitem__))
    house.send(make_event(["a", "b", "c", "d"]))
    run(house)
    (document,) = stored(house, "rejected/")
    assert [(event["message"], event["reason"]) for event in document["logEvents"]] == [
        ("b", "400 for a line"),
        ("c", "422 for a line"),
    ]
    assert house.waiting == []


@pytest.mark.parametrize("fault", [Fault.STATUS_404, Fault.STATUS_301, Fault.STATUS_409, Fault.TLS])
def test_what_nobody_has_told_us_of_is_stored_with_a_metric_and_never_rejected(
    capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    house = down_until(1e9, fault)
    house.send(make_event(["a"]))
    run(house)
    assert (messages(stored(house)), stored(house, "rejected/")) == (["a"], [])
    (line,) = lines(capsys)
    assert (line["UnexpectedReplies"], line["LinesStored"]) == (1, 1)


def test_a_refused_key_is_read_again_once_and_then_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    house = House(mezmo=SimulatedMezmo(OTHER_KEY))
    house.secrets.key = KEY
    for second in range(0, 24, 3):
        house.send(make_event([f"{second}"]), second)
    run(house)
    assert len(messages(stored(house))) == 8
    assert house.mezmo.requests == 2
    assert house.secrets.requests == 2
    first, *others = lines(capsys)
    assert (first["KeyRefused"], first["KeyRefreshes"]) == (1, 1)
    assert "the ingestion key was refused: 403" in first["message"]
    assert all(line["BreakerOpen"] == 1 for line in others)


def test_in_an_outage_a_warm_function_stores_at_once_and_asks_now_and_then() -> None:
    house = down_until(1000)
    for second in range(0, 1700, 2):
        house.send(make_event([f"{second}"]), second)
    run(house)
    while_down = mezmo_requests(house) - house.mezmo.requests
    environments = len(house.function.environments)
    assert environments < 5, "those that the first seconds took"
    assert while_down <= environments * (5 + 5), "five to open, then after 30, 60, 120, 240 and 480 seconds"
    assert len(house.mezmo.taken) > 50, "it noticed that Mezmo is back"
    assert len(messages(stored(house))) + len(house.mezmo.taken) == 850


def test_the_last_request_leaves_time_to_store() -> None:
    house = down_until(1e9, Fault.HANG)
    house.function.timeout = 60
    house.send(make_event(["a"]))
    slow = house.s3.latency = 3.0
    run(house)
    assert messages(stored(house)) == ["a"]
    assert (house.function.kills, house.function.failures) == (0, 0)
    assert house.function.seconds < 10 + slow + 1, "one request that hangs is enough to know"


@pytest.mark.parametrize("timeout", [3, 10, 30])
@pytest.mark.parametrize("fault", [Fault.HANG, Fault.STATUS_503, Fault.STATUS_429])
def test_with_little_time_it_stores_all_the_same(timeout: float, fault: Fault) -> None:
    house = down_until(1e9, fault)
    house.function.timeout = timeout
    house.send(make_event(["a"]))
    run(house)
    assert messages(stored(house)) == ["a"]
    assert (house.function.kills, house.function.failures) == (0, 0)
    assert mezmo_requests(house) >= 1


def test_without_time_for_mezmo_s_pause_it_stores_and_waits_that_long() -> None:
    house = down_until(100, Fault.STATUS_429_LONG)
    for second in (0, 1, 200, 620):
        house.send(make_event([f"{second}"]), second)
    run(house)
    assert messages(stored(house)) == ["0", "1", "200"]
    assert house.mezmo.taken == {"620": 1}
    assert house.function.seconds < 3


def test_if_the_store_fails_too_the_invocation_fails_and_lambda_keeps_the_event(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = House(plan=lambda _exchange: Fault.STATUS_503, cold_seconds=0.0)
    house.send(make_event(["a"]))
    run(house)
    assert house.function.failures == 3
    (record,) = house.s3.keys("aws/lambda/async/forwarder/")
    assert json.loads(house.s3.body(record))["requestPayload"] == make_event(["a"])
    printed = lines(capsys)
    assert any("the store failed: s3 PutObject" in line["message"] for line in printed)
    assert printed[-1]["LinesUndelivered"] == 1
    assert "LinesStored" not in printed[-1]


def test_the_reserve_follows_what_it_took_to_keep_what_was_left() -> None:
    house = down_until(100)
    house.function.timeout, house.s3.latency, house.mezmo.latency = 20.0, 0.1, 3.5
    house.send(make_event(["a"]))
    groups = [record(number, f"{number}", group=f"/{number}") for number in range(3)]
    house.aws.read_stream(house.function, groups, 1000)
    house.s3.latency = 4.0
    run(house)
    assert messages(stored(house)) == ["a", "2"], "in 18 s, a third request would leave less than twice 4 s"


def test_names_are_in_the_order_of_time_and_unique() -> None:
    clock = Clock()
    names = []
    for _ in range(2000):
        names.append(new_name(clock.timing.wall()))
        clock.now += 0.37
    assert names == sorted(names)
    assert len({new_name(1_795_000_000.0) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("reason", ["é\n\x00x", "x" * 1000])
def test_any_reason_can_be_written(reason: str) -> None:
    house = down_until(1e9)
    store = UndeliveredStore(Store("store"), timing=house.world.timing)
    with house.lived_in():
        key = store.write("undelivered/", b"x", reason, house.world.now + 60)
    written = house.s3.metadata(key)["x-amz-meta-reason"]
    assert len(written) <= 300
    assert written.isascii()
    assert written.isprintable()


def test_a_large_document_that_is_not_taken_is_stored_whole() -> None:
    house = down_until(1e9)
    texts = [f"{number} " + "x" * 300_000 for number in range(50)]
    house.send(make_event(texts))
    run(house)
    (key,) = house.s3.keys("undelivered/")
    documents = gzip.decompress(house.s3.body(key)).replace(b"}{", b"}\n{").split(b"\n")
    assert messages([json.loads(document) for document in documents]) == texts
    house.world.plan = lambda _exchange: None
    house.aws.invoke(house.redrive, {"mezmo_forwarder": "redrive"}, 300)
    run(house)
    assert house.waiting == []


def test_a_large_document_is_kept_as_it_came_and_counted_if_nothing_is_sent_any_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = down_until(1e9)
    for second in range(5):
        house.send(make_event(["a"]), second)
    large = make_event(['"message" ' + "x" * 300_000] * 50)
    house.send(large, 20)
    run(house)
    assert house.s3.body(house.s3.keys("undelivered/")[-1]) == payload_of(large)
    line = lines(capsys)[-1]
    assert (line["LinesReceived"], line["LinesStored"]) == (50, 50)
    assert line["BytesStored"] == line["bytes_in"] == len(gzip.decompress(payload_of(large)))


def test_a_damaged_end_of_a_large_document_does_not_repeat_its_beginning() -> None:
    texts = [f"{number} " + "x" * 3_000 for number in range(5_000)]
    document = gzip.decompress(payload_of(make_event(texts)))
    damaged = document.replace(b'"timestamp":1795000004999', b'"timestamp":"late"')
    house = House()
    house.send(pack(damaged))
    run(house)
    assert house.function.failures == 0
    assert set(house.mezmo.taken.values()) == {1}
    (aside,) = house.s3.keys("rejected/")
    assert "timestamp" in house.s3.metadata(aside)["x-amz-meta-reason"]


def record(number: int, *texts: str, group: str = GROUP, owner: str = "123456789012") -> dict[str, Any]:
    data = make_event(texts, group=group, owner=owner)["awslogs"]["data"]  # type: ignore[index]
    return {"kinesis": {"sequenceNumber": f"{number}", "data": data}}


class TestStream:
    """Records of a Kinesis stream."""

    def handle(self, house: House, *records: dict[str, Any]) -> Any:
        with house.lived_in():
            house.world.end = house.world.now + 60
            forwarder: Any = house.function.make()
            return forwarder.handle({"Records": list(records)}, Context(house.world))

    def test_lines_of_one_hostname_share_requests_and_keep_where_they_are_from(self) -> None:
        house = House()
        answer = self.handle(
            house,
            record(1, "a", group="/x"),
            record(2, "b", group="/y", owner="999999999999"),
            record(3, "c", group="/x"),
        )
        assert answer is None
        sent = [one for one in house.world.exchanges if one.service.startswith("mezmo")]
        bodies = [json.loads(gzip.decompress(one.body))["lines"] for one in sent]
        assert [[line["line"] for line in body] for body in bodies] == [["a", "c"], ["b"]]
        assert [one.target.rpartition("hostname=")[2] for one in sent] == ["x", "y"]
        assert bodies[1][0]["meta"]["owner"] == "999999999999"

    def test_with_a_store_an_outage_is_one_object_and_no_failure(self) -> None:
        house = down_until(1e9)
        answer = self.handle(house, *(record(number, f"{number}") for number in range(50)))
        assert answer is None
        (key,) = house.s3.keys("")
        assert key.startswith("undelivered/")
        texts = gzip.decompress(house.s3.body(key)).replace(b"}{", b"}\n{").split(b"\n")
        assert messages([json.loads(text) for text in texts]) == [f"{number}" for number in range(50)]

    def test_without_one_the_first_record_that_failed_is_named(self) -> None:
        house = House(store=False, mezmo=SimulatedMezmo(KEY, code=lambda text: 503 if text == "b" else 200))
        answer = self.handle(house, record(7, "a"), record(8, "b"), record(9, "c"))
        assert answer == {"batchItemFailures": [{"itemIdentifier": "8"}]}

    def test_if_the_store_fails_as_well(self) -> None:
        house = House(
            mezmo=SimulatedMezmo(KEY, code=lambda text: 400 if text == "b" else 200),
            plan=lambda one: Fault.STATUS_500 if one.service.startswith("s3") else None,
        )
        answer = self.handle(house, record(7, "a"), record(8, "b"), record(9, "c"))
        assert answer == {"batchItemFailures": [{"itemIdentifier": "8"}]}

    def test_a_foreign_record_is_set_aside_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        house = House()
        foreign = {"kinesis": {"sequenceNumber": "8", "data": "bm90aGluZyBvZiBDbG91ZFdhdGNoJ3M="}}
        assert self.handle(house, record(7, "a"), foreign, record(9, "c")) is None
        assert house.mezmo.taken == {"a": 1, "c": 1}
        (aside,) = house.s3.keys("rejected/")
        assert json.loads(house.s3.body(aside)) == {
            "requestPayload": {"awslogs": {"data": foreign["kinesis"]["data"]}}
        }
        assert lines(capsys)[-1]["PayloadsSetAside"] == 1
        without = House(store=False)
        assert self.handle(without, record(7, "a"), foreign, record(9, "c")) is None, "not for ever"
        assert without.mezmo.taken == {"a": 1, "c": 1}
        broken = House(plan=lambda one: Fault.STATUS_500 if one.service.startswith("s3") else None)
        answer = self.handle(broken, record(7, "a"), foreign, record(9, "c"))
        assert answer == {"batchItemFailures": [{"itemIdentifier": "8"}]}

    def test_control_messages_and_an_empty_batch(self) -> None:
        house = House()
        control = make_event(["health"], message_type="CONTROL_MESSAGE", group="")["awslogs"]["data"]  # type: ignore[index]
        assert self.handle(house, {"kinesis": {"sequenceNumber": "1", "data": control}}) is None
        assert self.handle(house) is None
        assert house.mezmo.requests == 0

    def test_the_own_log_group_of_another_account_is_forwarded(self) -> None:
        house = House()
        house._environment["AWS_LAMBDA_LOG_GROUP_NAME"] = "/own"
        self.handle(house, record(1, "mine", group="/own"), record(2, "theirs", group="/own", owner="9" * 12))
        assert house.mezmo.taken == {"theirs": 1}

    @pytest.mark.parametrize("records", [[{"s3": {}}], [{"kinesis": {}}], "x", [1]])
    def test_records_of_something_else_fail_in_words(self, records: Any) -> None:
        house = House()
        with house.lived_in():
            house.world.end = 60
            forwarder: Any = house.function.make()
            with pytest.raises(NotCloudWatchLogsError, match="'Records'"):
                forwarder.handle({"Records": records}, Context(house.world))


FAULTS = st.sampled_from([None, None, *(f for f in Fault if not f.name.startswith("KILL"))])


@settings(max_examples=200)
@given(
    st.lists(FAULTS, max_size=30),
    st.lists(st.sampled_from([200, 200, 400, 503]), min_size=1, max_size=7),
    st.lists(st.sampled_from(["a", "", "x" * 17_000, "y" * 200_000]), max_size=12),
    st.booleans(),
)
def test_counts_add_up_whatever_happens(
    faults: list[Fault | None], codes: list[int], texts: list[str], store: bool
) -> None:
    plan = dict(enumerate(faults))
    numbers = iter(range(10**6))
    mezmo = SimulatedMezmo(KEY, code=lambda _text: codes[next(numbers) % len(codes)])
    house = House(plan=lambda one: plan.get(one.number), mezmo=mezmo, store=store)
    reports: list[Any] = []
    with house.lived_in(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("handler.forwarding.forwarder.log_report", lambda report, **_: reports.append(report))
        patch.setattr("handler.forwarding.forwarder.log", lambda *_arguments, **_named: None)
        house.send(make_event(texts))
        house.aws.run(1.0)
    for report in reports:
        total = report.total
        assert total.received == (
            total.delivered + total.filtered + total.stored + total.rejected + total.undelivered
        )
        assert total.received >= len(texts)
        assert total.filtered == texts.count("")
        assert sum(report.reasons.values()) == total.stored + total.rejected + total.undelivered
        assert not (total.stored and total.undelivered)
