"""What the tests of the HTTP client need."""

import time

import pytest

from handler.client import Client, Reply
from handler.errors import TransportError


def post(client: Client, body: bytes = b"x", seconds: float = 5.0) -> Reply:
    return client.post("/path?query", {"A": "b"}, body, time.monotonic() + seconds)


def plain(port: int) -> Client:
    return Client(f"http://127.0.0.1:{port}/ignored")


def fails(client: Client, seconds: float = 5.0, body: bytes = b"x") -> TransportError:
    started = time.monotonic()
    with pytest.raises(TransportError) as error:
        post(client, body, seconds)
    assert time.monotonic() - started < seconds + 2
    return error.value
