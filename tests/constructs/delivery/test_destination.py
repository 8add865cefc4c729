"""Where lines go: the address that the handler is given."""

import json
from collections.abc import Callable

import pytest
from aws_cdk import Stack

from mezmo_forwarder import MezmoDestination, MezmoLogForwarder
from tests.constructs.synthesized import variables

Make = Callable[..., MezmoLogForwarder]

LOG_ANALYSIS = "https://logs.mezmo.com/logs/ingest"


@pytest.mark.parametrize(
    ("destination", "kind", "url", "gzip"),
    [
        (None, "log-analysis", LOG_ANALYSIS, None),
        (MezmoDestination.log_analysis(), "log-analysis", LOG_ANALYSIS, None),
        (MezmoDestination.log_analysis(gzip=False), "log-analysis", LOG_ANALYSIS, False),
        (
            MezmoDestination.log_analysis(url="https://logs.eu.example"),
            "log-analysis",
            "https://logs.eu.example/logs/ingest",
            None,
        ),
        (
            MezmoDestination.log_analysis(url="https://proxy.example/mezmo"),
            "log-analysis",
            "https://proxy.example/mezmo",
            None,
        ),
        (
            MezmoDestination.log_analysis(url=" https://exämple.com/a b\n"),
            "log-analysis",
            "https://xn--exmple-cua.com/a%20b",
            None,
        ),
        (MezmoDestination.pipeline("abc-1"), "pipeline", "https://pipeline.mezmo.com/v1/abc-1", None),
        (
            MezmoDestination.pipeline("abc", url="https://edge.example:8443/", gzip=True),
            "pipeline",
            "https://edge.example:8443/v1/abc",
            True,
        ),
        (
            MezmoDestination.log_analysis(url="http://127.0.0.1:8080"),
            "log-analysis",
            "http://127.0.0.1:8080/logs/ingest",
            None,
        ),
    ],
)
def test_address(
    stack: Stack,
    make_forwarder: Make,
    destination: MezmoDestination | None,
    kind: str,
    url: str,
    *,
    gzip: bool | None,
) -> None:
    make_forwarder(destination=destination)

    settings = variables(stack)["MEZMO_FORWARDER_SETTINGS"]
    expected = {"kind": kind, "url": url} | ({} if gzip is None else {"gzip": gzip})
    assert json.loads(settings)["destination"] == expected


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        (
            MezmoDestination.log_analysis(url="http://logs.mezmo.com"),
            '"http://logs.mezmo.com"; give an https address',
        ),
        (MezmoDestination.log_analysis(url="logs.mezmo.com"), '"logs.mezmo.com"; give a whole address'),
        (MezmoDestination.log_analysis(url=""), '""; give a whole address'),
        (MezmoDestination.log_analysis(url="ftp://127.0.0.1"), "give an https address"),
        (MezmoDestination.log_analysis(url="https://logs.mezmo.com/?apikey=1"), "leave these out"),
        (MezmoDestination.log_analysis(url="https://key@logs.mezmo.com/"), "leave these out"),
        (MezmoDestination.pipeline(""), 'routeId is ""; give the last part'),
        (MezmoDestination.pipeline("a/b"), 'routeId is "a/b"'),
        (MezmoDestination.pipeline(".."), 'routeId is ".."'),
        (MezmoDestination.log_analysis(url="https://logs..mezmo.com"), "cannot be reached"),
        (MezmoDestination.log_analysis(url="https://logs.mezmo.com:0/x"), "cannot be reached"),
        (MezmoDestination.log_analysis(url=f"https://{'l' * 64}.example"), "cannot be reached"),
    ],
)
def test_refused_address(make_forwarder: Make, destination: MezmoDestination, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_forwarder(destination=destination)
