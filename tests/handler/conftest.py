"""What the tests of the handler need: a Mezmo, a forwarder to it, and a certificate authority."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from handler.client import tls_context
from handler.forwarding.forwarder import Forwarder
from handler.settings import VARIABLE, read_settings
from local.mezmo import MezmoStandIn
from tests.handler.doubles import KEY, settings_json
from tests.handler.forwarders import Configure


@pytest.fixture
def mezmo(monkeypatch: pytest.MonkeyPatch) -> Iterator[MezmoStandIn]:
    """The strict stand-in, which the handler trusts, and reaches without a proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    tls_context.cache_clear()
    with MezmoStandIn(keys={KEY}) as stand_in:
        assert stand_in.ca_file
        monkeypatch.setenv("SSL_CERT_FILE", stand_in.ca_file)
        yield stand_in
    tls_context.cache_clear()


@pytest.fixture
def configure(mezmo: MezmoStandIn) -> Iterator[Configure]:
    """Make a forwarder to the stand-in; keyword arguments as for `settings_json`."""
    made: list[Forwarder] = []

    def make(url: str | None = None, environment: dict[str, str] | None = None, **more: object) -> Forwarder:
        document = settings_json(url or mezmo.log_analysis_url, **more)  # type: ignore[arg-type]
        environment = (
            {"KEY": KEY, VARIABLE: document} if environment is None else {**environment, VARIABLE: document}
        )
        made.append(Forwarder(read_settings(environment), environment=environment))
        return made[-1]

    yield make
    for forwarder in made:
        forwarder.close()


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proxy, but for what a test says, and no authority that another trusted."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield
    tls_context.cache_clear()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that nobody trusts yet."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """Its certificate, as a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
