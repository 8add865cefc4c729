"""Templates over what is recognized: the construct and the handler know the same names."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mezmo_forwarder import MezmoLogForwarder
from tests.handler.recognition import SAMPLES

Make = Callable[..., MezmoLogForwarder]


def names_in_samples() -> Iterator[str]:
    for path in SAMPLES.glob("*.json"):
        for sample in json.loads(path.read_text())["samples"]:
            expected: dict[str, Any] = sample["expected"]
            yield from expected["names"]
            for message in expected["messages"]:
                yield from (message or {}).get("names", {})


def test_every_name_that_is_recognized_may_be_used_and_no_other(make_forwarder: Make) -> None:
    with pytest.raises(RuntimeError) as error:
        make_forwarder(app="{nonsense}")
    (listed,) = re.findall(r"use one of ([\w, ]+) \(at", str(error.value))
    always = {"account", "account_alias", "log_group", "log_stream", "policy_level", "region"}
    assert {*listed.split(", ")} == {*names_in_samples()} | always, "list it in RECOGNIZED of template.ts"


def test_braces_that_hold_no_name_are_text(make_forwarder: Make) -> None:
    make_forwarder(app="{}{A} {b", mezmo_tags=["{Team}"])
