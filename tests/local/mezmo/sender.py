"""What the tests of the stand-in send with: a real HTTP client."""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from local.mezmo import MezmoStandIn

KEY = "0123456789abcdef0123456789abcdef"
INGEST = "/logs/ingest?hostname=host"


def a_line(text: str = "hello", **changes: Any) -> dict[str, Any]:
    return {"line": text, "timestamp": 1_700_000_000_123, "app": "api", **changes}


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        text: str = self.json["error"]
        return text


class Sender:
    """A real HTTP client that keeps its connection."""

    def __init__(self, mezmo: MezmoStandIn, timeout: float = 10) -> None:
        port = urlsplit(mezmo.url).port
        if mezmo.ca_file:
            context = ssl.create_default_context(cafile=mezmo.ca_file)
            self.connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "localhost", port, timeout=timeout, context=context
            )
        else:
            self.connection = http.client.HTTPConnection("localhost", port, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(
        self,
        body: bytes,
        target: str = INGEST,
        *,
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send these bytes; the headers are added to the usual ones, and replace them where given."""
        usual = {"apikey": KEY, "Content-Type": "application/json; charset=UTF-8"}
        self.connection.request(method, target, body, usual | (headers or {}))
        with self.connection.getresponse() as response:
            return Reply(response.status, response.read(), dict(response.getheaders()))

    def lines(self, *lines: Any, target: str = INGEST, headers: dict[str, str] | None = None) -> Reply:
        return self.send(json.dumps({"lines": lines}).encode(), target, headers=headers)

    def array(self, *lines: Any, target: str = "/v1/route", headers: dict[str, str] | None = None) -> Reply:
        return self.send(json.dumps(lines).encode(), target, headers=headers)


@contextmanager
def nothing_left() -> Iterator[None]:
    """See that what a stand-in has started ends with it; other tests may have one of their own."""
    before = set(threading.enumerate())
    yield
    assert not [thread for thread in threading.enumerate() if thread not in before and "mezmo" in thread.name]


@contextmanager
def stand_in(**settings: Any) -> Iterator[tuple[MezmoStandIn, Sender]]:
    """Without TLS unless asked: what is tested elsewhere need not wait for certificates."""
    chosen: dict[str, Any] = {"keys": {KEY}, "tls": False} | settings
    with MezmoStandIn(**chosen) as mezmo, Sender(mezmo) as sender:
        yield mezmo, sender
