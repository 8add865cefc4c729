"""The HTTP client, by way of a proxy."""

import traceback

import pytest
import trustme

from handler.client import Client
from tests.handler.clients import fails, plain, post
from tests.handler.servers import Proxy, answer, response, server

pytestmark = pytest.mark.usefixtures("no_proxies")


def test_a_proxy_is_asked_for_a_tunnel(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy()
    with server(answer(response(), response()), authority=authority) as port, server(proxy) as proxy_port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://us%40er:pa%3Ass@127.0.0.1:{proxy_port}")
        client = Client(f"https://localhost:{port}", authorities=ca_file)
        assert [post(client).status for _ in range(2)] == [200, 200]
        client.close()
    assert proxy.asked == [
        b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n" % (port, port)
        + b"Proxy-Authorization: Basic dXNAZXI6cGE6c3M=\r\n\r\n"
    ]


def test_a_proxy_without_scheme_or_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy()
    with server(answer(response())) as port, server(proxy) as proxy_port:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy_port}")
        client = plain(port)
        assert post(client).status == 200
        client.close()
    assert b"Authorization" not in proxy.asked[0]


def test_no_proxy_for_who_is_excepted_and_for_the_other_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(answer(response(), response())) as port:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        client = plain(port)
        assert post(client).status == 200
        client.close()
    with server(answer(response())) as port:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,example.com")
        client = plain(port)
        assert post(client).status == 200
        client.close()


@pytest.mark.parametrize(("status", "retryable"), [(407, False), (403, False), (502, True)])
def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch, status: int, retryable: bool) -> None:
    with server(answer(response(status))) as proxy_port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hidden@127.0.0.1:{proxy_port}")
        error = fails(Client("https://[::1]:444"))
        assert str(error) == f"the proxy 127.0.0.1 answered {status} to CONNECT [::1]:444"
        assert error.retryable == retryable


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1:1",
        "http://proxy:notaport",
        "http://proxy:99999",
        "http://[bad",
        "http://:80",
        "http://user:hid/den@proxy",
        "http://user:1/hidden@127.0.0.1",
        "http://user:1#hidden@127.0.0.1",
        "http://user:hidden@pro\u2100xy:80",
    ],
)
def test_what_is_no_address_of_a_proxy_is_refused_without_its_credentials(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = fails(Client("https://localhost:1"))
    assert not error.retryable
    assert str(error) == "HTTPS_PROXY is not an address of the form http://host:port"
    assert "hid" not in "".join(traceback.format_exception(error))


def test_a_proxy_with_a_name_that_cannot_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hidden@a..b:80")
    error = fails(Client("https://localhost:1"))
    assert not error.retryable
    assert str(error) == "'a..b' is not a host name"
