"""What a line is called: its hostname and its app, by which Mezmo's users find it."""

from typing import TYPE_CHECKING

from .settings import Settings

if TYPE_CHECKING:
    from .redaction import Redactor

_LONGEST_HOSTNAME = 256


def hostname_of(settings: Settings, log_group: str) -> str:
    """Return the hostname of a request: as configured, otherwise the log group.

    Mezmo cuts a hostname at its first dot, so that a log group's dots become underscores, except in the
    formats of Mezmo's own Lambda, which sends them.
    """
    if settings.hostname is not None:
        return settings.hostname
    name = _redacted(settings, log_group)
    if settings.line_format == "standard":
        name = name.replace(".", "_")
    return name[:_LONGEST_HOSTNAME]


def app_of(settings: Settings, log_group: str, log_stream: str) -> str:
    """Return what Mezmo shows as a line's app: as configured, otherwise the log group's short name.

    The formats of Mezmo's own Lambda send a file, the log stream, which Mezmo shows as the app.
    """
    if settings.line_format != "standard":
        return _redacted(settings, log_stream)
    if settings.app:
        return settings.app
    log_group = _redacted(settings, log_group)
    return log_group.rstrip("/").rpartition("/")[2] or log_group


def redactor_for(settings: Settings) -> "Redactor | None":
    """Return what redacts, if anything is to be redacted."""
    if settings.redact is None:
        return None
    from .redaction import redactor_of  # noqa: PLC0415  costs nothing where nothing is redacted

    return redactor_of(settings.redact)


def _redacted(settings: Settings, name: str) -> str:
    redactor = redactor_for(settings)
    return redactor.redact_text(name) if redactor else name
