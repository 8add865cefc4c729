"""What a log group's tags become: Mezmo's tags, fields of `meta`, and names that templates may use."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from handler.settings import LogGroupTags

# Mezmo takes 32 KB of `meta`, most of which a joined line may need for the ids of its log events.
LARGEST_META = 2048
_NOT_IN_A_NAME = re.compile("[^A-Za-z0-9_]")


def field_of(key: str) -> str:
    """Return the name of a tag as a field of `meta`: without dots and what else Mezmo would not search."""
    return f"tag_{_NOT_IN_A_NAME.sub('_', key)}"


def tags_of(rules: tuple[LogGroupTags, ...], tags: Mapping[str, str]) -> list[str]:
    """Return the texts of Mezmo's tags; what cannot stand in a query is still in them."""
    return [f"{key}:{value}" for key, value in _chosen(rules, "tags", tags)]


def meta_of(rules: tuple[LogGroupTags, ...], tags: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of `meta`, always texts; what would make them too large is left out."""
    fields: dict[str, str] = {}
    left = LARGEST_META
    for key, value in _chosen(rules, "meta", tags):
        field = field_of(key)
        size = len(msgspec.json.encode({field: value}))
        if field not in fields and size <= left:
            fields[field] = value
            left -= size
    return fields


def names_of_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return what templates may use."""
    return {field_of(key): value for key, value in tags.items()}


def _chosen(rules: tuple[LogGroupTags, ...], to: str, tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for rule in rules:
        if rule.to == to:
            for key in tags if rule.keys is None else rule.keys:
                if key in tags:
                    yield key, tags[key]
