"""What a line is called: its hostname and its app, by which Mezmo's users find it."""

from typing import TYPE_CHECKING

from msgspec import Struct, structs

from .events import Document
from .services import Recognized, recognize
from .settings import Settings
from .templates import fill

if TYPE_CHECKING:
    from .redaction import Redactor

_LONGEST_HOSTNAME = 256
_LONGEST_APP = 512
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
    """

    document: Document
    recognized: Recognized
    hostname: str
    tags: str
    app: str
    values: dict[str, str]


def names_of(settings: Settings, document: Document) -> Names:
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
    group, stream = document.log_group, document.log_stream
    recognized = recognize(group, stream) if settings.recognize else _plain(group)
    values = {
        **recognized.names,
        "log_group": group,
        "log_stream": stream,
        "account": document.owner,
        "region": settings.region,
    }
    if settings.account_alias:
        values["account_alias"] = settings.account_alias
    standard = settings.line_format == "standard"
    hostname = settings.hostname and _hostname(settings.hostname, values, dots=not standard)
    if not hostname:
        hostname = recognized.hostname if standard else group
    app = app_of(settings, values, recognized.app) if standard else stream
    return Names(document, recognized, hostname[:_LONGEST_HOSTNAME], _tags(settings, values), app, values)


def app_of(settings: Settings, values: dict[str, str], recognized: str) -> str:
    """Return a line's app: as configured, or else as recognized."""
    return ((settings.app and fill(settings.app, values)) or recognized)[:_LONGEST_APP]


def _hostname(template: str, values: dict[str, str], *, dots: bool) -> str | None:
    """Fill a template; Mezmo cuts a hostname at its first dot, so that names have none unless wanted."""
    return _fill_in_query(template, values, "" if dots else ".")


def _tags(settings: Settings, values: dict[str, str]) -> str:
    """Fill the tags; a name's comma, such as a log stream may have, would make two of one."""
    filled = [_fill_in_query(tag, values, ",") for tag in settings.tags]
    return ",".join(tag for tag in filled if tag)


def _fill_in_query(template: str, values: dict[str, str], unwanted: str) -> str | None:
    """Fill a template with names that have neither what is unwanted nor control characters."""
    if "{" not in template:
        return template
    table = _CONTROL_CHARACTERS | dict.fromkeys(map(ord, unwanted), "_")
    return fill(template, {name: value.translate(table) for name, value in values.items()})


def redactor_for(settings: Settings) -> "Redactor | None":
    """Return what redacts, if anything is to be redacted."""
    if settings.redact is None:
        return None
    from .redaction import redactor_of  # noqa: PLC0415  costs nothing where nothing is redacted

    return redactor_of(settings.redact)


def _plain(log_group: str) -> Recognized:
    """Return names for a log group that nothing is to be recognized of."""
    app = log_group.rstrip("/").rpartition("/")[2] or log_group
    return Recognized("", app, log_group.replace(".", "_"), {}, {})
