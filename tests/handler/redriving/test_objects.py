"""What becomes of an object that was sent, in whole or in part, or cannot be."""

import json

import pytest

from local.simulation import SimulatedMezmo
from local.simulation.house import KEY
from local.simulation.world import EPOCH
from tests.handler.cloudwatch import make_event
from tests.handler.redriving.stored import FOREIGN, HOUR, Store


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


def test_each_object_has_its_own_reason() -> None:
    store = Store(mezmo=SimulatedMezmo(KEY, code=int))
    store.put("undelivered/", 1, "400", "200")
    store.put("undelivered/", 2, "422", "200")
    store.run()
    reasons = [store.house.s3.metadata(key)["x-amz-meta-reason"] for key in store.left]
    assert reasons == ["400 for a line", "422 for a line"]
