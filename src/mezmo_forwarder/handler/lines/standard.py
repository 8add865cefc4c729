"""The standard format: a message, its time, and in `meta` where it came from and what is recognized of it."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, structs

from handler.events.documents import LogEvent, TimedEvent
from handler.services import facts as message_facts
from handler.services.facts import Facts, read_all
from handler.settings import MetaField, Settings
from handler.texts.literals import begins_object, literal_of, text_of, trim, without_lone_surrogates
from handler.texts.templates import fill

from .format import JSON_FIELDS, Format, Marks, marks_of, unchanged
from .meta_size import LARGEST_META, LARGEST_SHARED, fitted
from .names import Names, app_of

_encoder = msgspec.json.Encoder()
_MOST_TEMPLATES = 64
_FIELD_OF: dict[str, MetaField] = {"trace_id": "trace"}
_BRACE = 0x7B
_WHITE = frozenset(b" \\")  # with which white space begins

# Bytes that never occur in JSON text.
_GAP = b"\0"
_GAP_FOR_NUMBER = b"\1"


class _Line(Struct, omit_defaults=True):
    line: Raw
    timestamp: Raw
    app: str
    level: str | UnsetType = UNSET
    env: str | UnsetType = UNSET
    meta: dict[str, object] = {}


class _Standard:
    """The format for one document, of which all lines share what is encoded once, with gaps for the rest."""

    def __init__(self, settings: Settings, names: Names) -> None:
        document = names.document
        self._settings = settings
        self._names = names
        recognized, fields = names.recognized, settings.meta_fields
        values: dict[str, object] = {
            "owner": document.owner,
            "account_alias": names.values.get("account_alias"),
            "region": names.values["region"],
            "group": document.log_group,
            "stream": document.log_stream,
            "event_id": Raw(_GAP),
            "filters": document.subscription_filters,
        }
        meta = {str(field): values[field] for field in fields if values.get(field)}
        if "service" in fields:
            meta |= self._not_one_s_own(recognized.meta)
        meta |= names.meta
        meta |= _filled(settings.meta, names.values)
        meta = fitted(meta, LARGEST_SHARED)
        self._shared = _Line(
            line=Raw(_GAP),
            timestamp=Raw(_GAP_FOR_NUMBER),
            app=names.app,
            env=(settings.env and fill(settings.env, names.values)) or UNSET,
            meta=meta,
        )
        self._with_id = "event_id" in fields
        self._template = _template(self._shared)
        # Other templates: for lines that differ in their level alone, or their time, and for those of several
        # log events
        self._others: dict[tuple[str, bool], bytes] = {}
        self._timed = settings.timestamp_field is not None
        self._joined = document.joined and self._with_id
        if self._joined:
            several = structs.replace(self._shared, meta={**meta, "event_ids": Raw(_GAP)})
            self._template_of_several = _template(several)
        self._read = (recognized.read or message_facts.read) if settings.recognize else None
        self._json_alone = recognized.read is None  # is read
        self._read_all = read_all
        # What was said of the line that is in parts
        self._whole = b""
        self._whole_s_facts: list[Facts | None] | None = None
        self.body = unchanged
        if settings.json_messages != "as-is":
            from . import json_messages  # noqa: PLC0415  only where it is asked for

            flattened = settings.json_messages == "flattened"
            self._read = read = json_messages.reading(self._read, flattened=flattened)
            self._read_all = lambda literals: [read(literal) for literal in literals]
            self.body = lambda _event, literal: json_messages.as_text(literal)

    def line(self, event: LogEvent, literal: bytes) -> bytes:
        facts = self._facts([literal])
        return self._told(event, literal, facts[0]) if facts and facts[0] else self._plain(event, literal)

    def array(self, events: Sequence[LogEvent], literals: list[bytes]) -> bytes:
        if self.body is not unchanged:
            literals = [self.body(event, literal) for event, literal in zip(events, literals, strict=True)]
        if facts := self._facts(literals):
            lines = [
                self._told(event, literal, fact) if fact else self._plain(event, literal)
                for event, literal, fact in zip(events, literals, facts, strict=True)
            ]
            return b"[%b]" % b",".join(lines)
        if self._timed and TimedEvent in {*map(type, events)}:
            return self._array_of_times(events, literals)
        templates = [self._template] * len(literals)
        values: list[object] = []
        if self._joined:
            for place, (event, literal) in enumerate(zip(events, literals, strict=True)):
                values += (literal, event.timestamp, event.id)
                if event.event_ids:
                    templates[place] = self._template_of_several
                    values.append(_encoder.encode(event.event_ids))
        elif self._with_id:
            for event, literal in zip(events, literals, strict=True):
                values += (literal, event.timestamp, event.id)
        else:
            for event, literal in zip(events, literals, strict=True):
                values += (literal, event.timestamp)
        return (b"[%b]" % b",".join(templates)) % (*values,)

    def part(self, event: LogEvent, whole: bytes, literal: bytes, marks: Marks, timestamp: int) -> bytes:
        if whole is not self._whole:
            self._whole, self._whole_s_facts = whole, self._facts([whole])
        facts = self._whole_s_facts
        own = self._with_facts(facts[0]) if facts and facts[0] else self._shared
        meta = {**own.meta, **marks}
        if marks.get("part", 1) != 1:
            meta = {name: value for name, value in meta.items() if name not in JSON_FIELDS}
        return self._encode(structs.replace(own, meta=meta), event, literal, timestamp)

    def _plain(self, event: LogEvent, literal: bytes) -> bytes:
        """Make the line of a message that says no more than its text."""
        if isinstance(event, TimedEvent):
            return self._of_time(event, literal, "")
        if self._joined and event.event_ids:
            ids = _encoder.encode(event.event_ids)
            return self._template_of_several % (literal, event.timestamp, event.id, ids)
        return self._filled_in(self._template, event, literal)

    def _filled_in(self, template: bytes, event: LogEvent, literal: bytes, *more: int) -> bytes:
        if self._with_id:
            return template % (literal, event.timestamp, event.id, *more)
        return template % (literal, event.timestamp, *more)

    def _told(self, event: LogEvent, literal: bytes, facts: Facts) -> bytes:
        """Make the line of a message that says more."""
        if facts.meta or facts.app or facts.names or event.event_ids:
            own = self._with_facts(facts)
            own.meta.update(self._marks_of(event))
            return self._encode(own, event, literal, event.timestamp)
        if isinstance(event, TimedEvent):
            return self._of_time(event, literal, facts.level)
        return self._filled_in(self._other_template(facts.level, timed=False), event, literal)

    def _of_time(self, event: TimedEvent, literal: bytes, level: str) -> bytes:
        """Make the line of a message that says its time, and its level at the most."""
        if event.event_ids:
            own = structs.replace(self._shared, level=level or UNSET)
            own.meta = {**own.meta, **self._marks_of(event)}
            return self._encode(own, event, literal, event.timestamp)
        return self._filled_in(self._other_template(level, timed=True), event, literal, event.event_timestamp)

    def _array_of_times(self, events: Sequence[LogEvent], literals: list[bytes]) -> bytes:
        timed = self._other_template("", timed=True)
        with_id = self._with_id
        lines = []
        for event, literal in zip(events, literals, strict=True):
            if event.event_ids or not isinstance(event, TimedEvent):
                lines.append(self._plain(event, literal))
            elif with_id:
                lines.append(timed % (literal, event.timestamp, event.id, event.event_timestamp))
            else:
                lines.append(timed % (literal, event.timestamp, event.event_timestamp))
        return b"[%b]" % b",".join(lines)

    def _other_template(self, level: str, *, timed: bool) -> bytes:
        template = self._others.get((level, timed))
        if template is None:
            meta = self._shared.meta
            if timed:
                meta = {**meta, "event_timestamp": Raw(_GAP_FOR_NUMBER)}
            template = _template(structs.replace(self._shared, level=level or UNSET, meta=meta))
            if len(self._others) < _MOST_TEMPLATES:  # a level may be any text
                self._others[level, timed] = template
        return template

    def _marks_of(self, event: LogEvent) -> Marks:
        marks = marks_of(event)
        if not self._joined:
            marks.pop("event_ids", None)  # which belong beside an `event_id`
        return marks

    def _encode(self, own: _Line, event: LogEvent, literal: bytes, timestamp: int) -> bytes:
        meta = {**own.meta, "event_id": event.id} if self._with_id else own.meta
        line = structs.replace(own, line=Raw(literal), timestamp=Raw(b"%d" % timestamp), meta=meta)
        encoded = _encoder.encode(line)
        if len(encoded) - len(literal) > LARGEST_META:
            encoded = _encoder.encode(structs.replace(line, meta=fitted(meta)))
        return encoded

    def _facts(self, literals: list[bytes]) -> list[Facts | None] | None:
        """Return what messages say of themselves; None if none of them says anything."""
        if self._read is None:
            return None
        if not self._json_alone:
            facts = [self._read(literal) for literal in literals]
        elif _any_object(literals):
            facts = self._read_all(literals)
        else:
            return None
        return facts if any(facts) else None

    def _with_facts(self, facts: Facts) -> _Line:
        settings, names = self._settings, self._names
        values = {**names.values, **facts.names}
        told = {
            name: value
            for name, value in self._not_one_s_own(facts.meta).items()
            if name in JSON_FIELDS or _FIELD_OF.get(name, "service") in settings.meta_fields
        }
        meta = {**self._shared.meta, **told}
        if facts.names:
            meta |= _filled(settings.meta, values)
        return structs.replace(
            self._shared,
            app=app_of(settings, values, facts.app or names.recognized.app),
            level=facts.level or UNSET,
            env=(settings.env and fill(settings.env, values)) or UNSET,
            meta=meta,
        )

    def _not_one_s_own(self, meta: Mapping[str, object]) -> Mapping[str, object]:
        """Leave out what the user's own fields are called, which are texts whatever a message tells."""
        own = self._settings.meta
        return {name: value for name, value in meta.items() if name not in own} if own else meta


def standard(settings: Settings, names: Names, *, lone_surrogates: bool) -> Format:
    """Return the standard format for a document; of one with lone surrogates each line is made by itself."""
    form = _Standard(settings, names)
    text: Callable[[bytes], bytes] = _replace_lone_surrogates if lone_surrogates else trim
    array = None if lone_surrogates else form.array
    return Format(text=text, body=form.body, line=form.line, part=form.part, array=array)


def _any_object(literals: list[bytes]) -> bool:
    firsts = {literal[1] for literal in literals}
    return _BRACE in firsts or (not _WHITE.isdisjoint(firsts) and any(map(begins_object, literals)))


def _template(line: _Line) -> bytes:
    """Encode a line with its gaps, to be filled by `%`."""
    return _encoder.encode(line).replace(b"%", b"%%").replace(_GAP, b"%b").replace(_GAP_FOR_NUMBER, b"%d")


def _filled(templates: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    """Fill templates; those of which a name is missing are left out."""
    filled = {field: fill(template, values) for field, template in templates.items()}
    return {field: text for field, text in filled.items() if text}


def _replace_lone_surrogates(literal: bytes) -> bytes:
    return trim(literal_of(without_lone_surrogates(text_of(literal))))
