"""What a request to Mezmo looks like."""

import gzip
import json

import msgspec
import pytest

from handler.client import Reply
from handler.delivery.mezmo import Mezmo
from handler.delivery.outcomes import Rejected
from handler.lines.batches import Batch, Piece, Query
from handler.version import VERSION
from tests.handler.cloudwatch import received
from tests.handler.doubles import KEY, ScriptedClient, make_settings

SOURCE = received(["x"])
BATCH = Batch(
    Query("/a b/ü"), [Piece(b'[{"line":"a"},{"line":"b"}]', 2, SOURCE), Piece(b'[{"line":"c"}]', 1, SOURCE)]
)
LINES = b'[{"line":"a"},{"line":"b"},{"line":"c"}]'


def sent_with(batch: Batch = BATCH, **settings: object) -> tuple[str, dict[str, str], bytes]:
    client = ScriptedClient()
    mezmo = Mezmo(make_settings(**settings), client)  # type: ignore[arg-type]
    mezmo.send(mezmo.prepare(batch), KEY, 1.0)
    target, headers, body, _ = client.sent[0]
    return target, dict(headers), body


def test_a_request_to_log_analysis() -> None:
    target, headers, body = sent_with()
    assert target == "/logs/ingest?hostname=%2Fa%20b%2F%C3%BC"
    assert headers == {
        "Content-Type": "application/json; charset=UTF-8",
        "Content-Encoding": "gzip",
        "User-Agent": f"mezmo-forwarder/{VERSION}",
        "apikey": KEY,
    }
    assert gzip.decompress(body) == b'{"lines":' + LINES + b"}"


def test_a_request_to_a_pipeline() -> None:
    target, headers, body = sent_with(url="https://pipeline.mezmo.com/v1/route", kind="pipeline")
    assert target == "/v1/route"
    assert "Content-Encoding" not in headers
    assert body == LINES


def test_gzip_as_set() -> None:
    assert gzip.decompress(sent_with(kind="pipeline", gzip=True)[2]) == LINES
    assert sent_with(gzip=False)[2] == b'{"lines":' + LINES + b"}"


@pytest.mark.parametrize("line_format", ["mezmo-lambda", "mezmo-lambda-raw"])
def test_the_formats_of_mezmo_s_lambda_have_its_body(line_format: str) -> None:
    assert sent_with(gzip=False, line_format=line_format)[2] == b'{"e":"ls","ls":' + LINES + b"}"
    assert sent_with(gzip=False, line_format=line_format, kind="pipeline")[2] == LINES


def test_tags_and_an_address_with_a_query() -> None:
    tagged = Batch(Query("h", "a,b&c"), BATCH.pieces)
    assert sent_with(tagged)[0] == "/logs/ingest?tags=a,b%26c&hostname=h"
    assert sent_with(tagged, url="https://pipeline.mezmo.com/v1/route", kind="pipeline")[0] == "/v1/route"
    assert sent_with(url="https://x.example.com?key=1")[0].startswith("/?key=1&hostname=")


def test_bodies_stay_within_a_million_bytes() -> None:
    for kind in ("log-analysis", "pipeline"):
        mezmo = Mezmo(make_settings(kind=kind, gzip=False), ScriptedClient())
        line = msgspec.json.encode("x" * (mezmo.largest_batch - 2))
        body = mezmo.prepare(Batch(Query("h"), [Piece(b"[%b]" % line, 1, SOURCE)])).body
        assert len(body) == 1_000_000
        assert json.loads(body)


def test_a_key_that_the_server_repeats_is_not_repeated() -> None:
    client = ScriptedClient([Reply(400, {}, f"hostname for {KEY}?".encode())])
    mezmo = Mezmo(make_settings(), client)
    outcome, status = mezmo.send(mezmo.prepare(BATCH), KEY, 1.0)
    assert outcome == Rejected("400 hostname for [key]?")
    assert status == 400


@pytest.mark.parametrize("count", [1, 40, 2000])
def test_a_compressed_body_is_about_as_small_as_gzip_makes_it(count: int) -> None:
    lines = [{"line": f"GET /orders/{number}", "meta": {"group": "/aws/ecs/app"}} for number in range(count)]
    mezmo = Mezmo(make_settings(), ScriptedClient())
    request = mezmo.prepare(Batch(Query("h"), [Piece(msgspec.json.encode(lines), count, SOURCE)]))

    assert len(request.body) < 1.2 * len(gzip.compress(gzip.decompress(request.body), 1))
