"""Lines that are as they should be arrive at the stand-in."""

import gzip
import http.client
import json
import socket
import ssl
from urllib.parse import urlsplit

import pytest

from local.mezmo import MezmoStandIn
from tests.local.mezmo.sender import INGEST, KEY, Sender, a_line, stand_in


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
