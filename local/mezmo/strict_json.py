"""JSON as the standard has it: what Python's parser tolerates beyond that is refused."""

import json
import math
from typing import NoReturn, TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

MAX_NESTING = 64  # keeps every walk of a document far from Python's recursion limit


def parse(document: bytes) -> JsonValue:
    """Parse one UTF-8 document; ValueError for anything irregular, NaN and duplicate keys included."""
    try:
        value: JsonValue = json.loads(
            document.decode(),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_unique,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if nesting(value) > MAX_NESTING:
        raise ValueError("nested too deeply")
    return value


def nesting(value: JsonValue) -> int:
    """Count the levels of objects and arrays: 0 for a scalar, 1 for a flat object."""
    levels = 0
    level = [value]
    while containers := [item for item in level if isinstance(item, dict | list)]:
        levels += 1
        level = [
            child for item in containers for child in (item.values() if isinstance(item, dict) else item)
        ]
    return levels


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has a key twice")
    return members
