"""What a line is called: its hostname and its app, by which Mezmo's users find it."""

from .settings import Settings

_LONGEST_HOSTNAME = 256


def hostname_of(settings: Settings, log_group: str) -> str:
    """Return the hostname of a request: as configured, otherwise the log group.

    Mezmo cuts a hostname at its first dot, so that a log group's dots become underscores, except in the
    formats of Mezmo's own Lambda, which sends them.
    """
    if settings.hostname is not None:
        return settings.hostname
    name = log_group.replace(".", "_") if settings.line_format == "standard" else log_group
    return name[:_LONGEST_HOSTNAME]


def app_of(settings: Settings, log_group: str, log_stream: str) -> str:
    """Return what Mezmo shows as a line's app: as configured, otherwise the log group's short name.

    The formats of Mezmo's own Lambda send a file, the log stream, which Mezmo shows as the app.
    """
    if settings.line_format != "standard":
        return log_stream
    return settings.app or log_group.rstrip("/").rpartition("/")[2] or log_group
