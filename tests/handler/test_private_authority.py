"""A certificate of a private authority, shipped in a layer: for Mezmo alone, or for everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from handler.aws.calls import SECRETS_MANAGER, call_json
from handler.client import Client, tls_context
from handler.errors import AwsError, TransportError
from handler.timing import SYSTEM
from tests.handler.servers import answer, response, server

Files = dict[str, str]

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-3"}
PRIVATE, PUBLIC = trustme.CA(), trustme.CA()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """Each authority in a file, and both in one; `SSL_CERT_FILE` names nothing yet."""
    texts = {"private": PRIVATE.cert_pem.bytes(), "public": PUBLIC.cert_pem.bytes()}
    texts["both"] = texts["public"] + texts["private"]
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    tls_context.cache_clear()
    yield {name: str(tmp_path / name) for name in texts}
    tls_context.cache_clear()


def mezmo_is_reached() -> bool:
    """Whether Mezmo is, behind the private authority."""
    with server(answer(response()), authority=PRIVATE) as port:
        client = Client(f"https://localhost:{port}")
        try:
            return client.post("/", {}, b"{}", SYSTEM.monotonic() + 5).status == 200
        except TransportError as error:
            if "is not trusted" not in str(error):
                raise
            return False
        finally:
            client.close()


def aws_is_reached(**variables: str) -> bool:
    """Whether AWS is, behind its own."""
    with server(answer(response(200, b"{}")), authority=PUBLIC) as port:
        endpoint = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": f"https://localhost:{port}"}
        environment = {**ENVIRONMENT, **endpoint, **variables}
        deadline = SYSTEM.monotonic() + 5
        try:
            call_json(SECRETS_MANAGER, "GetSecretValue", {}, "x", deadline=deadline, environment=environment)
        except AwsError as error:
            if "is not trusted" not in str(error):
                raise
            return False
        return True


def test_neither_without_its_authority(files: Files) -> None:
    del files
    assert not mezmo_is_reached()
    assert not aws_is_reached()


def test_ssl_cert_file_takes_the_place_of_the_systems_for_both(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", files["private"])
    assert mezmo_is_reached()
    assert not aws_is_reached()


def test_aws_ca_bundle_sets_aws_apart(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", files["private"])
    assert mezmo_is_reached()
    assert aws_is_reached(AWS_CA_BUNDLE=files["public"])
    assert not aws_is_reached(AWS_CA_BUNDLE=files["private"])


def test_a_bundle_of_both_serves_both(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", files["both"])
    assert mezmo_is_reached()
    assert aws_is_reached()
