"""What is sent: lines that are wanted, and of some a share; each of the others is counted with its reason.

A filter looks at all lines of a document, so that the usual ones are one loop; what it decodes of a message,
the next one finds decoded.
"""

import re
from binascii import crc32
from collections.abc import Callable, Sequence
from functools import cache, partial

import msgspec
from msgspec import UNSET, Raw, Struct, structs

from handler.settings import (
    FieldFilter,
    HealthChecks,
    LambdaPlatform,
    Level,
    LevelFilter,
    LineFilter,
    PatternFilter,
    Sampling,
    Settings,
)
from handler.texts import shapes
from handler.texts.fields import Fields
from handler.texts.literals import begins_object, head_of
from handler.texts.patterns import compile_pattern

from . import levels
from .documents import LogEvent, Received

_WINDOW = 16_384  # bytes of a text in which patterns and health checks are looked for
_AT_ONCE = 64  # lines, small enough together for the processor's cache
# What JSON writes as it is
_PLAIN = re.compile(r"[\w ,:;=@#%&<>!'~-]+", re.ASCII)

NOT_INCLUDED = "not included"
NOT_SAMPLED = "not sampled"


def select(settings: Settings, received: Received, filtered: Callable[[str, int], None]) -> Received:
    """Leave out a document's log events that are not wanted.

    Args:
        settings: what is wanted.
        received: the document.
        filtered: told a reason, and how many log events are left out for it.

    Returns:
        The document with those that are left, and without `packed` if there are fewer.
    """
    plan = _plan(settings.include, settings.exclude, settings.sampling)
    events = received.document.log_events
    lines = _Lines(events, plan.fields)
    left: Sequence[int] = range(len(events))
    for reason, matching in plan.exclude:
        found = {*matching(lines, left)}
        if found:
            filtered(reason, len(found))
            left = [place for place in left if place not in found]
    if plan.include:
        wanted = _matching_any(plan.include, lines, left)
        if len(wanted) < len(left):
            filtered(NOT_INCLUDED, len(left) - len(wanted))
        left = wanted
    if plan.sampling:
        sampled = _sample(plan.sampling, lines, left)
        if len(sampled) < len(left):
            filtered(NOT_SAMPLED, len(left) - len(sampled))
        left = sampled
    if len(left) == len(events):
        return received
    document = structs.replace(received.document, log_events=[events[place] for place in left])
    return structs.replace(received, document=document, packed=None)


class _Lines:
    """A document's lines, and what was decoded of them.

    Args:
        events: the log events.
        fields: what decodes the fields of a JSON object that filters ask for.
    """

    def __init__(self, events: Sequence[LogEvent], fields: Fields) -> None:
        self.events = events
        self._fields = fields
        self._objects: dict[int, Struct | None] = {}
        self._levels: dict[int, Level | None] = {}

    def literal(self, place: int) -> bytes:
        """Return a message's JSON text."""
        return bytes(self.events[place].message)

    def holding(self, needles: Sequence[bytes], places: Sequence[int]) -> list[int]:
        """Return where a message's JSON text holds one of some bytes; many lines at once mostly hold none."""
        found: list[int] = []
        for start in range(0, len(places), _AT_ONCE):
            some = places[start : start + _AT_ONCE]
            literals = [bytes(self.events[place].message) for place in some]
            text = b"\n".join(literals)
            if held := [needle for needle in needles if needle in text]:
                found += [
                    place
                    for place, literal in zip(some, literals, strict=True)
                    if any(needle in literal for needle in held)
                ]
        return found

    def field(self, place: int, name: str) -> object:
        """Return the value of a field, which may be a path with dots; UNSET if there is none."""
        found = self._object(place)
        return UNSET if found is None else self._fields.value(found, name)

    def level(self, place: int) -> Level | None:
        """Return a line's level; None if it tells none."""
        if place in self._levels:
            return self._levels[place]
        literal = self.literal(place)
        found = self._object(place) if begins_object(literal) else None
        if found is None:
            level = levels.level_of_text(literal)
        else:
            value = partial(self._fields.value, found)
            level = levels.level_of_fields(value)
        self._levels[place] = level
        return level

    def _object(self, place: int) -> Struct | None:
        """Return the fields of a message that is a JSON object; None if it is something else."""
        if place not in self._objects:
            literal = self.literal(place)
            self._objects[place] = self._fields.decode(literal) if begins_object(literal) else None
        return self._objects[place]


# Of some places, those at which a filter matches, in order.
_Matching = Callable[[_Lines, Sequence[int]], list[int]]


class _Plan(Struct, frozen=True):
    """What is to be done with each document.

    Args:
        exclude: the filters, with the reason that is counted.
        include: the filters.
        sampling: for each rule its filter, or none, and the bound that is below all the share does not hold.
        fields: what of a JSON object these need.
    """

    exclude: list[tuple[str, _Matching]]
    include: list[_Matching]
    sampling: list[tuple[_Matching | None, int]]
    fields: Fields


@cache
def _plan(
    include: tuple[LineFilter, ...], exclude: tuple[LineFilter, ...], sampling: tuple[Sampling, ...]
) -> _Plan:
    filters = [*include, *exclude, *(rule.filter for rule in sampling)]
    names = [one.name for one in filters if isinstance(one, FieldFilter)]
    if any(isinstance(one, LevelFilter) for one in filters):
        names += [*levels.NAMES, *levels.OTEL_NAMES, *levels.OTEL_NUMBERS]
    return _Plan(
        [(f"excluded by {_KINDS[type(one)][0]}", _matching(one)) for one in exclude],
        [_matching(one) for one in include],
        [
            (_matching(rule.filter) if rule.filter else None, round(rule.share * (1 << _HASH_BITS)))
            for rule in sampling
        ],
        Fields(names),
    )


def _matching(one: LineFilter) -> _Matching:
    return _KINDS[type(one)][1](one)


def _matching_any(filters: Sequence[_Matching], lines: _Lines, places: Sequence[int]) -> list[int]:
    rest = places
    wanted: set[int] = set()
    for matching in filters:
        wanted.update(matching(lines, rest))
        rest = [place for place in rest if place not in wanted]
    return [place for place in places if place in wanted]


# Sampling

_HASH_BITS = 32


def _sample(rules: Sequence[tuple[_Matching | None, int]], lines: _Lines, places: Sequence[int]) -> list[int]:
    rest = places
    dropped: set[int] = set()
    for matching, bound in rules:
        found = rest if matching is None else matching(lines, rest)
        dropped.update(place for place in found if _hash(lines.events[place].id) >= bound)
        among = {*found}
        rest = [place for place in rest if place not in among]
    return [place for place in places if place not in dropped]


def _hash(event_id: Raw) -> int:
    """Return a number that is the same for a log event wherever and whenever it is looked at."""
    return crc32(bytes(event_id))


# Filters


def _by_pattern(one: PatternFilter) -> _Matching:
    pattern = compile_pattern(one.pattern)
    search = pattern.expression.search
    needles = [pattern.needle.encode()] if _PLAIN.fullmatch(pattern.needle) else []

    def matching(lines: _Lines, places: Sequence[int]) -> list[int]:
        among = lines.holding(needles, places) if needles else places
        return [place for place in among if search(head_of(_text(lines.literal(place)), _WINDOW))]

    return matching


def _text(literal: bytes) -> bytes:
    """Return the literal; of what CloudWatch never sends, a message that is no string, its JSON text's."""
    return literal if literal.startswith(b'"') else msgspec.json.encode(literal.decode())


def _by_level(one: LevelFilter) -> _Matching:
    wanted = {*one.levels}
    return lambda lines, places: [place for place in places if lines.level(place) in wanted]


def _by_field(one: FieldFilter) -> _Matching:
    name, wanted = one.name, {*one.values}

    def matches(value: object) -> bool:
        return value is not UNSET and (not wanted or _as_text(value) in wanted)

    return lambda lines, places: [place for place in places if matches(lines.field(place, name))]


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


# Of a run that failed, Lambda's lines stay: they may be the only ones that say so.
_PLATFORM_JSON = rb'\{\\"time\\":\\"[^"\\]{1,40}\\",\\"type\\":\\"platform\.'
_PLATFORM = re.compile(b'"(?:' + shapes.PLATFORM_LINES + b"|" + _PLATFORM_JSON + b")")
_FAILED_RUN = re.compile(rb'Status: (?:timeout|error|fail)|\\"status\\":\\"(?:timeout|error|fail)')

_CHECK_NEEDLES = (b"ealth", b"kube-probe/", b"/ready", b"/live", b"/ping")
_CHECK = re.compile(
    rb"ELB-HealthChecker/|kube-probe/|Amazon-Route53-Health-Check|GoogleHC/|"
    rb'(?:GET|HEAD|\\"(?:path|url|uri|request_uri|requestPath)\\": ?\\"|(?:path|url|uri)=\\?"?) ?'
    rb"(?:/[\w.\-]{1,40}){0,3}/(?:_?health(?:z|[_-]?checks?)?|livez?|liveness|readyz?|readiness|ping)"
    rb"(?=[ ?\\\"/]|$)"
)
# A check that failed is no noise.
_FAILED_CHECK = re.compile(
    rb'\\" 5\d\d |\\"(?:status|status_?code|statusCode)\\": ?(?:\\")?5\d\d|status=5\d\d'
)


def _of_platform(_one: LambdaPlatform) -> _Matching:
    match = shapes.matcher(_PLATFORM)
    return lambda lines, places: [
        place
        for place in places
        if match(lines.events[place].message) and not _FAILED_RUN.search(lines.literal(place), 0, _WINDOW)
    ]


def _of_health_checks(_one: HealthChecks) -> _Matching:
    def matches(literal: bytes) -> bool:
        return (
            _CHECK.search(literal, 0, _WINDOW) is not None
            and _FAILED_CHECK.search(literal, 0, _WINDOW) is None
        )

    return lambda lines, places: [
        place for place in lines.holding(_CHECK_NEEDLES, places) if matches(lines.literal(place))
    ]


_KINDS: dict[type, tuple[str, Callable[..., _Matching]]] = {
    PatternFilter: ("pattern", _by_pattern),
    LevelFilter: ("level", _by_level),
    FieldFilter: ("field", _by_field),
    LambdaPlatform: ("lambda-platform", _of_platform),
    HealthChecks: ("health-checks", _of_health_checks),
}
