"""Hostname and app."""

import pytest

from handler.lines.names import Names, names_of
from tests.handler.cloudwatch import received
from tests.handler.doubles import make_settings

TASK = "web/nginx/0123456789abcdef0123456789abcdef"


def named(group: str, stream: str = "stream", **settings: object) -> Names:
    document = received(["x"], group=group, stream=stream).document
    return names_of(make_settings(**settings), document)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("group", "app"),
    [
        ("/aws/lambda/checkout", "checkout"),
        ("MyGroup", "MyGroup"),
        ("/ecs/app/", "app"),
        ("api.example.com/prod", "prod"),
    ],
)
@pytest.mark.parametrize("recognize", [True, False])
def test_app_is_the_log_group_s_short_name_unless_more_is_known(
    group: str, app: str, *, recognize: bool
) -> None:
    assert named(group, recognize=recognize).app == app


def test_app_as_configured_or_the_stream_in_the_formats_of_mezmo_s_lambda() -> None:
    assert named("/a/b", "s", app="shop").app == "shop"
    assert named("/a/b", "s", app="shop", line_format="mezmo-lambda").app == "s"


@pytest.mark.parametrize("recognize", [True, False])
def test_a_hostname_has_no_dots_and_is_not_too_long(*, recognize: bool) -> None:
    assert "." not in named("/aws/api.example.com", recognize=recognize).hostname
    assert named("g" * 512, recognize=recognize).hostname == "g" * 256


def test_without_recognition_the_hostname_is_the_log_group() -> None:
    assert named("/aws/api.example.com", recognize=False).hostname == "/aws/api_example_com"


def test_hostname_as_configured_dots_included() -> None:
    assert named("/g", hostname="web.example.com").hostname == "web.example.com"


def test_the_formats_of_mezmo_s_lambda_keep_dots() -> None:
    assert named("/a.b", line_format="mezmo-lambda-raw").hostname == "/a.b"
    assert named("/a.b", line_format="mezmo-lambda-raw", hostname="{log_group}").hostname == "/a.b"


def test_templates_over_what_is_recognized() -> None:
    found = named("/ecs/shop.eu", TASK, hostname="{family}.{service}", app="{service}/{container}")
    assert (found.hostname, found.app) == ("shop_eu.web", "web/nginx"), "a name's dots would cut the hostname"


@pytest.mark.parametrize("template", ["{cluster}", "x{cluster}-{service}", "{nonsense}"])
def test_where_a_name_is_missing_what_is_recognized_holds(template: str) -> None:
    found = named("/ecs/shop", TASK, hostname=template, app=template)
    assert (found.hostname, found.app) == ("shop", "nginx")


def test_braces_that_hold_no_name_stay() -> None:
    assert named("/g", app="{}{A} {b").app == "{}{A} {b"


def test_the_account_is_that_of_the_event() -> None:
    names = named("/g", hostname="{account}-{region}", account_alias="ours", app="{account_alias}")
    assert (names.hostname, names.app) == ("123456789012-", "ours")


def test_a_name_s_comma_and_control_characters_do_not_break_a_query() -> None:
    found = named("/g", "a,,b\nc", tags=["eu", "{log_stream}", "{cluster}"], hostname="{log_stream}")
    assert (found.hostname, found.tags) == ("a,,b_c", "eu,a__b_c")
