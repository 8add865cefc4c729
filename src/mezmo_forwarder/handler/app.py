"""The entry of the Lambda function."""

import os
from contextlib import suppress

from .forwarding.forwarder import Context, Forwarder
from .report import log
from .settings import read_settings

_forwarder: Forwarder | None = None


def handle(event: object, context: Context) -> dict[str, object] | None:
    """Forward one CloudWatch Logs event to Mezmo.

    Args:
        event: `{"awslogs": {"data": "..."}}`, with `"mezmo_forwarder": "backfill"` beside it for the counts;
            or `{"mezmo_forwarder": "test"}` to send one test line.
        context: Lambda's context object.

    Returns:
        For the test, how it went; for the backfill, the counts, whatever they are; otherwise nothing.

    Raises:
        ForwarderError: nothing, or not everything, could be forwarded; Lambda invokes again.
    """
    try:
        forwarder = _get_forwarder()
    except Exception as error:
        log("ERROR", str(error), error=type(error).__name__)
        raise
    return forwarder.handle(event, context)


def _get_forwarder() -> Forwarder:
    global _forwarder  # noqa: PLW0603  one a process: it keeps the connection and the key between invocations
    if _forwarder is None:
        _forwarder = Forwarder(read_settings(os.environ))
    return _forwarder


def _warm_up() -> None:
    """Prepare while Lambda initializes the function and CPU time is plenty; what fails waits for `handle`."""
    with suppress(Exception):
        _get_forwarder().warm_up()


_warm_up()
