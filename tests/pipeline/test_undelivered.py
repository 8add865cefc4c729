"""What Mezmo does not take, the whole way: stored, kept by Lambda, sent again, left behind."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from local.aws import LocalAws
from local.mezmo import Answer, CommittedLine, Hang, MezmoStandIn, PartialAnswer
from tests.pipeline.whole_way import SECONDS, WholeWay, make_secret

pytestmark = pytest.mark.slow

Deploy = Callable[..., WholeWay]


@pytest.fixture(scope="module")
def way(aws: LocalAws, mezmo: MezmoStandIn, module_whole_way: Deploy) -> WholeWay:
    make_secret(aws, "store-key")
    assert mezmo.ca_file
    return module_whole_way("store.py", **{"ca-file": mezmo.ca_file})


@pytest.fixture(autouse=True)
def _mezmo_is_back(mezmo: MezmoStandIn) -> Iterator[None]:
    yield
    mezmo.faults.clear()


def wait_for(happened: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, f"waited {SECONDS} s for {what}"
        time.sleep(0.1)


def texts(lines: list[CommittedLine]) -> list[str]:
    return sorted(line.line for line in lines)


def test_an_outage_costs_delay_and_no_line(way: WholeWay, mezmo: MezmoStandIn) -> None:
    bucket = way.outputs("Store")["ForwarderBucket"]
    mezmo.faults.always(Answer(503))
    way.write("/store/direct", "INFO one", "INFO two")
    wait_for(lambda: way.keys(bucket, "undelivered/"), "an object in the store")
    assert way.lines(0) == []
    mezmo.faults.clear()
    assert texts(way.lines(2)) == ["INFO one", "INFO two"]
    wait_for(lambda: not way.keys(bucket, "undelivered/"), "an empty store")
    assert way.lines(0) == []


def test_a_function_that_is_killed_every_time_loses_nothing(way: WholeWay, mezmo: MezmoStandIn) -> None:
    outputs = way.outputs("Store")
    bucket, function = outputs["ForwarderBucket"], outputs["ForwarderFunction"]
    mezmo.faults.always(Hang())
    before = len(mezmo.requests)
    way.write("/store/direct", "INFO killed")

    def given_up() -> list[str]:
        if len(mezmo.requests) > before:
            for process in way.aws.function_processes(function):
                os.kill(process, signal.SIGKILL)
        return way.keys(bucket, "aws/lambda/async/")

    wait_for(given_up, "Lambda's record of the failure")
    mezmo.faults.clear()
    assert texts(way.lines(1)) == ["INFO killed"]
    wait_for(lambda: not way.keys(bucket, "aws/lambda/"), "an empty store")


def test_refused_lines_are_kept_and_sent_again_by_hand(way: WholeWay, mezmo: MezmoStandIn) -> None:
    outputs = way.outputs("Store")
    bucket, redrive = outputs["ForwarderBucket"], outputs["ForwarderRedrive"]
    mezmo.faults.script([PartialAnswer([200, 400])])
    way.write("/store/direct", "INFO good", "INFO bad")
    assert texts(way.lines(1)) == ["INFO good"]
    wait_for(lambda: way.keys(bucket, "rejected/"), "an object in rejected/")

    dry = way.invoke(redrive, {"mezmo_forwarder": "redrive", "prefix": "rejected/", "dry_run": True})
    assert (dry["objects"], way.lines(0)) == (1, [])
    answer = way.invoke(redrive, {"mezmo_forwarder": "redrive", "prefix": "rejected/"})
    assert (answer["lines"], answer["rejected"]) == (1, 0)
    assert texts(way.lines(1)) == ["INFO bad"]
    assert way.keys(bucket, "rejected/") == []


def test_a_vendor_s_function_gets_again_what_it_failed_for(way: WholeWay, mezmo: MezmoStandIn) -> None:
    bucket = way.outputs("Store")["VendorBucket"]
    mezmo.faults.always(Answer(503))
    way.write("/store/vendor", "INFO by the vendor")
    wait_for(lambda: way.keys(bucket, "aws/lambda/async/"), "Lambda's record of the failure")
    mezmo.faults.clear()
    (line,) = way.lines(1)
    assert (json.loads(line.line)["message"], line.hostname) == ("INFO by the vendor", "vendor")
    wait_for(lambda: not way.keys(bucket, "aws/lambda/"), "an empty store")


def test_a_stream_is_a_source_and_a_foreign_record_is_set_aside(way: WholeWay, mezmo: MezmoStandIn) -> None:
    outputs = way.outputs("Store")
    bucket = outputs["ForwarderBucket"]
    way.write("/store/stream", "INFO first", "INFO second")
    lines = way.lines(2)
    assert texts(lines) == ["INFO first", "INFO second"]
    assert {line.hostname for line in lines} == {"store/stream"}

    way.aws.client("kinesis").put_record(
        StreamName=outputs["StreamName"], Data=b"nothing of CloudWatch's", PartitionKey="1"
    )
    wait_for(lambda: way.keys(bucket, "rejected/"), "an object in rejected/")
    mezmo.faults.always(Answer(503))
    way.write("/store/stream", "INFO third")
    wait_for(lambda: way.keys(bucket, "undelivered/"), "an object in the store")
    mezmo.faults.clear()
    assert texts(way.lines(1)) == ["INFO third"]
    (aside,) = way.keys(bucket, "rejected/")
    way.aws.client("s3").delete_object(Bucket=bucket, Key=aside)


def test_destroying_the_stack_keeps_undelivered_lines_and_says_where(
    way: WholeWay, mezmo: MezmoStandIn
) -> None:
    bucket = way.outputs("Store")["ForwarderBucket"]
    mezmo.faults.always(Answer(503))
    way.write("/store/direct", "INFO left behind")
    wait_for(lambda: way.keys(bucket, "undelivered/"), "an object in the store")
    printed = way.destroy()
    assert len(way.keys(bucket, "undelivered/")) == 1
    (kept,) = (line for line in printed.splitlines() if "Forwarder/UndeliveredBucket (" in line)
    assert "DELETE_SKIPPED" in kept
    logical_id = kept.rpartition("(")[2].rstrip(") ")
    assert bucket.startswith(f"store-{logical_id.lower()}"[:40]), "the bucket's name shows what it is"
