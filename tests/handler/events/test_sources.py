"""Where log events come from that CloudWatch has brought together from other accounts and regions."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.events.joining import join
from handler.events.sources import by_source
from handler.settings import Multiline
from local.simulation import Exchange, Fault
from local.simulation.house import House
from tests.handler.cloudwatch import OWNER, make_document, pack, read, to_json

THEIRS = {"@aws.account": "222222222222", "@aws.region": "us-east-1"}
OTHERS = {"@aws.account": "333333333333", "@aws.region": "eu-west-1"}
UNTIL = 1000.0


def event(*sources: object, texts: tuple[str, ...] = ("a", "b", "c"), **more: Any) -> dict[str, object]:
    """Return an event whose log events have these `extractedFields`; an Ellipsis stands for none."""
    document: Any = make_document(texts[: len(sources)], **more)
    for found, source in zip(document["logEvents"], sources, strict=True):
        if source is not ...:
            found["extractedFields"] = source
    return pack(to_json(document, ascii_only=True))


def metas(house: House) -> dict[str, dict[str, Any]]:
    """Return the `meta` of every line that was sent to Mezmo, by the line's text."""
    with house.lived_in():
        house.aws.run(UNTIL)
    bodies = [one.body for one in house.world.exchanges if one.service.startswith("mezmo")]
    sent = [line for body in bodies for line in json.loads(gzip.decompress(body))["lines"]]
    return {line["line"]: line["meta"] for line in sent}


def sources(sent: dict[str, object], **settings: Any) -> dict[str, tuple[str, str]]:
    house = House(**settings)
    house.send(sent)
    return {text: (meta["owner"], meta["region"]) for text, meta in metas(house).items()}


def test_each_line_names_the_account_and_region_that_its_log_event_tells() -> None:
    assert sources(event(THEIRS, OTHERS, THEIRS)) == {
        "a": ("222222222222", "us-east-1"),
        "b": ("333333333333", "eu-west-1"),
        "c": ("222222222222", "us-east-1"),
    }


@pytest.mark.parametrize(
    "fields",
    [..., None, {}, {"status": "200", "message": None}, {"@aws.account": 1}, {"@aws.account": None}, [], "x"],
)
def test_what_tells_nothing_is_of_the_event_s_account_and_the_function_s_region(fields: object) -> None:
    assert sources(event(fields, fields)) == {"a": (OWNER, "eu-west-3"), "b": (OWNER, "eu-west-3")}


def test_one_of_the_two_is_enough() -> None:
    assert sources(event({"@aws.account": "222222222222"}, {"@aws.region": "us-east-1"})) == {
        "a": ("222222222222", "eu-west-3"),
        "b": (OWNER, "us-east-1"),
    }


def test_templates_have_them_too() -> None:
    house = House(meta={"from": "{account}/{region}"})
    house.send(event(THEIRS))
    assert metas(house)["a"]["from"] == "222222222222/us-east-1"


def test_the_account_s_alias_is_of_no_other_account() -> None:
    house = House(account_alias="mine", meta={"alias": "{account_alias}"})
    house.send(event(THEIRS, ..., texts=("theirs", "own", "")))
    found = metas(house)
    assert (found["own"]["account_alias"], found["own"]["alias"]) == ("mine", "mine")
    assert found["theirs"].keys().isdisjoint({"account_alias", "alias"})


def test_with_half_a_surrogate_as_well() -> None:
    assert sources(event(THEIRS, texts=("\ud83d",))) == {"\ufffd": ("222222222222", "us-east-1")}


@pytest.mark.parametrize("refused", [set(), {"a"}, {"a", "b"}, {"a", "b", "c"}])
def test_they_survive_the_store(refused: set[str]) -> None:
    away = True

    def code(text: str) -> int:
        return 503 if away and text in refused else 200

    house = House()
    house.mezmo.code = code
    house.send(event(THEIRS, OTHERS, ...))
    with house.lived_in():
        house.aws.run()
    away = False
    house.redrive_every(300)
    found = metas(house)
    assert {text: (meta["owner"], meta["region"]) for text, meta in found.items()} == {
        "a": ("222222222222", "us-east-1"),
        "b": ("333333333333", "eu-west-1"),
        "c": (OWNER, "eu-west-3"),
    }
    assert not house.waiting
    assert house.mezmo.taken == dict.fromkeys("abc", 1)


@given(st.lists(st.sampled_from([..., {}, THEIRS, OTHERS, None, {"@aws.region": "x"}]), max_size=20))
def test_no_log_event_is_lost_doubled_or_reordered_within_its_source(fields: list[object]) -> None:
    texts = tuple(str(number) for number in range(len(fields)))
    received = read(event(*fields, texts=texts))
    parts = by_source(received)
    ids = [[bytes(one.id) for one in part.document.log_events] for part in parts]
    assert sorted(i for part in ids for i in part) == [bytes(one.id) for one in received.document.log_events]
    assert all(part == sorted(part) for part in ids)
    assert len({(part.document.owner, part.document.source_region) for part in parts}) == len(parts)
    assert sum(part.size for part in parts) <= received.size


def down(exchange: Exchange) -> Fault | None:
    return Fault.STATUS_503 if exchange.service.startswith("mezmo") else None


def test_a_whole_document_is_stored_as_it_came() -> None:
    house = House(plan=down)
    sent = event(THEIRS, THEIRS)
    house.send(sent)
    with house.lived_in():
        house.aws.run()
    (key,) = house.s3.keys("undelivered/")
    (stored,) = [json.loads(gzip.decompress(house.s3.body(key)))]
    assert [one["extractedFields"] for one in stored["logEvents"]] == [THEIRS, THEIRS]


def test_lines_are_joined_within_their_source() -> None:
    trace = ("Traceback (most recent call last):", '  File "a.py", line 1, in b', "ValueError: c")
    house = House(multiline={"kind": "python"})
    house.send(event(THEIRS, THEIRS, THEIRS, texts=trace))
    house.send(event(THEIRS, OTHERS, THEIRS, texts=trace))
    found = metas(house)
    assert found["\n".join(trace)]["region"] == "us-east-1"
    assert found[trace[1]]["region"] == "eu-west-1"


def test_a_joined_line_keeps_its_source() -> None:
    """As in the preview, which joins first."""
    texts = ("Traceback (most recent call last):", '  File "a.py", line 1, in b')
    joined = join(Multiline(kind="python"), read(event(THEIRS, THEIRS, texts=texts)))
    (part,) = by_source(joined)
    assert len(part.document.log_events) == 1
    assert part.document.source_region == "us-east-1"
