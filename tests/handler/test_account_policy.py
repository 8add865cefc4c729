"""Events that came by the account's policy."""

import gzip
import json
from typing import Any

import pytest

from handler.report import EXCLUDED_LOG_GROUP
from local.simulation import Exchange, Fault
from local.simulation.house import House
from tests.handler.cloudwatch import make_event

POLICY = "mezmo-account"
OWN = {POLICY: {"app": "account", "exclude_log_group_prefixes": ["/aws/codebuild/", "/tmp"]}}


def account_event(*texts: str, group: str = "/app/orders") -> dict[str, object]:
    """Return an event as CloudWatch's guide shows it for an account's policy."""
    return make_event(texts, group=group, filters=[POLICY], policyLevel="ACCOUNT_LEVEL_POLICY")


def run(house: House) -> None:
    with house.lived_in():
        house.aws.run(1000.0)


def sent(house: House) -> list[dict[str, Any]]:
    bodies = [one.body for one in house.world.exchanges if one.service.startswith("mezmo")]
    return [line for body in bodies for line in json.loads(gzip.decompress(body))["lines"]]


def test_its_lines_go_by_the_policy_s_name() -> None:
    house = House(app="all", subscriptions=OWN, meta={"by": "{policy_level}"})
    house.send(account_event("a"))
    house.send(make_event(["b"], group="/app/orders"))
    run(house)

    by_text = {line["line"]: line for line in sent(house)}
    assert (by_text["a"]["app"], by_text["b"]["app"]) == ("account", "all")
    assert by_text["a"]["meta"]["by"] == "ACCOUNT_LEVEL_POLICY"
    assert "by" not in by_text["b"]["meta"]
    assert by_text["a"]["meta"]["filters"] == [POLICY]


def test_groups_are_excluded_by_their_prefix_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    house = House(subscriptions=OWN)
    house.send(account_event("a", "b", group="/aws/codebuild/shop"))
    house.send(account_event("c", group="/aws/codebuilder"))
    house.send(make_event(["d"], group="/aws/codebuild/shop"))  # subscribed singly
    run(house)

    assert house.mezmo.taken == {"c": 1, "d": 1}
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (report,) = [one for one in reports if "LinesFiltered" in one]
    assert (report["LinesReceived"], report["LinesFiltered"]) == (2, 2)
    assert report["filters"] == {EXCLUDED_LOG_GROUP: 2}
    assert report["level"] == "INFO"


def test_what_is_excluded_is_not_stored_in_an_outage() -> None:
    def down(exchange: Exchange) -> Fault | None:
        return Fault.STATUS_503 if exchange.service.startswith("mezmo") else None

    house = House(subscriptions=OWN, plan=down)
    for number in range(10):
        house.send(account_event("kept"), number)
        house.send(account_event("left out", group="/tmp/x"), number)
    run(house)

    stored = [json.loads(gzip.decompress(house.s3.body(key))) for key in house.waiting]
    assert {found["logGroup"] for found in stored} == {"/app/orders"}


def test_it_survives_the_store() -> None:
    away = True

    def code(text: str) -> int:
        return 503 if away and text == "a" else 200

    house = House(subscriptions=OWN, meta={"by": "{policy_level}"})
    house.mezmo.code = code
    house.send(account_event("a", "b"))
    run(house)
    away = False
    house.redrive_every(300)
    run(house)

    line = sent(house)[-1]
    assert (line["line"], line["app"]) == ("a", "account")
    assert line["meta"]["by"] == "ACCOUNT_LEVEL_POLICY"


@pytest.mark.parametrize("level", [None, "", "ACCOUNT_LEVEL_POLICY", "OF_THE_FUTURE"])
def test_any_level_is_read(level: str | None) -> None:
    house = House()
    house.send(make_event(["a"], policyLevel=level))
    run(house)
    assert house.mezmo.taken == {"a": 1}


def test_the_own_log_group_of_function_and_re_drive_is_dropped_whatever_its_name() -> None:
    house = House(subscriptions=OWN)
    house._environment["AWS_LAMBDA_LOG_GROUP_NAME"] = "/brought/by/the/user"
    house.send(account_event("a", group="/brought/by/the/user"))
    run(house)
    assert house.mezmo.requests == 0
