"""Fields of JSON messages, by names or paths with dots, decoded without the rest of the message."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Struct, defstruct

from .literals import text_of


class Fields:
    """Decodes those fields of JSON objects that are asked for, and passes the others.

    Args:
        names: which; `a.b` is a field of that name, or field `b` of the object `a`.
    """

    def __init__(self, names: Sequence[str]) -> None:
        paths = {name: name.split(".") for name in names}
        heads = dict.fromkeys([*names, *(path[0] for path in paths.values())])
        self._places = {name: f"f{number}" for number, name in enumerate(heads)}
        self._paths = paths
        kind = defstruct(
            "Fields",
            [(place, object, UNSET) for place in self._places.values()],
            rename={place: name for name, place in self._places.items()},
        )
        self._decode = msgspec.json.Decoder(kind).decode

    def decode(self, literal: bytes) -> Struct | None:
        """Return the fields of a message; None if it is no JSON object."""
        try:
            found: Struct = self._decode(text_of(literal))
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            return None
        return found

    def value(self, found: Struct, name: str) -> object:
        """Return the value of a field; UNSET if there is none."""
        value: object = getattr(found, self._places[name])
        if value is not UNSET or len(self._paths[name]) == 1:
            return value
        head, *rest = self._paths[name]
        value = getattr(found, self._places[head])
        for part in rest:
            value = value.get(part, UNSET) if isinstance(value, dict) else UNSET
        return value
