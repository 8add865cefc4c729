"""What went wrong for the users of other forwarders, each with a test of its name.

Simulated where time must pass; the handler's code, the template and the packed asset are the real ones.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from local.simulation import Exchange, Fault, SimulatedMezmo
from local.simulation.house import KEY, House
from mezmo_forwarder import IngestionKey, MezmoLogForwarder
from tests.handler.cloudwatch import make_event

ROOT = Path(__file__).resolve().parents[2]


def run(house: House, *events: object, every: float = 1.0) -> House:
    for number, event in enumerate(events):
        house.send(event, number * every)
    with house.lived_in():
        house.aws.run()
    return house


def at_mezmo(fault: Fault) -> Any:
    return lambda exchange: fault if exchange.service.startswith("mezmo") else None


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def to_mezmo(house: House) -> list[Exchange]:
    return [one for one in house.world.exchanges if one.service.startswith("mezmo")]


def test_a_failed_event_store_that_never_stored_anything() -> None:
    house = run(House(plan=at_mezmo(Fault.STATUS_503)), make_event(["a", "b"]))
    assert len(house.s3.keys("undelivered/")) == 1
    house.world.plan = lambda _exchange: None
    house.redrive_every(300)
    with house.lived_in():
        house.aws.run(600)
    assert house.mezmo.taken == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("codes", "metric"),
    [([503, 503], "LinesStored"), ([400, 200], "LinesRejected")],
)
def test_a_loss_metric_that_was_never_emitted(
    capsys: pytest.CaptureFixture[str], codes: list[int], metric: str
) -> None:
    texts = dict(zip("ab", codes, strict=True))
    run(House(mezmo=SimulatedMezmo(KEY, code=texts.__getitem__), metrics="forwarder"), make_event(["a", "b"]))
    line = logged(capsys)[-1]
    assert line[metric] > 0
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert metric in {definition["Name"] for definition in directive["Metrics"]}


@pytest.mark.parametrize("policy", ["split", "truncate", "whole"])
@pytest.mark.parametrize("size", [16_384, 16_385, 262_144, 999_700, 1_000_001])
def test_events_just_over_a_limit_dropped_in_silence(
    capsys: pytest.CaptureFixture[str], policy: str, size: int
) -> None:
    text = "x" * size
    house = run(House(oversize_lines=policy), make_event(["before", text, "after"]))
    taken = house.mezmo.taken
    arrived = sum(len(one) * count for one, count in taken.items()) - len("beforeafter")
    assert arrived == (min(size, 16_384) if policy == "truncate" else size)
    (line,) = logged(capsys)
    assert line["LinesReceived"] == line["LinesDelivered"]


def test_a_single_oversize_event_that_recurses_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    """Mezmo finds even the smallest request too large."""
    house = run(House(plan=at_mezmo(Fault.STATUS_413)), make_event(["x" * 1_000_000, *"abc"]))
    assert len(to_mezmo(house)) < 400
    assert len(house.rejected) == 4
    assert logged(capsys)[-1]["LinesRejected"] == 62 + 3


@pytest.mark.parametrize("fault", [Fault.STATUS_401, Fault.STATUS_403, Fault.STATUS_413, Fault.STATUS_429])
def test_statuses_401_403_413_and_429_taken_as_delivered(
    capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    house = run(House(plan=at_mezmo(fault)), make_event(["a"]))
    assert "LinesDelivered" not in logged(capsys)[-1]
    assert house.s3.keys("undelivered/") or house.rejected == {"a": "413"}


def test_a_retry_option_passed_where_the_client_ignores_it() -> None:
    plan = {1: Fault.STATUS_503, 2: Fault.RESET, 3: Fault.STATUS_429}
    house = run(House(plan=lambda exchange: plan.get(exchange.number)), make_event(["a"]))
    assert len(to_mezmo(house)) == 4
    assert house.mezmo.taken == {"a": 1}


def test_the_limit_of_a_lambda_s_resource_policy_hit_at_44_log_groups() -> None:
    stack = Stack(App(), "Many")
    secret = Secret.from_secret_name_v2(stack, "Secret", "MezmoIngestionKey")
    forwarder = MezmoLogForwarder(stack, "Forwarder", ingestion_key=IngestionKey.from_secrets_manager(secret))
    for number in range(100):
        forwarder.subscribe(LogGroup.from_log_group_name(stack, f"Group{number}", f"/app/{number}"))
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::Logs::SubscriptionFilter", 100)
    for_logs = template.find_resources(
        "AWS::Lambda::Permission", {"Properties": {"Principal": "logs.amazonaws.com"}}
    )
    assert len(for_logs) == 1


def test_a_filter_that_loops_on_the_forwarder_s_own_logs(capsys: pytest.CaptureFixture[str]) -> None:
    house = House()
    house._environment["AWS_LAMBDA_LOG_GROUP_NAME"] = "/own"
    run(house, *(make_event(["its own line"], group="/own") for _ in range(50)))
    assert to_mezmo(house) == []
    assert len(logged(capsys)) == 1, "what it says about it would be the next event"


def test_describe_calls_on_the_hot_path() -> None:
    house = run(House(), *(make_event([f"{number}"]) for number in range(50)))
    asked = [one.service for one in house.world.exchanges if not one.service.startswith("mezmo")]
    assert asked == ["secretsmanager.simulated"], "for the key, once, while the function is initialized"


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HANG_AFTER])
@pytest.mark.parametrize("service", ["mezmo", "s3", "secretsmanager"])
def test_hangs_to_the_full_time_out_for_want_of_a_deadline(service: str, fault: Fault) -> None:
    def plan(exchange: Exchange) -> Fault | None:
        if exchange.service.startswith(service):
            return fault
        return Fault.STATUS_503 if exchange.service.startswith("mezmo") else None

    house = run(House(plan=plan), make_event(["a"]))
    assert house.function.kills == 0
    assert house.function.seconds / house.function.invocations < 45


def test_the_forwarder_s_own_logs_costing_more_than_what_it_forwards(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One invocation every five seconds, a megabyte a minute: a twelfth of it each."""
    texts = [f"INFO GET /orders/{number} 200 " + "x" * 100 for number in range(640)]
    run(House(metrics="forwarder"), make_event(texts))
    (line,) = capsys.readouterr().out.splitlines()
    assert sum(map(len, texts)) == pytest.approx(1_000_000 / 12, rel=0.05)
    assert len(line) < 0.01 * sum(map(len, texts))


OPTIONAL: list[dict[str, Any]] = [
    {},
    {"store": False},
    {"metrics": "forwarder"},
    {"metrics": "log-group"},
    {"oversize_lines": "whole"},
    {"meta_fields": []},
    {"tags": []},
    {"hostname": "h"},
    {"app": "a"},
    {"env": "e"},
]


@pytest.mark.parametrize("settings", OPTIONAL, ids=str)
@pytest.mark.parametrize("fault", [None, Fault.STATUS_503])
def test_an_optional_feature_that_broke_the_function_when_it_was_not_configured(
    settings: dict[str, Any], fault: Fault | None
) -> None:
    house = run(House(plan=at_mezmo(fault) if fault else None, **settings), make_event(["a"]))
    if fault is None:
        assert (house.mezmo.taken, house.function.failures) == ({"a": 1}, 0)
    else:
        assert len(house.waiting) == 1
        assert house.function.failures == (0 if settings.get("store", True) else 3)


def test_a_release_archive_that_lacked_a_folder() -> None:
    """Every module of the handler is in the packed asset, and is found there with what it needs."""
    asset = ROOT / "lib/handler"
    modules = {path.stem for path in (ROOT / "src/mezmo_forwarder/handler").glob("*.py")}
    assert {path.stem for path in (asset / "handler").glob("*.py")} == modules
    python = os.environ["MEZMO_DEV_LAMBDA_PYTHON"]
    site = os.environ["MEZMO_DEV_LAMBDA_SITE"]
    # After the asset, for an interpreter that the asset has no wheels for.
    script = (
        "import importlib, sys; sys.path[:0] = sys.argv[1:3]\n"
        "for name in sys.argv[3:]: importlib.import_module(name)"
    )
    names = [f"handler.{name}" for name in sorted(modules - {"__init__"})]
    command = [python, "-I", "-S", "-B", "-c", script, str(asset), site, *names]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0
