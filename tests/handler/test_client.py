"""The HTTP client, against real servers."""

import socket
import ssl
import struct
import threading
import time
import traceback

import pytest
import trustme

from handler.client import LARGEST_REPLY, Client, Reply
from handler.errors import TransportError
from tests.handler.clients import fails, plain, post
from tests.handler.servers import Talk, answer, read_request, response, server

pytestmark = pytest.mark.usefixtures("no_proxies")


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def silent(_sock: socket.socket) -> None:
    time.sleep(1)


def test_a_request_and_its_response() -> None:
    requests: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        requests.append(read_request(sock))
        sock.sendall(response(201, b"yes", "Retry-After: 3"))

    with server(talk) as port:
        client = plain(port)
        client.warm_up()
        assert post(client, b"body") == Reply(201, {"content-length": "3", "retry-after": "3"}, b"yes")
        client.close()
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert body == b"body"
    assert head.split(b"\r\n") == [
        b"POST /path?query HTTP/1.1",
        b"Accept-Encoding: identity",
        b"Content-Length: 4",
        b"Host: 127.0.0.1:%d" % port,
        b"A: b",
    ]


def test_a_connection_is_kept() -> None:
    connections = 0

    def talk(sock: socket.socket) -> None:
        nonlocal connections
        connections += 1
        answer(*[response()] * 3)(sock)

    with server(talk) as port:
        client = plain(port)
        assert [post(client).status for _ in range(3)] == [200] * 3
        client.close()
    assert connections == 1


@pytest.mark.parametrize("last", [socket.socket.close, reset])
def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again(last: Talk) -> None:
    def once(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(response())
        last(sock)

    with server(once, answer(response(202))) as port:
        client = plain(port)
        assert post(client).status == 200
        time.sleep(0.05)
        assert post(client).status == 202
        client.close()


def test_a_kept_tls_connection_that_was_closed_meanwhile_is_opened_again(
    authority: trustme.CA, ca_file: str
) -> None:
    def say_goodbye(sock: socket.socket) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        read_request(sock)
        sock.sendall(response())
        sock.unwrap()

    with server(answer(response()), say_goodbye, answer(response(202)), authority=authority) as port:
        client = Client(f"https://localhost:{port}", authorities=ca_file)
        statuses = []
        for _ in range(3):
            statuses.append(post(client, b"x" * 300_000).status)
            time.sleep(0.05)
        assert statuses == [200, 200, 202]
        client.close()


def test_a_kept_connection_is_opened_again_only_once() -> None:
    with server(answer(response()), socket.socket.close) as port:
        client = plain(port)
        post(client)
        assert "failed" in str(fails(client))


def test_a_new_connection_that_breaks_is_a_failure() -> None:
    def break_off(sock: socket.socket) -> None:
        read_request(sock)
        reset(sock)

    with server(break_off, answer(response())) as port:
        error = fails(plain(port))
        assert error.retryable
        assert "the connection to 127.0.0.1 failed" in str(error)


def test_an_early_refusal_is_read_though_the_body_was_not() -> None:
    def refuse(sock: socket.socket) -> None:
        sock.recv(1000)
        sock.sendall(response(413, b"too large", "Connection: close"))
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 20):
            pass

    with server(refuse) as port:
        assert post(plain(port), b"x" * 20_000_000).status == 413


def test_a_server_that_is_silent_is_given_up_in_time() -> None:
    with server(silent) as port:
        assert str(fails(plain(port), seconds=0.3)) == "127.0.0.1 did not answer in time"


def test_a_server_that_takes_no_body_is_given_up_in_time() -> None:
    with server(silent) as port:
        assert "in time" in str(fails(plain(port), seconds=0.3, body=b"x" * 50_000_000))


def test_no_request_without_time() -> None:
    with server(answer(response(), response())) as port:
        client = plain(port)
        assert post(client).status == 200
        assert "in time" in str(fails(client, seconds=-1))
        assert "in time" in str(fails(client, seconds=-1))


def drip(data: bytes) -> Talk:
    def talk(sock: socket.socket) -> None:
        read_request(sock)
        for byte in data:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)

    return talk


def test_a_response_that_drips_is_given_up_in_time() -> None:
    with server(drip(response())) as port:
        assert "in time" in str(fails(plain(port), seconds=0.4))


def test_a_body_that_does_not_come_leaves_the_status() -> None:
    def talk(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstart")
        time.sleep(0.5)

    with server(talk, answer(response(202))) as port:
        client = plain(port)
        assert post(client, seconds=0.3) == Reply(200, {"content-length": "100"}, b"", complete=False)
        assert post(client).status == 202
        client.close()


def test_a_chunked_response_and_one_until_the_end_of_the_connection() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with server(
        answer(chunked, response(201), b"HTTP/1.0 202 OK\r\n\r\nto the end"), answer(response(203))
    ) as port:
        client = plain(port)
        assert post(client).body == b"abcde"
        assert post(client).status == 201
        assert post(client).body == b"to the end"
        assert post(client).status == 203
        client.close()


def test_of_a_long_body_only_the_beginning_is_read() -> None:
    with server(answer(response(400, b"y" * 1_000_000)), answer(response())) as port:
        client = plain(port)
        assert post(client).body == b"y" * LARGEST_REPLY
        assert post(client).status == 200
        client.close()


@pytest.mark.parametrize(
    "junk", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000]
)
def test_what_is_not_http_is_a_failure(junk: bytes) -> None:
    with server(answer(junk)) as port:
        error = fails(plain(port))
        assert error.retryable
        assert "is not HTTP" in str(error)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = fails(plain(port))
    assert error.retryable
    assert "Connection refused" in str(error)


def test_a_name_that_does_not_exist() -> None:
    error = fails(Client("http://does-not-exist.invalid"))
    assert error.retryable
    assert "the name does-not-exist.invalid was not resolved" in str(error)


def test_a_resolver_that_never_answers_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def never(*_args: object, **_more: object) -> list[object]:
        over.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    try:
        error = fails(Client("https://slow.example.com"), seconds=0.2)
        assert str(error) == "the name slow.example.com was not resolved in time"
        assert error.retryable
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:80")
        error = fails(Client("https://slow.example.com"), seconds=0.2)
        assert str(error) == "the name proxy.example.com was not resolved in time"
    finally:
        over.set()


@pytest.mark.parametrize("host", ["logs..example.com", ".example.com", "x" * 64 + ".example.com"])
def test_what_cannot_be_a_host_name_is_not_worth_another_try(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails(Client(f"https://{host}"))
    assert not error.retryable
    assert str(error) == f"{host!r} is not a host name"
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    error = fails(Client(f"https://{host}"))
    assert not error.retryable
    assert str(error) == f"{host!r} is not a host name"


def test_a_header_that_cannot_be_sent_is_a_failure_without_its_value() -> None:
    with server(silent) as port, pytest.raises(TransportError, match="malformed") as error:
        plain(port).post("/", {"apikey": "hidden\n"}, b"", time.monotonic() + 5)
    assert not error.value.retryable
    assert "hidden" not in "".join(traceback.format_exception(error.value)).replace('"hidden', "")


def test_a_second_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    with server(answer(response())) as port:
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", number)) for number in (closed, port)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: addresses)
        client = Client("http://two.example.com")
        assert post(client).status == 200
        client.close()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: [])
    assert "failed" in str(fails(Client("http://none.example.com")))


def test_tls_is_verified_by_the_given_authorities(authority: trustme.CA, ca_file: str) -> None:
    with server(answer(response(), response()), authority=authority) as port:
        client = Client(f"https://localhost:{port}", authorities=ca_file)
        assert [post(client).status for _ in range(2)] == [200, 200]
        client.close()


def test_tls_is_verified_by_ssl_cert_file(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    with server(answer(response()), authority=authority) as port:
        client = Client(f"https://localhost:{port}")
        assert post(client).status == 200
        client.close()


def test_an_untrusted_certificate_is_not_worth_another_try(authority: trustme.CA) -> None:
    with server(answer(response()), authority=authority) as port:
        error = fails(Client(f"https://localhost:{port}"))
        assert not error.retryable
        assert "the certificate of localhost is not trusted" in str(error)


def test_a_certificate_for_another_name_is_not_trusted(authority: trustme.CA, ca_file: str) -> None:
    with server(answer(response()), authority=authority) as port:
        error = fails(Client(f"https://127.0.0.1:{port}", authorities=ca_file))
        assert "is not trusted" in str(error)


def test_a_server_that_speaks_no_tls_is_a_failure(ca_file: str) -> None:
    with server(lambda sock: sock.sendall(b"220 hello\r\n")) as port:
        assert "failed" in str(fails(Client(f"https://localhost:{port}", authorities=ca_file)))
