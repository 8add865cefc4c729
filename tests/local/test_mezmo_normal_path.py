"""Lines that are as they should be arrive at the stand-in; and the sender that all its tests use."""

import gzip
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

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
def stand_in(**settings: Any) -> Iterator[tuple[MezmoStandIn, Sender]]:
    """Without TLS unless asked: what is tested elsewhere need not wait for certificates."""
    chosen: dict[str, Any] = {"keys": {KEY}, "tls": False} | settings
    with MezmoStandIn(**chosen) as mezmo, Sender(mezmo) as sender:
        yield mezmo, sender


def test_a_line_sent_over_tls_is_committed_with_everything_about_it() -> None:
    meta = {"owner": "123456789012", "filters": ["one", "two"]}
    with stand_in(tls=True) as (mezmo, sender):
        reply = sender.lines(
            a_line("grüße\nzwei", level="info", env="prod", meta=meta, label={"a": "b"}),
            target="/logs/ingest?hostname=%2Faws%2Fecs&tags=eu,blue&mac=00:11&ip=10.0.0.1&now=1",
        )
        assert mezmo.url.startswith("https://localhost:")
    assert reply.status == 200
    assert reply.json["status"] == "ok"
    assert reply.json["batchID"]
    (line,) = mezmo.lines
    assert (line.line, line.timestamp, line.app) == ("grüße\nzwei", 1_700_000_000_123, "api")
    assert (line.hostname, line.tags) == ("/aws/ecs", ("eu", "blue"))
    assert (line.level, line.env, line.meta) == ("info", "prod", meta)
    assert (line.request, line.index) == (1, 0)
    assert line.fields["label"] == {"a": "b"}
    assert mezmo.flags == ()


def test_a_client_that_does_not_trust_the_authority_sends_nothing() -> None:
    with MezmoStandIn(keys={KEY}) as mezmo:
        connection = http.client.HTTPSConnection("localhost", urlsplit(mezmo.url).port, timeout=10)
        with pytest.raises(ssl.SSLCertVerificationError):
            connection.request("POST", INGEST)
        connection.close()
        assert mezmo.requests == ()


def test_the_certificate_is_for_the_address_too() -> None:
    with MezmoStandIn(keys={KEY}) as mezmo:
        context = ssl.create_default_context(cafile=mezmo.ca_file)
        address = ("127.0.0.1", urlsplit(mezmo.url).port)
        with (
            socket.create_connection(address, timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            assert secure.version() == "TLSv1.3"


def test_the_connection_is_kept_between_requests() -> None:
    with stand_in(tls=True) as (mezmo, sender):
        for _ in range(3):
            assert sender.lines(a_line()).status == 200
        with Sender(mezmo) as another:
            another.lines(a_line())
        assert [request.connection for request in mezmo.requests] == [1, 1, 1, 2]


def test_duplicates_stay() -> None:
    with stand_in() as (mezmo, sender):
        sender.lines(a_line("one"), a_line("one"))
        sender.lines(a_line("one"))
        assert [line.line for line in mezmo.lines] == ["one"] * 3


def test_the_old_name_of_the_lines_is_understood() -> None:
    with stand_in() as (mezmo, sender):
        assert sender.send(json.dumps({"e": "ls", "ls": [a_line("old")]}).encode()).status == 200
        assert [line.line for line in mezmo.lines] == ["old"]


def test_gzip_is_unpacked_in_several_members_too() -> None:
    text = json.dumps({"lines": [a_line("x" * 5000)]}).encode()
    body = gzip.compress(text[:100]) + gzip.compress(text[100:])
    with stand_in() as (mezmo, sender):
        assert sender.send(body, headers={"Content-Encoding": "gzip"}).status == 200
        (request,) = mezmo.requests
        assert request.body == text
        assert request.wire_bytes == len(body) < len(text)
        assert mezmo.lines[0].line == "x" * 5000


@pytest.mark.parametrize("credential", ["apikey", "Authorization"])
def test_a_pipeline_takes_a_bare_array_and_either_header(credential: str) -> None:
    with stand_in() as (mezmo, sender):
        route = urlsplit(mezmo.pipeline_url("some-route")).path
        reply = sender.array(a_line(), target=route, headers={"apikey": "", credential: KEY})
        assert reply.status == 200
        assert [(line.line, line.hostname, line.tags) for line in mezmo.lines] == [("hello", "", ())]
        assert mezmo.flags == ()


def test_a_lone_surrogate_is_a_line_like_any_other() -> None:
    with stand_in() as (mezmo, sender):
        body = json.dumps({"lines": [a_line("\ud800")]}).encode()
        assert sender.send(body).status == 200
        assert mezmo.lines[0].line == "\ud800"
