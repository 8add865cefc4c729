"""Checks 1 to 6 of the stand-in: what is asked of a whole request."""

import base64
import gzip
import http.client
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.mezmo import FlagKind
from local.mezmo.strict_json import parse
from tests.local.mezmo.sender import INGEST, KEY, a_line, stand_in

GOOD = json.dumps({"lines": [a_line()]}).encode()
MEBIBYTE = 1024 * 1024


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize("path", ["/", "/logs", "/logs/ingest/", "/v1", "/v1/", "/v1/a/b", "/v2/a"])
def test_another_path_is_not_found(path: str) -> None:
    with stand_in() as (mezmo, sender):
        assert sender.send(GOOD, f"{path}?hostname=host").status == 404
        assert mezmo.lines == ()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PURGE"])
@pytest.mark.parametrize("target", [INGEST, "/v1/route"])
def test_only_post_is_allowed(method: str, target: str) -> None:
    with stand_in() as (mezmo, sender):
        reply = sender.send(GOOD, target, method=method)
        assert reply.status == 405
        assert reply.headers["Allow"] == "POST"
        assert sender.lines(a_line()).status == 200  # and the connection goes on
        assert [request.status for request in mezmo.requests] == [405, 200]


def test_basic_credentials_do_for_log_analysis() -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines(a_line(), headers={"apikey": "", "Authorization": basic(f"{KEY}:")}).status == 200
        assert len(mezmo.lines) == 1


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        KEY,
        f"Bearer {KEY}",
        basic(KEY),
        basic(f"{KEY}:password"),
        "Basic ???",
        basic(f"{KEY}:").replace("Basic", "Bearer"),
    ],
)
def test_without_a_credential_401(authorization: str | None) -> None:
    headers = {"apikey": ""} | ({"Authorization": authorization} if authorization else {})
    with stand_in() as (mezmo, sender):
        reply = sender.lines(a_line(), headers=headers)
        assert (reply.status, reply.error) == (401, "Missing Credentials")
        assert mezmo.lines == ()


@pytest.mark.parametrize("target", [INGEST, "/v1/route"])
def test_two_credentials_are_refused(target: str) -> None:
    with stand_in() as (mezmo, sender):
        authorization = KEY if target == "/v1/route" else basic(f"{KEY}:")
        assert sender.send(GOOD, target, headers={"Authorization": authorization}).status == 400
        assert mezmo.requests[0].problem == "more than one credential"


def test_one_header_twice_is_two_credentials() -> None:
    with stand_in() as (mezmo, sender):
        sender.connection.putrequest("POST", INGEST)
        sender.connection.putheader("apikey", KEY)
        sender.connection.putheader("apikey", KEY)
        sender.connection.putheader("Content-Length", "0")
        sender.connection.endheaders()
        with sender.connection.getresponse() as response:
            assert response.status == 400
        assert mezmo.requests[0].problem == "more than one credential"


def test_an_unknown_key_is_refused_and_keys_can_be_rotated() -> None:
    with stand_in() as (mezmo, sender):
        reply = sender.lines(a_line(), headers={"apikey": "f" * 32})
        assert (reply.status, reply.error) == (403, "Account not found or inactive")
        mezmo.keys = {"f" * 32}
        assert sender.lines(a_line(), headers={"apikey": "f" * 32}).status == 200
        assert sender.lines(a_line()).status == 403
        assert len(mezmo.lines) == 1


@pytest.mark.parametrize("query", ["", "?", "?hostname=", "?tags=a"])
def test_hostname_is_required(query: str) -> None:
    with stand_in() as (mezmo, sender):
        reply = sender.lines(a_line(), target=f"/logs/ingest{query}")
        assert (reply.status, reply.error) == (400, "Missing param hostname.")
        assert mezmo.lines == ()


@pytest.mark.parametrize(
    ("hostname", "status"),
    [("h" * 256, 200), ("h" * 257, 400), ("a%00b", 400), ("a%C2%85b", 400), ("a%0A", 400)],
)
def test_hostname_has_a_length_and_no_control_characters(hostname: str, status: int) -> None:
    with stand_in() as (_, sender):
        assert sender.lines(a_line(), target=f"/logs/ingest?hostname={hostname}").status == status


def test_a_dot_in_the_hostname_is_flagged() -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines(a_line(), target="/logs/ingest?hostname=a.b").status == 200
        assert [(flag.kind, flag.request, flag.line) for flag in mezmo.flags] == [
            (FlagKind.HOSTNAME_DOT, 1, None)
        ]
        assert mezmo.lines[0].hostname == "a.b"


@pytest.mark.parametrize(
    "parameters",
    [
        "tags=",
        "tags=a,",
        "tags=a,,b",
        "tags=a&tags=b",
        "hostname=host",
        "color=red",
        "a",
        "tags=%zz",
        "tags=%ff",
    ],
)
def test_other_parameters_are_refused(parameters: str) -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines(a_line(), target=f"{INGEST}&{parameters}").status == 400
        assert mezmo.lines == ()


@pytest.mark.parametrize(("length", "flags"), [(80, []), (81, [FlagKind.TAGS_TOO_LONG])])
def test_long_tags_are_flagged(length: int, flags: list[FlagKind]) -> None:
    tags = f"a,{'b' * (length - 2)}"
    with stand_in() as (mezmo, sender):
        assert sender.lines(a_line(), target=f"{INGEST}&tags={tags}").status == 200
        assert [flag.kind for flag in mezmo.flags] == flags


def test_a_pipeline_takes_no_query() -> None:
    with stand_in() as (mezmo, sender):
        assert sender.array(a_line(), target="/v1/route?hostname=host").status == 400
        assert mezmo.lines == ()


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json;charset=utf-8", 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
def test_the_content_type_is_json(content_type: str, status: int) -> None:
    with stand_in() as (_, sender):
        assert sender.lines(a_line(), headers={"Content-Type": content_type}).status == status


@pytest.mark.parametrize(
    ("encoding", "status"), [("identity", 200), ("br", 415), ("deflate", 415), ("gzip", 400)]
)
def test_the_encoding_is_identity_or_gzip(encoding: str, status: int) -> None:
    with stand_in() as (_, sender):
        assert sender.lines(a_line(), headers={"Content-Encoding": encoding}).status == status


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(GOOD)[:-1],
        gzip.compress(GOOD)[:-8] + bytes(8),
        gzip.compress(GOOD) + b"more",
        b"",
    ],
    ids=["cut short", "wrong checksum", "trailing bytes", "empty"],
)
def test_corrupt_gzip_is_refused(body: bytes) -> None:
    with stand_in() as (mezmo, sender):
        assert sender.send(body, headers={"Content-Encoding": "gzip"}).status == 400
        assert "gzip" in (mezmo.requests[0].problem or "")
        assert mezmo.requests[0].body == body


def test_a_body_over_10_mib_is_refused_plain_or_packed() -> None:
    most = GOOD + b" " * (10 * MEBIBYTE - len(GOOD))
    with stand_in(body_limit=20 * MEBIBYTE) as (mezmo, sender):
        assert sender.send(most).status == 200
        assert sender.send(most + b" ").status == 413
        packed = {"Content-Encoding": "gzip"}
        assert sender.send(gzip.compress(most, 1), headers=packed).status == 200
        assert sender.send(gzip.compress(most + b" ", 1), headers=packed).status == 413
        assert len(mezmo.lines) == 2


def test_a_bomb_is_unpacked_no_further_than_the_limit() -> None:
    bomb = gzip.compress(bytes(100 * MEBIBYTE), 1)
    with stand_in() as (_, sender):
        tracemalloc.start()
        try:
            assert sender.send(bomb, headers={"Content-Encoding": "gzip"}).status == 413
            assert tracemalloc.get_traced_memory()[1] < 40 * MEBIBYTE
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(("limits", "limit"), [({}, 1_000_000), ({"body_limit": 500}, 500)])
def test_a_message_over_the_limit_is_refused_in_mezmos_words(limits: dict[str, int], limit: int) -> None:
    most = GOOD + b" " * (limit - len(GOOD))
    with stand_in(**limits) as (mezmo, sender):
        assert sender.send(most).status == 200
        reply = sender.send(most + b" ")
        assert (reply.status, reply.error) == (400, "Message size too large")
        packed = sender.send(gzip.compress(most + b" "), headers={"Content-Encoding": "gzip"})
        assert (packed.status, packed.error) == (400, "Message size too large")
        assert len(mezmo.lines) == 1


@pytest.mark.parametrize(("limits", "limit"), [({}, 2_000_000), ({"pipeline_body_limit": 500}, 500)])
def test_a_pipelines_message_over_the_limit_is_413(limits: dict[str, int], limit: int) -> None:
    body = json.dumps([a_line()]).encode()
    most = body + b" " * (limit - len(body))
    with stand_in(**limits) as (mezmo, sender):
        assert sender.send(most, "/v1/route").status == 200
        assert sender.send(most + b" ", "/v1/route").status == 413
        assert len(mezmo.lines) == 1


CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD)
CHUNKED = {"Transfer-Encoding": "chunked"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [({}, b""), (CHUNKED, CHUNK), ({**CHUNKED, "Content-Length": str(len(CHUNK))}, CHUNK)],
    ids=["no length", "chunks", "both"],
)
def test_a_body_is_announced_by_its_length_alone(headers: dict[str, str], body: bytes) -> None:
    with stand_in() as (mezmo, sender):
        sender.connection.putrequest("POST", INGEST)
        for name, value in ({"apikey": KEY, "Content-Type": "application/json"} | headers).items():
            sender.connection.putheader(name, value)
        sender.connection.endheaders(body)
        with sender.connection.getresponse() as response:
            assert response.status == 411
            assert response.getheader("Connection") == "close"
        assert mezmo.requests[0].status == 411


def test_a_body_cut_off_by_the_client_is_no_request() -> None:
    with stand_in() as (mezmo, sender):
        sender.connection.putrequest("POST", INGEST)
        sender.connection.putheader("apikey", KEY)
        sender.connection.putheader("Content-Length", "1000")
        sender.connection.endheaders(b"half")
        sender.connection.close()
        assert sender.lines(a_line()).status == 200
    assert [request.status for request in mezmo.requests] == [200]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"hello", b"h\xe9llo"),
        GOOD.replace(b"hello", b"hel\nlo"),
        GOOD.replace(b"1700000000123", b"NaN"),
        GOOD.replace(b"1700000000123", b"-Infinity"),
        GOOD.replace(b"1700000000123", b"1e999"),
        GOOD.replace(b"1700000000123", b"9" * 5000),
        GOOD.replace(b'"app"', b'"line"'),
        b'{"lines":[],' + GOOD[1:],
        GOOD + b"x",
        GOOD.replace(b'"hello"', b"[" * 65 + b"]" * 65),
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=range(14),
)
def test_what_is_not_strictly_json_is_refused(body: bytes) -> None:
    with stand_in() as (mezmo, sender):
        reply = sender.send(body)
        assert reply.status == 400
        assert reply.error.startswith("the body is not JSON")
        assert mezmo.lines == ()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@settings(max_examples=50)
@given(JSON_VALUES)
def test_what_is_strictly_json_is_read_as_it_was_written(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize("root", [[a_line()], "lines", 1, None])
def test_the_root_is_an_object(root: object) -> None:
    with stand_in() as (_, sender):
        reply = sender.send(json.dumps(root).encode())
        assert (reply.status, reply.error) == (400, "the body is not an object")


@pytest.mark.parametrize(
    "root", [{}, {"lines": None}, {"lines": a_line()}, {"ls": [a_line()]}, {"e": "ls", "ls": {}}, {"e": "ls"}]
)
def test_lines_is_an_array(root: object) -> None:
    with stand_in() as (_, sender):
        reply = sender.send(json.dumps(root).encode())
        assert (reply.status, reply.error) == (400, '"lines" parameter not an array.')


@pytest.mark.parametrize(
    "root",
    [
        {"lines": [a_line()], "more": 1},
        {"lines": [a_line()], "e": "ls", "ls": [a_line()]},
        {"lines": [a_line()], "e": "other"},
    ],
)
def test_the_root_has_no_other_key(root: object) -> None:
    with stand_in() as (mezmo, sender):
        reply = sender.send(json.dumps(root).encode())
        assert (reply.status, reply.error) == (400, "Bad or missing parameters.")
        assert mezmo.lines == ()


def test_a_request_without_lines_is_refused() -> None:
    with stand_in() as (mezmo, sender):
        assert sender.lines().error == "no lines"
        assert sender.array().error == "no lines"
        assert [request.status for request in mezmo.requests] == [400, 400]


def test_a_pipeline_takes_no_object() -> None:
    with stand_in() as (_, sender):
        reply = sender.send(GOOD, "/v1/route")
        assert (reply.status, reply.error) == (400, "the body is not an array")


def test_more_than_64_mib_is_not_even_read() -> None:
    with stand_in() as (mezmo, sender):
        sender.connection.putrequest("POST", INGEST)
        for name, value in {"apikey": KEY, "Content-Length": str(64 * MEBIBYTE + 1)}.items():
            sender.connection.putheader(name, value)
        sender.connection.endheaders()
        with sender.connection.getresponse() as response:
            assert response.status == http.client.REQUEST_ENTITY_TOO_LARGE
        assert mezmo.requests[0].status == 413
