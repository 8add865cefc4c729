"""What a log group's tags become, whatever they are."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.aws.log_tags import LogTags
from handler.forwarding.log_group_tags import KnownTags
from handler.lines.names import names_of
from handler.lines.tag_texts import LARGEST_META, field_of
from handler.settings import MOST_TAGS, LogGroupTags, Settings
from tests.handler.cloudwatch import encode, received
from tests.handler.doubles import make_settings

EVERYTHING = [{"to": "tags"}, {"to": "meta"}]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
TAGS = st.dictionaries(TEXTS, TEXTS, max_size=50)
OWN = st.lists(st.from_regex("[a-z]{1,30}", fullmatch=True), max_size=4)


def named(tags: dict[str, str], /, **settings: object) -> tuple[str, dict[str, str]]:
    """Return the tags of a query, and the fields of `meta`, that lines of a group with these tags get."""
    names = names_of(make_settings(**settings), received(["x"]).document, tags)  # type: ignore[arg-type]
    return names.tags, names.meta


def test_tags_come_in_the_order_that_was_asked_for() -> None:
    tags = {"env": "prod", "team": "shop", "unwanted": "x"}
    wanted = [{"to": "tags", "keys": ["team", "missing", "env"]}, {"to": "meta", "keys": ["env"]}]
    assert named(tags, log_group_tags=wanted, tags=["eu"]) == ("eu,team:shop,env:prod", {"tag_env": "prod"})


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("team", "tag_team"),
        ("cost-center", "tag_cost_center"),
        ("Cost.Center", "tag_Cost_Center"),
        ("a:b/c=d+e@f g", "tag_a_b_c_d_e_f_g"),
        ("équipe", "tag__quipe"),
        ("\U0001f600", "tag__"),
    ],
)
def test_a_field_has_no_dot_and_nothing_else_that_mezmo_does_not_search(key: str, field: str) -> None:
    assert field_of(key) == field


def test_a_tag_for_which_there_is_no_room_is_left_out_whole() -> None:
    tags = {"a": "x" * 55, "b": "y" * 60, "c": "z"}
    own = ["own" * 5]
    assert named(tags, log_group_tags=EVERYTHING, tags=own)[0] == f"{own[0]},a:{'x' * 55},c:z"


def test_no_tag_is_there_twice() -> None:
    assert named({"a": "x", "b": "y"}, log_group_tags=EVERYTHING, tags=["b:y"])[0] == "b:y,a:x"


def test_so_is_a_field_of_meta() -> None:
    tags = {"a": "x" * LARGEST_META, "b": "y", "c-": "1", "c.": "2"}
    assert named(tags, log_group_tags=EVERYTHING)[1] == {"tag_b": "y", "tag_c_": "1"}


@given(tags=TAGS, own=OWN)
def test_whatever_the_tags_are_a_request_can_carry_them(tags: dict[str, str], own: list[str]) -> None:
    query, meta = named(tags, log_group_tags=EVERYTHING, tags=own)

    elements = query.split(",") if query else []
    assert elements[: len(own)] == own, "the user's come first, and stay as they are"
    added = elements[len(own) :]
    assert all(element.strip() == element != "" for element in added)
    assert len({*added}) == len(added)
    assert not any(character < " " or "\x7f" <= character < "\xa0" for character in query)
    assert not added or len(query) <= 80
    assert len(added) <= len(tags)

    assert all(
        (field.isascii() and field.replace("_", "").isalnum()) or set(field) <= {*"tag_"} for field in meta
    )
    assert {*map(type, meta.values())} <= {str}
    assert "" not in meta.values()
    assert len(msgspec.json.encode(meta)) <= LARGEST_META + 2


@given(tags=TAGS)
def test_lines_say_what_the_tags_do(tags: dict[str, str]) -> None:
    settings: Settings = make_settings(log_group_tags=EVERYTHING, meta_fields=[])
    document = received(["x"])
    (piece,) = encode(settings, document, log_group_tags=tags)
    (line,) = msgspec.json.decode(piece.array)
    assert line.get("meta", {}) == names_of(settings, document.document, tags).meta
    assert line["line"] == "x"


@given(
    tags=st.dictionaries(st.sampled_from(["team", "a", "aws:x", "AWS:y", "b"]) | TEXTS, st.just("") | TEXTS)
)
def test_never_more_is_kept_than_is_asked_for(tags: dict[str, str]) -> None:
    chosen = KnownTags((LogGroupTags("meta", ("team", "aws:x")),), LogTags())._chosen(tags)
    assert chosen == ({"team": tags["team"]} if tags.get("team") else {})

    rules = LogGroupTags("meta", ("team",)), LogGroupTags("tags")
    everything = KnownTags(rules, LogTags())._chosen(tags)
    assert len(everything) <= MOST_TAGS
    assert [*everything] == sorted(everything)
    assert everything.items() <= tags.items()
    assert "" not in everything.values()
    assert not any(key.lower().startswith("aws:") for key in everything)


def test_of_all_tags_there_are_twenty_at_most() -> None:
    tags = {f"{number:02}": "x" for number in range(50)}
    assert [*KnownTags((LogGroupTags("meta"),), LogTags())._chosen(tags)] == [*tags][:MOST_TAGS]
