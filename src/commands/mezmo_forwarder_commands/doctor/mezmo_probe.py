"""Whether Mezmo takes a key, without sending it a line.

A request with an empty list of lines: 401 and 403 refuse the key for certain. What Mezmo answers otherwise is
not documented, and could mean that it looks at the lines before the key. So the same is asked with a key that
is nobody's: only if that is refused was the first one taken.
"""

import os
import time
from urllib.parse import urlsplit

from handler.client import Client
from handler.delivery.mezmo import without_key
from handler.delivery.outcomes import Delivered, KeyRefused, Outcome, Rejected, Retry, judge
from handler.errors import TransportError

from .findings import Answer, broken, ok, unknown

_NOBODYS_KEY = "0" * 32
_SECONDS = 15.0


def ask(url: str, key: str) -> Answer:
    """Ask Mezmo's Log Analysis about a key, from this machine."""
    try:
        status, outcome = _post(url, key)
        match outcome:
            case KeyRefused():
                return broken(
                    f"Mezmo refuses the key: {outcome.reason}",
                    "put an active ingestion key where it is kept; the function reads it again by itself",
                )
            case Retry():
                return unknown(f"Mezmo answers {outcome.reason}", "ask again later")
            case Delivered() | Rejected():  # a request without lines may be either
                pass
            case _:
                return broken(
                    f"{url} answers {status}, which is not what Mezmo answers",
                    "look at the destination's address",
                )
        control, refused = _post(url, _NOBODYS_KEY)
    except TransportError as error:
        return unknown(
            f"from here, Mezmo is not to be reached: {error}",
            "the function's way may be another one; --send-test-line tells",
        )
    if isinstance(refused, KeyRefused):
        return ok("Mezmo takes it (asked from here, with no line)")
    return unknown(
        f"Mezmo answers {status} to this key, and {control} to one that is nobody's", "add --send-test-line"
    )


def _post(url: str, key: str) -> tuple[int, Outcome]:
    """Send no lines; return the status, and what it means."""
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    client = Client(url, authorities=os.environ.get("SSL_CERT_FILE"))
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        "User-Agent": "mezmo-forwarder-doctor",
        "apikey": key,
    }
    target = f"{parts.path or '/'}?{query}hostname=mezmo-forwarder-doctor"
    try:
        reply = client.post(target, headers, b'{"lines":[]}', time.monotonic() + _SECONDS)
    finally:
        client.close()
    outcome = judge(without_key(reply, key), lines=1, compressed=False, gzip_understood=True, now=time.time())
    return reply.status, outcome
