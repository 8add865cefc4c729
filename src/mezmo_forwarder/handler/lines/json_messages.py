"""JSON messages that Mezmo is kept from parsing, and what it may index of them in place of that.

Mezmo parses a line that ends in a brace: by a space at its end it stays text, whole and as it was written.
Of its fields, `meta` may hold those that are harmless there: each under a name without dots, its depth and
number bounded, texts and numbers apart, so that no field ever changes its type. Rules: docs/how-to/json.md.
"""

import re
from functools import lru_cache

import msgspec
from msgspec import structs

from handler.services import facts as message_facts
from handler.services.facts import (
    LONGEST_VALUE,
    Facts,
    Found,
    Read,
    decoder,
    found_in,
    general,
    printable,
)
from handler.texts.literals import begins_object

from .format import JSON_LEFT_OUT, JSON_NUMBERS, JSON_TEXTS

_LONGEST_MESSAGE = 65_536  # bytes of a literal; a longer one, decoded, may take the memory there is
_DEEPEST = 4  # objects within one another whose fields have names
_MOST_FIELDS = 50  # of a message
_MOST_CHARACTERS = 4_096  # of their names and values
_MOST_NAMES = 300  # of a process, of the 500 or so that Mezmo indexes in a day
_LONGEST_NAME = 64
_LONGEST_PATH = 128
_MOST_DIGITS = 3  # of a name; what has more is an id, and as many names as there are ids help nobody
_MOST_REMEMBERED = 1_024  # names of fields, by what they became
_LONGEST_LEVEL = 80
_NUMBER = 20  # characters of a number, about
_LARGEST_NUMBER = 2**63

_DIGITS = re.compile("[0-9]")
_NOT_IN_NAMES = re.compile("[^A-Za-z0-9_]")
_encode = msgspec.json.Encoder().encode
_decode_all = msgspec.json.Decoder(dict[str, object]).decode
_decode_general = decoder()

# What has been named so far
_names: set[tuple[str, str]] = set()


def as_text(literal: bytes) -> bytes:
    """Return the literal of a line that Mezmo does not parse: of a JSON object with a space at the end."""
    return literal[:-1] + b' "' if literal.endswith(b'}"') and begins_object(literal) else literal


def reading(read: Read | None, *, flattened: bool) -> Read:
    """Return what reads messages that Mezmo is kept from parsing, and so finds no level of.

    Args:
        read: reads what is recognized besides; None for nothing. What all messages tell is not read twice.
        flattened: whether `meta` holds the message's fields.
    """
    decode = _decode_all if flattened else _decode_general
    recognizes = read is not None
    service = None if read is message_facts.read else read

    def read_json(literal: bytes) -> Facts | None:
        facts = service(literal) if service else None
        if not begins_object(literal):
            return facts
        whole = flattened and len(literal) <= _LONGEST_MESSAGE
        found = found_in(literal, decode if whole else _decode_general)
        if found is None:
            return facts
        level, trace = general(found, nested=True)
        if not level and type(named := found.get("level")) is str:
            level = printable(named[:_LONGEST_LEVEL])  # as Mezmo would find it in JSON
        if facts is not None:
            meta = {**facts.meta, **flatten(found)} if whole else facts.meta
            return structs.replace(facts, level=facts.level or level, meta=meta)
        told = flatten(found) if whole else {}
        if trace and recognizes and service is None:
            told["trace_id"] = trace
        return Facts("", {}, told, level) if told or level else None

    return read_json


def flatten(found: Found) -> dict[str, object]:
    """Return the fields of a message for `meta`: texts, numbers, and how many there was no room for."""
    flat = _Flat()
    flat.take(found, "", 1)
    meta: dict[str, object] = {kind: fields for kind, fields in flat.fields.items() if fields}
    if flat.left_out:
        meta[JSON_LEFT_OUT] = flat.left_out
    return meta


class _Flat:
    """Fields of a message, taken one after the other as long as there is room."""

    def __init__(self) -> None:
        self.fields: dict[str, dict[str, object]] = {JSON_TEXTS: {}, JSON_NUMBERS: {}}
        self.left_out = 0
        self._room = _MOST_CHARACTERS

    def take(self, found: Found, path: str, depth: int) -> None:
        """Take an object's fields; `path` is what their names begin with."""
        for name, value in found.items():
            if value is None or value in ("", [], {}):
                continue
            named = _named(name)
            if not named:
                self.left_out += 1
                continue
            whole = path + named
            if isinstance(value, dict) and depth < _DEEPEST and all(map(_named, value)):
                self.take(value, f"{whole}_", depth + 1)
            elif _is_number(value):
                self._keep(JSON_NUMBERS, whole, value)
            else:
                text = value if isinstance(value, str) else _encode(value).decode()
                self._keep(JSON_TEXTS, whole, text[:LONGEST_VALUE])

    def _keep(self, kind: str, name: str, value: object) -> None:
        kept = self.fields[kind]
        size = len(name) + (len(value) if isinstance(value, str) else _NUMBER)
        taken = sum(map(len, self.fields.values()))
        if (
            size > self._room
            or taken >= _MOST_FIELDS
            or len(name) > _LONGEST_PATH
            or name in kept
            or not _is_known(kind, name)
        ):
            self.left_out += 1
            return
        self._room -= size
        kept[name] = value


def _is_number(value: object) -> bool:
    # Integers beyond have digits that Mezmo would not keep.
    return type(value) is float or (type(value) is int and abs(value) < _LARGEST_NUMBER)


def _named(name: str) -> str:
    """Return a field's name as `meta` has it; empty if it is no name as programs give them, but an id."""
    return _cleaned(name) if len(name) <= _LONGEST_NAME else ""


@lru_cache(_MOST_REMEMBERED)
def _cleaned(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name) if len(_DIGITS.findall(name)) <= _MOST_DIGITS else ""


def _is_known(kind: str, name: str) -> bool:
    """Whether a name is one of those that there may be in all."""
    if (kind, name) in _names:
        return True
    if len(_names) >= _MOST_NAMES:
        return False
    _names.add((kind, name))
    return True
