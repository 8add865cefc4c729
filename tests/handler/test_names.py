"""Hostname and app."""

import pytest

from handler.names import app_of, hostname_of
from tests.handler.doubles import make_settings


@pytest.mark.parametrize(
    ("group", "app"),
    [
        ("/aws/lambda/checkout", "checkout"),
        ("MyGroup", "MyGroup"),
        ("/ecs/app/", "app"),
        ("/", "/"),
        ("api.example.com/prod", "prod"),
    ],
)
def test_app_is_the_log_group_s_short_name(group: str, app: str) -> None:
    assert app_of(make_settings(), group, "stream") == app


def test_app_as_configured_or_the_stream_in_the_formats_of_mezmo_s_lambda() -> None:
    assert app_of(make_settings(app="shop"), "/a/b", "s") == "shop"
    assert app_of(make_settings(app="shop", line_format="mezmo-lambda"), "/a/b", "s") == "s"


def test_hostname_is_the_log_group_without_dots_and_not_too_long() -> None:
    assert hostname_of(make_settings(), "/aws/api.example.com") == "/aws/api_example_com"
    assert hostname_of(make_settings(), "g" * 512) == "g" * 256


def test_hostname_as_configured_dots_included() -> None:
    assert hostname_of(make_settings(hostname="web.example.com"), "/g") == "web.example.com"


def test_the_formats_of_mezmo_s_lambda_keep_dots() -> None:
    assert hostname_of(make_settings(line_format="mezmo-lambda-raw"), "/a.b") == "/a.b"
