"""What a subscription has for itself alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from handler.errors import SettingsError
from handler.forwarding.overrides import SettingsBySubscription
from handler.settings import VARIABLE, read_settings
from local.simulation.house import House
from tests.handler.cloudwatch import make_event
from tests.handler.doubles import make_settings, settings_json

OWN = {"hostname": "shop", "app": "web", "env": "test", "tags": ["blue"], "meta_fields": ["stream"]}
OWN |= {"oversize_lines": "whole"}


def settings_of(filters: list[str], **settings: Any) -> dict[str, object]:
    found = SettingsBySubscription(make_settings(**settings)).of(filters)
    return {name: getattr(found, name) for name in OWN}


GENERAL = settings_of([], app="all", tags=["green"])


def test_a_subscription_s_own_settings_replace_the_forwarder_s_one_by_one() -> None:
    everything = settings_of(["mine"], app="all", subscriptions={"mine": OWN})
    assert everything == OWN | {"tags": ("blue",), "meta_fields": ("stream",)}
    some = settings_of(["mine"], app="all", tags=["green"], subscriptions={"mine": {"env": "test"}})
    assert some == GENERAL | {"env": "test"}


@pytest.mark.parametrize(
    ("filters", "app"),
    [
        ([], "all"),
        (["unknown"], "all"),
        (["unknown", "mine", "other"], "web"),
        (["other", "mine"], "another"),
    ],
)
def test_of_several_filters_the_first_with_settings_of_its_own_decides(filters: list[str], app: str) -> None:
    own = {"mine": {"app": "web"}, "other": {"app": "another"}}
    assert settings_of(filters, app="all", subscriptions=own)["app"] == app


def test_requests_hold_lines_of_one_hostname_and_one_list_of_tags() -> None:
    own = {"a": {"tags": ["x", "y"]}, "b": {"hostname": "other"}}
    house = House(hostname="host", tags=["all"], subscriptions=own)
    records = [make_event([name], filters=[name]) for name in ("a", "b", "c", "a")]
    stream = [
        {"kinesis": {"sequenceNumber": f"{number}", "data": event["awslogs"]["data"]}}  # type: ignore[index]
        for number, event in enumerate(records)
    ]
    house.aws.read_stream(house.function, stream, 0)
    with house.lived_in():
        house.aws.run()
    sent = [one.target.partition("?")[2] for one in house.world.exchanges if one.service.startswith("mezmo")]
    assert sorted(sent) == ["tags=all&hostname=host", "tags=all&hostname=other", "tags=x,y&hostname=host"]
    assert house.mezmo.taken == {"a": 2, "b": 1, "c": 1}


def test_they_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "subscriptions.json"
    path.write_text(json.dumps({"mine": OWN}))
    settings = read_settings({VARIABLE: settings_json(subscriptions_file=str(path))})
    assert SettingsBySubscription(settings).of(["mine"]).app == "web"


@pytest.mark.parametrize("text", [None, "{", '{"mine": {"colour": "blue"}}'])
def test_a_file_that_is_not_what_it_should_be(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "subscriptions.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=r"subscriptions_file .*subscriptions\.json.* cannot be read"):
        read_settings({VARIABLE: settings_json(subscriptions_file=str(path))})
