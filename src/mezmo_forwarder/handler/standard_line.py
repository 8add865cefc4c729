"""The standard format: a message, its time, and in `meta` where it came from and what is recognized of it."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, structs

from . import facts as message_facts
from .events import LogEvent
from .facts import Facts, read_all
from .line_format import Format, Marks, unchanged
from .literals import literal_of, text_of, trim, without_lone_surrogates
from .names import Names, app_of
from .settings import Settings
from .templates import fill

_encoder = msgspec.json.Encoder()
_BRACE = 0x7B

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
            "account_alias": settings.account_alias,
            "region": settings.region,
            "group": document.log_group,
            "stream": document.log_stream,
            "event_id": Raw(_GAP),
            "filters": document.subscription_filters,
        }
        meta = {str(field): values[field] for field in fields if values.get(field)}
        if "service" in fields:
            meta |= recognized.meta
        meta |= names.meta
        meta |= _filled(settings.meta, names.values)
        self._shared = _Line(
            line=Raw(_GAP),
            timestamp=Raw(_GAP_FOR_NUMBER),
            app=names.app,
            env=(settings.env and fill(settings.env, names.values)) or UNSET,
            meta=meta,
        )
        self._with_id = "event_id" in fields
        self._template = _template(self._shared)
        # Other templates: for lines that differ in their level alone, and for those of several log events
        self._by_level: dict[str, bytes] = {}
        self._joined = document.joined and self._with_id
        if self._joined:
            several = structs.replace(self._shared, meta={**meta, "event_ids": Raw(_GAP)})
            self._template_of_several = _template(several)
        self._read = (recognized.read or message_facts.read) if settings.recognize else None
        self._json_alone = recognized.read is None  # is read

    def line(self, event: LogEvent, literal: bytes) -> bytes:
        facts = self._facts([literal])
        return self._told(event, literal, facts[0]) if facts and facts[0] else self._plain(event, literal)

    def array(self, events: Sequence[LogEvent], literals: list[bytes]) -> bytes:
        if facts := self._facts(literals):
            lines = [
                self._told(event, literal, fact) if fact else self._plain(event, literal)
                for event, literal, fact in zip(events, literals, facts, strict=True)
            ]
            return b"[%b]" % b",".join(lines)
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
        facts = self._facts([whole])
        own = self._with_facts(facts[0]) if facts and facts[0] else self._shared
        own = structs.replace(own, meta={**own.meta, **marks})
        return self._encode(own, event, literal, timestamp)

    def _plain(self, event: LogEvent, literal: bytes) -> bytes:
        """Make the line of a message that says no more than its text."""
        if self._joined and event.event_ids:
            ids = _encoder.encode(event.event_ids)
            return self._template_of_several % (literal, event.timestamp, event.id, ids)
        return self._filled_in(self._template, event, literal)

    def _filled_in(self, template: bytes, event: LogEvent, literal: bytes) -> bytes:
        return template % (
            (literal, event.timestamp, event.id) if self._with_id else (literal, event.timestamp)
        )

    def _told(self, event: LogEvent, literal: bytes, facts: Facts) -> bytes:
        """Make the line of a message that says more."""
        if facts.meta or facts.app or facts.names or event.event_ids:
            own = self._with_facts(facts)
            if self._joined and event.event_ids:
                own.meta["event_ids"] = event.event_ids
            return self._encode(own, event, literal, event.timestamp)
        template = self._by_level.get(facts.level)
        if template is None:
            template = _template(structs.replace(self._shared, level=facts.level))
            self._by_level[facts.level] = template
        return self._filled_in(template, event, literal)

    def _encode(self, own: _Line, event: LogEvent, literal: bytes, timestamp: int) -> bytes:
        meta = {**own.meta, "event_id": event.id} if self._with_id else own.meta
        return _encoder.encode(
            structs.replace(own, line=Raw(literal), timestamp=Raw(b"%d" % timestamp), meta=meta)
        )

    def _facts(self, literals: list[bytes]) -> list[Facts | None] | None:
        """Return what messages say of themselves; None if none of them says anything."""
        if self._read is None:
            return None
        if not self._json_alone:
            facts = [self._read(literal) for literal in literals]
        elif _BRACE in {literal[1] for literal in literals}:
            facts = read_all(literals)
        else:
            return None
        return facts if any(facts) else None

    def _with_facts(self, facts: Facts) -> _Line:
        settings, names = self._settings, self._names
        values = {**names.values, **facts.names}
        told = {
            name: value
            for name, value in facts.meta.items()
            if ("trace" if name == "trace_id" else "service") in settings.meta_fields
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


def standard(settings: Settings, names: Names, *, lone_surrogates: bool) -> Format:
    """Return the standard format for a document; of one with lone surrogates each line is made by itself."""
    form = _Standard(settings, names)
    text: Callable[[bytes], bytes] = _replace_lone_surrogates if lone_surrogates else trim
    array = None if lone_surrogates else form.array
    return Format(text=text, body=unchanged, line=form.line, part=form.part, array=array)


def _template(line: _Line) -> bytes:
    """Encode a line with its gaps, to be filled by `%`."""
    return _encoder.encode(line).replace(b"%", b"%%").replace(_GAP, b"%b").replace(_GAP_FOR_NUMBER, b"%d")


def _filled(templates: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    """Fill templates; those of which a name is missing are left out."""
    filled = {field: fill(template, values) for field, template in templates.items()}
    return {field: text for field, text in filled.items() if text}


def _replace_lone_surrogates(literal: bytes) -> bytes:
    return trim(literal_of(without_lone_surrogates(text_of(literal))))
