"""The settings document."""

import json

import pytest

from handler.errors import SettingsError
from handler.settings import (
    META_FIELDS,
    VARIABLE,
    EnvironmentKey,
    Redrive,
    SecretsManagerKey,
    Settings,
    SsmParameterKey,
    Store,
    VendorRedriveSettings,
    read_redrive_settings,
    read_settings,
)
from tests.handler.doubles import settings_json


def read(document: str) -> Settings:
    return read_settings({VARIABLE: document})


def test_defaults() -> None:
    settings = read(settings_json())
    assert settings.key_ttl == 3600
    assert settings.line_format == "standard"
    assert (settings.hostname, settings.app, settings.env, settings.tags) == (None, None, None, ())
    assert settings.meta_fields == META_FIELDS
    assert settings.recognize
    assert settings.destination.compresses
    assert not read(settings_json(kind="pipeline")).destination.compresses
    assert read(settings_json(kind="pipeline", gzip=True)).destination.compresses
    assert (settings.oversize_lines, settings.store, settings.metrics) == (None, None, None)


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ({"source": "secrets-manager", "id": "a", "field": "b"}, SecretsManagerKey("a", "b")),
        ({"source": "secrets-manager", "id": "a"}, SecretsManagerKey("a")),
        ({"source": "ssm-parameter", "id": "/a"}, SsmParameterKey("/a")),
        ({"source": "environment", "variable": "X"}, EnvironmentKey("X")),
    ],
)
def test_sources_of_the_key(document: object, key: object) -> None:
    assert read(settings_json(key=document)).key == key


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("", "is not set"),
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        ("{}", "missing required field `schema`"),
        (settings_json(schema=2), "schema 2 is not known to this handler, which knows 1"),
        (settings_json(schema=2, future=1), "schema 2 is not known"),
        (settings_json(schema="1"), "schema '1' is not known"),
        (settings_json(schema=[1]), r"schema \[1\] is not known"),
        (settings_json(future=1), "unknown field `future`"),
        (settings_json(key={"source": "vault", "id": "x"}), "Invalid value 'vault'"),
        (settings_json(key={"source": "environment", "variable": "X", "id": "x"}), "unknown field `id`"),
        (settings_json(key={"source": "secrets-manager", "id": ""}), r"\$.key.id"),
        (settings_json(kind="syslog"), "'syslog'"),
        (settings_json(key_ttl=-1), r"\$.key_ttl"),
        (settings_json(line_format="xml"), "'xml'"),
        (settings_json(hostname="h" * 257), r"\$.hostname"),
        (settings_json(app=""), r"\$.app"),
        (settings_json(tags=["a,b"]), r"\$.tags"),
        (settings_json(tags=[""]), r"\$.tags"),
        (settings_json(meta_fields=["secret"]), "'secret'"),
        (settings_json(oversize_lines="drop"), "'drop'"),
        (settings_json(multiline={"kind": "perl"}), "'perl'"),
        (settings_json(multiline={"kind": "java", "max_lines": 1}), r"\$.multiline.max_lines"),
        (settings_json(multiline={"kind": "java", "max_lines": 401}), r"\$.multiline.max_lines"),
        (settings_json(multiline={"kind": "java", "max_bytes": 255}), r"\$.multiline.max_bytes"),
        (settings_json(multiline={"kind": "java", "max_gap": -1}), r"\$.multiline.max_gap"),
        (settings_json(multiline={"kind": "java", "pattern": "x"}), r"a pattern belongs .*\$.multiline"),
        (settings_json(multiline={"kind": "starts-with"}), r"a pattern belongs .*\$.multiline"),
        (settings_json(multiline={"kind": "starts-with", "pattern": "("}), r"the pattern '\(' has"),
        (settings_json(include=[{"by": "color"}]), "'color'"),
        (settings_json(exclude=[{"by": "level", "levels": []}]), r"\$.exclude\[0\].levels"),
        (settings_json(exclude=[{"by": "level", "levels": ["bad"]}]), "'bad'"),
        (settings_json(exclude=[{"by": "pattern", "pattern": "("}]), r"the pattern '\(' has"),
        (settings_json(exclude=[{"by": "pattern", "pattern": "a" * 501}]), "has 501 characters"),
        (settings_json(exclude=[{"by": "field", "name": 'a"'}]), r"\$.exclude\[0\].name"),
        (settings_json(exclude=[{"by": "field", "name": ""}]), r"\$.exclude\[0\].name"),
        (settings_json(sampling=[{"share": 2}]), r"\$.sampling\[0\].share"),
        (settings_json(store={"bucket": ""}), r"\$.store.bucket"),
        (settings_json(metrics="everything"), "'everything'"),
    ],
)
def test_what_is_not_understood_is_refused_in_words(document: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as error:
        read(document)
    assert str(error.value).startswith((VARIABLE, f"the environment variable {VARIABLE}"))


@pytest.mark.parametrize(
    "url",
    ["https://logs.mezmo.com/logs/ingest", "http://localhost:1/x", "http://127.9.9.9/x", "http://[::1]:80/"],
)
def test_addresses_that_are_taken(url: str) -> None:
    assert read(settings_json(url)).destination.url == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://logs.mezmo.com/logs/ingest", "must begin with https://"),
        ("http://127.0.0.1.example.com/", "must begin with https://"),
        ("http://127.0.0.999/", "must begin with https://"),
        ("ftp://localhost/", "must begin with https://"),
        ("logs.mezmo.com", "is not an address"),
        ("https:///x", "is not an address"),
        ("https://a:99999/", "is not an address"),
        ("https://a:0/", "is not an address"),
        ("https://a b/", "is not an address"),
        ("https://a\n/", "is not an address"),
        ("https://ü/", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://user:secret@a/", "must hold neither credentials"),
        ("https://a/#x", "nor a fragment"),
    ],
)
def test_addresses_that_are_refused(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as error:
        read(settings_json(url))
    assert "secret" not in str(error.value)


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        read(settings_json()).hostname = "x"  # type: ignore[misc]


def test_the_document_of_the_contract_is_understood() -> None:
    document = {
        "schema": 1,
        "key": {
            "source": "secrets-manager",
            "id": "arn:aws:secretsmanager:eu-west-3:1:secret:x",
            "field": "K",
        },
        "key_ttl": 60,
        "destination": {"kind": "log-analysis", "url": "https://logs.mezmo.com/logs/ingest", "gzip": True},
        "line_format": "mezmo-lambda-raw",
        "hostname": "h",
        "app": "a",
        "env": "e",
        "tags": ["t", "u"],
        "meta_fields": ["owner"],
    }
    settings = read(json.dumps(document))
    assert (settings.hostname, settings.app, settings.env, settings.tags) == ("h", "a", "e", ("t", "u"))


STORE = {"bucket": "logs", "owner": "123456789012"}
REDRIVE = {"function": "forwarder", "bytes_per_second": 1000}


def test_settings_of_a_redrive_function() -> None:
    document = settings_json(store=STORE, redrive=REDRIVE, metrics="log-group", oversize_lines="whole")
    settings = read_redrive_settings({VARIABLE: document})
    assert isinstance(settings, Settings)
    assert settings.store == Store("logs", "123456789012")
    assert settings.redrive == Redrive("forwarder", 1000)
    assert (settings.metrics, settings.oversize_lines) == ("log-group", "whole")


def test_settings_of_a_redrive_function_beside_vendor_code() -> None:
    document = json.dumps({"schema": 1, "store": STORE, "redrive": REDRIVE})
    settings = read_redrive_settings({VARIABLE: document})
    assert settings == VendorRedriveSettings(1, Store("logs", "123456789012"), Redrive("forwarder", 1000))


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (settings_json(), "needs both `store` and `redrive`"),
        (settings_json(store=STORE), "needs both `store` and `redrive`"),
        (json.dumps({"schema": 1, "store": STORE}), "missing required field `redrive`"),
        (json.dumps({"schema": 2, "store": STORE}), "schema 2 is not known"),
        (
            settings_json(store=STORE, redrive=REDRIVE | {"bytes_per_second": 0}),
            r"\$.redrive.bytes_per_second",
        ),
    ],
)
def test_settings_that_no_redrive_function_can_have(document: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read_redrive_settings({VARIABLE: document})
