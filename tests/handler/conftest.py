"""What the tests of the handler need: a Mezmo."""

from collections.abc import Iterator

import pytest

from handler.client import tls_context
from local.mezmo import MezmoStandIn
from tests.handler.doubles import KEY


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
