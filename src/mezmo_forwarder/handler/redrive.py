"""The entry of the re-drive function."""

import os

from .errors import ForwarderError
from .forwarding.forwarder import Context
from .redriving.redrive import Redrive
from .report import log
from .settings import read_redrive_settings

_redrive: Redrive | None = None


def handle(event: object, context: Context) -> dict[str, object]:
    """Send again what the store keeps.

    Args:
        event: `{"mezmo_forwarder": "redrive"}` as the schedule sends it, for everything undelivered. By hand
            also `prefix`, what keys begin with (`rejected/` after a fix); `from` and `to`, the times in names
            from which and before which (`2026-11-25T10:00:00Z` or the beginning of one); and `dry_run`, to
            count only.
        context: Lambda's context object.

    Returns:
        What was done, in numbers.

    Raises:
        ForwarderError: the settings, the event, or the bucket.
    """
    global _redrive  # noqa: PLW0603  one a process: it keeps connections and the key between invocations
    try:
        if _redrive is None:
            _redrive = Redrive(read_redrive_settings(os.environ))
        return _redrive.handle(event, context)
    except ForwarderError as error:
        log("ERROR", str(error), error=type(error).__name__)
        raise
