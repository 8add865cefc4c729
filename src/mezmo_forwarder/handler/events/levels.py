"""A line's level, by what it says itself: a JSON object in the usual fields, a text near its beginning."""

import re
from collections.abc import Callable

from handler.settings import Level

_WINDOW = 256  # bytes of a text in which its level is looked for

_SPELLINGS: dict[Level, str] = {
    "trace": "trace trc verbose finest finer silly",
    "debug": "debug dbg fine",
    "info": "info information informational inf notice",
    "warn": "warn warning wrn",
    "error": "error err severe fail",
    "fatal": "fatal ftl critical crit crt alert emerg emergency panic dpanic",
}
_BY_NAME: dict[str, Level] = {name: level for level, names in _SPELLINGS.items() for name in names.split()}

NAMES = ("level", "severity", "levelname", "level_name", "log.level", "loglevel", "log_level", "lvl")
"""The fields of a JSON object that name its level, or give it as a number of pino's and bunyan's."""
OTEL_NAMES = ("severityText", "severity_text")
OTEL_NUMBERS = ("severityNumber", "severity_number")

# klog's letter, or a word that stands first, before a colon or in brackets.
_FIRST = re.compile(rb'"(?:([IWEF])\d{4} \d\d:\d\d:|[\[<(]?([A-Za-z]{3,13})(?::|\\t|[\])>]))')
_BY_LETTER: dict[bytes, Level] = {b"I": "info", b"W": "warn", b"E": "error", b"F": "fatal"}
# Words in capitals; others where only a level stands.
_ANYWHERE = re.compile(
    rb"(TRACE|VERBOSE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|SEVERE|FATAL|CRIT(?:ICAL)?|ALERT|EMERG|PANIC)"
    rb"(?![A-Za-z0-9_])|"
    rb"""(?:level|lvl|severity)(?:\\?["'])?[=:] ?(?:\\?["'])?([A-Za-z]{3,13})|[\[<]([a-z]{3,13})[\]>]"""
)
_BEFORE = re.compile(rb"(?:[^A-Za-z0-9_]|\\[tnr])\Z")


def level_of_text(literal: bytes) -> Level | None:
    """Return the level that a text names near its beginning; None if it names none."""
    if found := _FIRST.match(literal):
        letter, word = found.groups()
        level = _BY_LETTER[letter] if letter else _BY_NAME.get(word.decode().lower())
        if level:
            return level
    for found in _ANYWHERE.finditer(literal, 0, _WINDOW):
        capitals, named, alone = found.groups()
        if capitals and not _BEFORE.search(literal, max(found.start() - 2, 0), found.start()):
            continue
        if level := _BY_NAME.get((capitals or named or alone).decode().lower()):
            return level
    return None


def level_of_fields(field: Callable[[str], object]) -> Level | None:
    """Return the level of a JSON object, of whose fields `field` returns the value, if there is one."""
    for name in NAMES:
        value = field(name)
        if isinstance(value, str):
            if level := _BY_NAME.get(value.lower()):
                return level
            if value.isdecimal() and len(value) <= 2:
                return _by_number(int(value))
        elif type(value) is int:
            return _by_number(value)
    for name in OTEL_NAMES:
        value = field(name)
        if isinstance(value, str) and (level := _BY_NAME.get(value.lower().rstrip("1234"))):
            return level
    for name in OTEL_NUMBERS:
        value = field(name)
        if type(value) is int and 1 <= value <= 24:
            return (*_SPELLINGS,)[(value - 1) // 4]
    return None


def _by_number(number: int) -> Level | None:
    """Return the level of a number of pino's or bunyan's, from 10 for trace to 60 for fatal."""
    return (*_SPELLINGS,)[min(number // 10, 6) - 1] if 10 <= number <= 99 else None
