"""How lines are put to Mezmo: the address, the headers, what is around the lines, the encoding."""

import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote, urlsplit

from isal import isal_zlib
from msgspec import Struct

from handler.client import Reply
from handler.errors import TransportError
from handler.lines.batches import Batch, Query
from handler.settings import Settings
from handler.version import VERSION

from .outcomes import Delivered, Outcome, Partial, judge, judge_failure

LARGEST_BODY = 1_000_000
_LEVEL = 1  # of isal's 0 to 3: the levels above cost CPU time, which Lambda bills, for a few per cent of size
_GZIP = 31


class Poster(Protocol):
    """What sends requests: `Client`, or something that stands in for it."""

    def post(self, target: str, headers: dict[str, str], body: bytes, deadline: float, /) -> Reply:
        """Send one POST and read its response."""


class Request(Struct, frozen=True):
    """A batch made ready once, however often it is sent."""

    batch: Batch
    body: bytes
    compressed: bool


class Mezmo:
    """The destination of all lines of the function.

    Args:
        settings: which address, format and encoding.
        client: sends the requests.
        wall_clock: the time of day in seconds.
    """

    def __init__(
        self, settings: Settings, client: Poster, *, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._wall_clock = wall_clock
        self._log_analysis = settings.destination.kind == "log-analysis"
        parts = urlsplit(settings.destination.url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._compresses = settings.destination.compresses
        self._gzip_understood = False
        if not self._log_analysis:
            self._around = b"[", b"]"
        elif settings.line_format == "standard":
            self._around = b'{"lines":[', b"]}"
        else:
            self._around = b'{"e":"ls","ls":[', b"]}"

    @property
    def largest_batch(self) -> int:
        """The most bytes of lines, and of the commas between them, that one request may hold."""
        return LARGEST_BODY - sum(map(len, self._around))

    def prepare(self, batch: Batch, *, plain: bool = False) -> Request:
        """Make a request's body, compressed unless `plain` or switched off."""
        body = b"".join(batch.parts(*self._around))
        if plain or not self._compresses:
            return Request(batch, body, compressed=False)
        # In one call: igzip settles its code by the first piece it gets, and the few bytes before the lines
        # are a bad sample; bodies were four times as large.
        return Request(batch, isal_zlib.compress(body, _LEVEL, _GZIP), compressed=True)

    def send(self, request: Request, key: str, deadline: float) -> tuple[Outcome, int | None]:
        """Send a request once.

        Returns:
            How it went, and the status code if there was a response.
        """
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": f"mezmo-forwarder/{VERSION}",
            "apikey": key,
        }
        if request.compressed:
            headers["Content-Encoding"] = "gzip"
        try:
            reply = self._client.post(self._target_for(request.batch.query), headers, request.body, deadline)
        except TransportError as error:
            return judge_failure(error), None
        outcome = judge(
            without_key(reply, key),
            lines=request.batch.count,
            compressed=request.compressed,
            gzip_understood=self._gzip_understood,
            now=self._wall_clock(),
        )
        self._learn(request, outcome)
        return outcome, reply.status

    def _target_for(self, query: Query) -> str:
        if not self._log_analysis:
            return self._target
        text = f"hostname={quote(query.hostname, safe='')}"
        if query.tags:
            text = f"tags={quote(query.tags, safe=',')}&{text}"
        return f"{self._target}{'&' if '?' in self._target else '?'}{text}"

    def _learn(self, request: Request, outcome: Outcome) -> None:
        """Remember for the life of the process what the destination makes of gzip."""
        if not isinstance(outcome, Delivered | Partial):
            return
        if request.compressed:
            self._gzip_understood = True
        else:
            self._compresses = False


def without_key(reply: Reply, key: str) -> Reply:
    """Return the reply without the key, should the server have repeated it."""
    return Reply(reply.status, reply.headers, reply.body.replace(key.encode(), b"[key]"), reply.complete)
