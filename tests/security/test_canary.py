"""The key is nowhere but in the header that it is for, whatever fails."""

import base64
import gzip
import json
import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
import trustme

from handler.client import Client, Reply, tls_context
from handler.errors import TransportError
from handler.forwarding.forwarder import Forwarder
from handler.redriving.redrive import Redrive
from local.simulation import Exchange, Fault, SimulatedMezmo
from local.simulation.house import House
from tests.handler.cloudwatch import make_event
from tests.handler.servers import Proxy, answer, response, server
from tests.handler.test_nothing_is_lost import (
    OTHER_KEY,
    KeyRefused,
    KeyRotated,
    SomeAreRejected,
    Story,
    StreamInAnOutage,
    TooLarge,
)
from tests.security.canary import CANARY, PASSWORD, holds
from tests.security.conftest import Matrix
from tests.security.options import app_of, name

AWS_SECRET = "wJalrXUtnFEMIcanaryK7MDENGbPxRfiCYEXAMPLE"


class Watch:
    """What a story leaves behind, everywhere."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self.raised: list[str] = []
        for entry in (Forwarder, Redrive):
            monkeypatch.setattr(entry, "handle", self._noting(entry.handle))

    def _noting(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any) -> Any:
            try:
                return handle(*arguments)
            except Exception as error:
                self.raised += traceback.format_exception(error)
                raise

        return noted

    def assert_nowhere(self, house: House, *secrets: str) -> None:
        """Look through logs, which are metrics too, exceptions, objects, and requests."""
        captured = self._capsys.readouterr()
        places: dict[str, bytes | str] = {
            "standard output": captured.out,
            "standard error": captured.err,
            "an exception": "".join(self.raised),
            "an object's name": "\n".join(house.s3.keys()),
        }
        for key in house.s3.keys():  # noqa: SIM118  not a dict
            places[f"object {key}"] = house.s3.body(key)
            places[f"metadata of {key}"] = str(house.s3.metadata(key))
        for number, one in enumerate(house.world.exchanges):
            headers = {header: value for header, value in one.headers.items() if header != "apikey"}
            places[f"request {number} to {one.service}"] = f"{one.method} {one.target} {headers}"
            places[f"body {number} to {one.service}"] = one.body
        found = [place for place, data in places.items() for secret in secrets if holds(data, secret)]
        assert found == []


@pytest.fixture
def watch(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(capsys, monkeypatch)


@pytest.fixture(autouse=True)
def canary() -> Iterator[None]:
    """Have the canary in the key's place, and AWS's secret key in its."""
    original = House.__init__

    def with_secrets(self: House, **properties: Any) -> None:
        original(self, **properties)
        for environment in (self._environment, self._redrive_environment):
            environment["AWS_SECRET_ACCESS_KEY"] = AWS_SECRET

    with (
        mock.patch("local.simulation.house.KEY", CANARY),
        mock.patch("tests.handler.test_nothing_is_lost.KEY", CANARY),
        mock.patch.object(House, "__init__", with_secrets),
    ):
        yield


STORIES: list[type[Story]] = [SomeAreRejected, KeyRefused, KeyRotated, TooLarge, StreamInAnOutage]


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("story", STORIES)
def test_after_a_fault_at_any_step(story: type[Story], fault: Fault, watch: Watch) -> None:
    """The first steps: the key is read, Mezmo is asked, the store is written, and all of them again."""
    for step in range(8):
        told = story(lambda number, step=step: fault if number == step else None).run()  # type: ignore[misc]
        keys = {one.headers.get("apikey") for one in told.house.world.exchanges}
        assert keys & {CANARY, OTHER_KEY}
        watch.assert_nowhere(told.house, CANARY, OTHER_KEY, AWS_SECRET)


@pytest.mark.parametrize("status", [200, 207, 301, 400, 401, 403, 413, 415, 429, 500])
def test_after_an_answer_that_tells_the_key(status: int, watch: Watch) -> None:
    told = Echoes(status).run()

    assert any(holds(str(one.headers)) for one in told.house.world.exchanges)
    watch.assert_nowhere(told.house, CANARY)


class Echoes(Story):
    """Mezmo answers with the request's key in headers and text, until it is mended."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__()

    def build(self, plan: Callable[[Exchange], Fault | None]) -> House:
        mezmo = SimulatedMezmo(CANARY)
        take = mezmo.carry_out

        def carry_out(exchange: Exchange, now: float) -> Reply:
            if self.house.world.now > 900:
                return take(exchange, now)
            text = json.dumps({"error": f"no account for {exchange.headers['apikey']}"}).encode()
            return Reply(self.status, {"x-key": exchange.headers["apikey"]}, text)

        mezmo.carry_out = carry_out  # type: ignore[method-assign]
        return House(plan=plan, mezmo=mezmo)


MALFORMED = [
    "",
    f"{CANARY}\r\nX-Injected: yes",
    f"{CANARY} and more",
    f"{CANARY}\u20ac",
    f"\ufeff{CANARY}",
    json.dumps({"LOGDNA_KEY": CANARY}),
    json.dumps({CANARY: "name"}),
    json.dumps({"LOGDNA_KEY": {"nested": CANARY}}),
    json.dumps([CANARY]),
    f"sts_{CANARY}",
    '{"LOGDNA_KEY": "' + CANARY,
]


@pytest.mark.parametrize("field", [None, "LOGDNA_KEY", "OTHER"])
@pytest.mark.parametrize("secret", MALFORMED)
def test_with_a_malformed_secret(secret: str, field: str | None, watch: Watch) -> None:
    source = {"source": "secrets-manager", "id": "MezmoIngestionKey", **({"field": field} if field else {})}
    house = House(mezmo=SimulatedMezmo(CANARY), key=source)
    house.secrets.key = secret
    house.send(make_event(["one"]), 0)
    house.redrive_every(300)
    with house.lived_in():
        house.aws.run(1200)

    watch.assert_nowhere(house, CANARY)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls_context.cache_clear()
    yield made
    tls_context.cache_clear()


def by_proxy(port: int, url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Send the key through a proxy with a password; return all that an exception shows, or nothing."""
    address = f"http://user:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"
    monkeypatch.setenv("HTTPS_PROXY", address)
    client = Client(url)
    try:
        client.post("/", {"apikey": CANARY}, b"{}", client._clock() + 5)
    except TransportError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    finally:
        client.close()
    return ""


@pytest.mark.parametrize("status", [200, 403, 407, 502])
def test_a_proxys_password_and_the_key_are_in_no_error(
    status: int, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Answered, refused by a proxy that shows what it was asked, and untrusted."""
    refusal = response(status, f"for user:{PASSWORD}".encode())
    proxy = Proxy() if status == 200 else answer(refusal)
    trusted, untrusted = authority, trustme.CA()
    for issuer in (trusted, untrusted):
        with server(answer(response()), authority=issuer) as port, server(proxy) as proxy_port:
            shown = by_proxy(proxy_port, f"https://localhost:{port}", monkeypatch)
        assert bool(shown) == (status != 200 or issuer is untrusted)
        captured = capfd.readouterr()
        for text in (shown, captured.out, captured.err):
            assert not holds(text, PASSWORD)
            assert not holds(text)


def test_before_a_proxy_has_opened_the_tunnel_it_gets_no_key(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy()
    with server(answer(response()), authority=authority) as port, server(proxy) as proxy_port:
        assert by_proxy(proxy_port, f"https://localhost:{port}", monkeypatch) == ""

    (asked,) = proxy.asked
    assert not holds(asked)
    assert base64.b64encode(f"user:{PASSWORD}".encode()) in asked


def test_no_template_or_manifest_holds_what_the_builders_environment_does(
    matrix: Matrix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LOGDNA_KEY", "INGESTION_KEY", "MEZMO_INGESTION_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setitem(os.environ, variable, CANARY)
    app_of(matrix.rows, str(tmp_path)).synth()

    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len([path for path in written if path.name.startswith(name(0))]) >= 2
    assert [path.name for path in written if holds(path.read_bytes())] == []


@pytest.mark.parametrize(
    "hidden",
    [
        CANARY,
        CANARY.upper(),
        gzip.compress(CANARY.encode()),
        base64.b64encode(f"ab{CANARY}cd".encode()),
        CANARY.encode().hex(),
        json.dumps({"data": base64.b64encode(gzip.compress(f"x{CANARY}".encode())).decode()}),
        gzip.compress(b"one") + gzip.compress(CANARY.encode()),
    ],
)
def test_the_canary_is_seen(hidden: bytes | str) -> None:
    assert holds(hidden)
    assert not holds(b"nothing")
