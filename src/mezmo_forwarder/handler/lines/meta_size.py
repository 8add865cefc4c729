"""`meta` as large as Mezmo takes it, whatever log groups, messages and templates put there."""

from collections.abc import Mapping

import msgspec

from .format import JSON_FIELDS

LARGEST_META = 32_768  # bytes of its JSON text
# Of what all lines of a document share, so that there is room for the ids of a joined line beside it
LARGEST_SHARED = 7_168

_SHORTEST = 16  # characters to which texts are cut at the most
_WHOLE = frozenset(("event_id", "event_ids"))
_encode = msgspec.json.Encoder().encode


def fitted(meta: Mapping[str, object], largest: int = LARGEST_META) -> dict[str, object]:
    """Return `meta`, or as much of it as fits: without a JSON message's fields first, then with less text.

    A line has these fields in its text. Ids of log events stay as they are.
    """
    made = dict(meta)
    if len(_encode(made)) > largest:
        made = {name: value for name, value in made.items() if name not in JSON_FIELDS}
    longest = 256
    while len(_encode(made)) > largest and longest >= _SHORTEST:
        made = {name: value if name in _WHOLE else _cut(value, longest) for name, value in made.items()}
        longest //= 2
    return made


def _cut(value: object, longest: int) -> object:
    if isinstance(value, str):
        return value[:longest]
    return [_cut(one, longest) for one in value] if isinstance(value, list) else value
