"""The doctor beside a deployed forwarder, of which one link after the other is broken, found, and mended."""

import re
import time
from collections.abc import Callable, Iterator

import pytest

from local.aws import LocalAws
from local.mezmo import Answer, MezmoStandIn
from mezmo_forwarder_commands.__main__ import main
from tests.pipeline.broken_links import LINKS, NAMED, SECRET, Break, Output, Patient
from tests.pipeline.whole_way import KEY, SECONDS, WholeWay, as_a_user, make_secret

pytestmark = pytest.mark.slow

Deploy = Callable[..., WholeWay]


@pytest.fixture(scope="module")
def way(aws: LocalAws, module_whole_way: Deploy) -> WholeWay:
    make_secret(aws, SECRET)
    aws.client("logs").create_log_group(logGroupName=NAMED)
    return module_whole_way("doctor.py")


@pytest.fixture
def patient(
    way: WholeWay, mezmo: MezmoStandIn, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> Iterator[Patient]:
    as_a_user(way, monkeypatch)
    yield Patient(way, capsys)
    mezmo.faults.clear()


def test_all_is_well(patient: Patient) -> None:
    status, said = patient.look("--send-test-line")

    assert (status, said["verdict"]) == (0, "ok")
    assert [one for one in said["findings"] if one["verdict"] != "ok"] == []
    assert {"test line"} < {one["area"] for one in said["findings"]}
    (line,) = patient.way.lines(1)
    assert line.line.startswith("Test line of ")

    assert main(["doctor", patient.function]) == 0
    assert f"{patient.function}  stack Doctor, eu-west-3" in patient.capsys.readouterr().out
    assert patient.way.lines(0) == [], "no line unless it is asked for"


@pytest.mark.parametrize(("link", "check", "verdict", "text"), LINKS, ids=[one[0].__name__ for one in LINKS])
def test_a_broken_link(patient: Patient, link: Break, check: str, verdict: str, text: str) -> None:
    mend = link(patient)
    status, said = patient.look()
    found = [one for one in said["findings"] if (one["check"], one["verdict"]) == (check, verdict)]
    if mend:
        mend()
    else:
        patient.follow(found[0]["remedy"])
    assert any(re.search(text, one["text"]) for one in found), said
    assert status == (1 if said["verdict"] == "broken" else 0)
    assert KEY not in str(said)
    assert patient.complaints() == []


def test_what_waits_in_the_store(
    patient: Patient, mezmo: MezmoStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    mezmo.faults.always(Answer(503))
    patient.way.write(NAMED, "INFO waits")
    end = time.monotonic() + 2 * SECONDS
    while not patient.way.keys(patient.bucket, "undelivered/"):
        assert time.monotonic() < end, "nothing was stored"
        time.sleep(0.2)
    assert {one["check"]: one["verdict"] for one in patient.complaints()} == {
        "waiting": "warning",
        "accepted": "could not tell",  # Mezmo answers 503 here, too
    }
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 1000)
    (waiting,) = (one for one in patient.complaints() if one["check"] == "waiting")
    assert (waiting["verdict"], "17 minutes old" in waiting["text"]) == ("broken", True)
    monkeypatch.undo()

    mezmo.faults.clear()
    assert [line.line for line in patient.way.lines(1)] == ["INFO waits"]


def test_the_last_hour(patient: Patient, mezmo: MezmoStandIn) -> None:
    """The local AWS makes no figures of CloudWatch Logs' or of embedded metrics: they are put there."""
    (named,) = patient.client("logs").describe_subscription_filters(logGroupName=NAMED)["subscriptionFilters"]

    def put(namespace: str, name: str, value: int, **dimensions: str) -> None:
        put_data = patient.client("cloudwatch").put_metric_data
        data = {"MetricName": name, "Value": value}
        data["Dimensions"] = [{"Name": one, "Value": text} for one, text in dimensions.items()]
        put_data(Namespace=namespace, MetricData=[data])

    of_filter = {"LogGroupName": NAMED, "DestinationType": "Lambda", "FilterName": named["filterName"]}
    put("AWS/Logs", "ForwardedLogEvents", 1234, **of_filter)
    put("AWS/Lambda", "DestinationDeliveryFailures", 1, FunctionName=patient.function)
    found = {one["check"]: one for one in patient.complaints(past=True) if one["verdict"] == "broken"}
    assert found.keys() == {"CloudWatch Logs", "Lambda"}
    assert (
        "forwarded 1,234 log events in the last hour, the function counted 0"
        in found["CloudWatch Logs"]["text"]
    )
    assert "DestinationDeliveryFailures 1 in the last hour: events" in found["Lambda"]["text"]

    put("MezmoForwarder", "LinesReceived", 1000, FunctionName=patient.function)
    checks = {one["check"]: one["verdict"] for one in patient.complaints(past=True)}
    assert checks["CloudWatch Logs"] == "warning"
    put("MezmoForwarder", "LinesReceived", 234, FunctionName=patient.function)
    assert "CloudWatch Logs" not in {one["check"] for one in patient.complaints(past=True)}

    mezmo.keys = {"f" * 32}
    try:
        answer = patient.way.invoke(patient.function, {"mezmo_forwarder": "test"})
        assert answer["status"] == "undelivered"
        logged = [one for one in patient.complaints(past=True) if one["check"] == "own log"]
        (refused,) = (one for one in logged if "the ingestion key was refused: 403" in one["text"])
        assert "CDK's random password, or a revoked key" in refused["remedy"]
    finally:
        mezmo.keys = {KEY}
