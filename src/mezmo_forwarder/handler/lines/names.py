"""What a line is called: its hostname and its app, by which Mezmo's users find it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from handler.events.documents import Document
from handler.services.recognition import Recognized, recognize
from handler.settings import Settings
from handler.texts.templates import fill

if TYPE_CHECKING:
    from handler.redaction.redactor import Redactor

_LONGEST_HOSTNAME = 256
_LONGEST_APP = 512
_LONGEST_TAGS = 80  # in all, as Mezmo has it
_NO_TAGS: Mapping[str, str] = {}
_CONTROL_CHARACTERS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "_")  # Mezmo refuses them


class Names(Struct, frozen=True):
    """What a document's lines are called.

    Args:
        document: the document, with what is to be redacted of its names redacted.
        recognized: who wrote them.
        hostname: of the request.
        tags: of the request, separated by commas.
        app: of each line, unless a message says otherwise.
        values: what templates may use.
        meta: fields of `meta` that tell the log group's tags.
    """

    document: Document
    recognized: Recognized
    hostname: str
    tags: str
    app: str
    values: dict[str, str]
    meta: dict[str, str] = {}


def names_of(settings: Settings, document: Document, log_group_tags: Mapping[str, str] = _NO_TAGS) -> Names:
    """Return what a document's lines are called.

    As configured; otherwise, or where a name of a template is not recognized, by the service. In the formats
    of Mezmo's own Lambda the hostname is the log group, and Mezmo shows the log stream as the app.
    """
    if redactor := redactor_for(settings):
        document = structs.replace(
            document,
            log_group=redactor.redact_text(document.log_group),
            log_stream=redactor.redact_text(document.log_stream),
            subscription_filters=[*map(redactor.redact_text, document.subscription_filters)],
        )
        redacted = {key: redactor.redact_text(value) for key, value in log_group_tags.items()}
        log_group_tags = {key: value for key, value in redacted.items() if value}
    group, stream = document.log_group, document.log_stream
    recognized = recognize(group, stream) if settings.recognize else _plain(group)
    values = {
        **recognized.names,
        "log_group": group,
        "log_stream": stream,
        "account": document.owner,
        "region": document.source_region or settings.region,
    }
    if document.policy_level:
        values["policy_level"] = document.policy_level
    if settings.account_alias and not document.foreign:
        values["account_alias"] = settings.account_alias
    tags, meta = _tags_of(settings, log_group_tags, values) if log_group_tags else ([], {})
    standard = settings.line_format == "standard"
    hostname = settings.hostname and _hostname(settings.hostname, values, dots=not standard)
    if not hostname:
        hostname = recognized.hostname if standard else group
    app = app_of(settings, values, recognized.app) if standard else stream
    return Names(
        document, recognized, hostname[:_LONGEST_HOSTNAME], _tags(settings, values, tags), app, values, meta
    )


def _tags_of(
    settings: Settings, tags: Mapping[str, str], values: dict[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Return what a log group's tags become, as tags and as meta, and put them among the values."""
    from .tag_texts import meta_of, names_of_tags, tags_of  # noqa: PLC0415  only where they are asked for

    values |= names_of_tags(tags)
    return tags_of(settings.log_group_tags, tags), meta_of(settings.log_group_tags, tags)


def app_of(settings: Settings, values: dict[str, str], recognized: str) -> str:
    """Return a line's app: as configured, or else as recognized."""
    return ((settings.app and fill(settings.app, values)) or recognized)[:_LONGEST_APP]


def _hostname(template: str, values: dict[str, str], *, dots: bool) -> str | None:
    """Fill a template; Mezmo cuts a hostname at its first dot, so that names have none unless wanted."""
    return _fill_in_query(template, values, "" if dots else ".")


def _tags(settings: Settings, values: dict[str, str], log_groups: list[str]) -> str:
    """Fill the tags, and put those of the log group behind them, as far as there is room.

    A name's comma, such as a log stream may have, would make two tags of one.
    """
    filled = [_fill_in_query(tag, values, ",") for tag in settings.tags]
    tags = [tag for tag in filled if tag]
    for text in log_groups:
        tag = text.translate(_not_in_query(",")).strip()
        if tag not in tags and len(",".join([*tags, tag])) <= _LONGEST_TAGS:
            tags.append(tag)
    return ",".join(tags)


def _fill_in_query(template: str, values: dict[str, str], unwanted: str) -> str | None:
    """Fill a template with names that have neither what is unwanted nor control characters."""
    if "{" not in template:
        return template
    table = _not_in_query(unwanted)
    return fill(template, {name: value.translate(table) for name, value in values.items()})


def _not_in_query(unwanted: str) -> dict[int, str]:
    return _CONTROL_CHARACTERS | dict.fromkeys(map(ord, unwanted), "_")


def redactor_for(settings: Settings) -> "Redactor | None":
    """Return what redacts, if anything is to be redacted."""
    if settings.redact is None:
        return None
    from handler.redaction.redactor import redactor_of  # noqa: PLC0415  costs nothing where nothing is redacted

    return redactor_of(settings.redact)


def _plain(log_group: str) -> Recognized:
    """Return names for a log group that nothing is to be recognized of."""
    app = log_group.rstrip("/").rpartition("/")[2] or log_group
    return Recognized("", app, log_group.replace(".", "_"), {}, {})
