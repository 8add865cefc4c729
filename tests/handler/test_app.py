"""Lambda's entry: what is loaded, what waits for the first invocation, and what is kept for the next."""

import importlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from handler import app
from handler.errors import SettingsError, UndeliveredError
from handler.settings import VARIABLE
from local.mezmo import MezmoStandIn
from tests.handler.cloudwatch import make_event
from tests.handler.doubles import KEY, Context, settings_json
from tests.handler.forwarders import lines_at, log_line


def test_the_entry_keeps_one_forwarder(
    mezmo: MezmoStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, settings_json(mezmo.log_analysis_url))
    monkeypatch.setenv("KEY", KEY)
    importlib.reload(app)
    monkeypatch.delenv("KEY")  # the key was read while the module was loaded
    monkeypatch.delenv(VARIABLE)
    for message in ("a", "b"):
        app.handle(make_event([message]), Context())
    assert lines_at(mezmo) == ["a", "b"]
    assert len({request.connection for request in mezmo.requests}) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2
    app._get_forwarder().close()


def test_broken_settings_and_a_missing_key_wait_for_the_invocation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    importlib.reload(app)
    with pytest.raises(SettingsError, match=VARIABLE):
        app.handle({"mezmo_forwarder": "test"}, Context())
    report = log_line(capsys)
    assert (report["level"], report["error"]) == ("ERROR", "SettingsError")
    monkeypatch.setenv(VARIABLE, settings_json())
    monkeypatch.delenv("KEY", raising=False)
    importlib.reload(app)
    with pytest.raises(UndeliveredError, match="no ingestion key"):
        app.handle(make_event(["a"]), Context())


@pytest.mark.parametrize("proxy", ["http://user:hid/den@proxy", "http://a..b:80"])
def test_a_malformed_proxy_waits_for_the_invocation_and_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], proxy: str
) -> None:
    key = {"source": "ssm-parameter", "id": "/mezmo/key"}
    for name, value in {
        VARIABLE: settings_json(key=key),
        "HTTPS_PROXY": proxy,
        "AWS_REGION": "eu-west-3",
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("https_proxy", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"):
        monkeypatch.delenv(name, raising=False)
    importlib.reload(app)
    with pytest.raises(UndeliveredError, match="HTTPS_PROXY is not an address|'a..b' is not a host name"):
        app.handle(make_event(["a"]), Context())
    report = log_line(capsys)
    assert (report["level"], report["LinesUndelivered"]) == ("ERROR", 1)
    assert "hid" not in str(report)


def test_whatever_fails_while_the_module_is_loaded_waits_for_the_invocation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, settings_json())
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "plenty")
    importlib.reload(app)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="plenty"):
        app.handle(make_event(["a"]), Context())
    report = log_line(capsys)
    assert (report["level"], report["error"]) == ("ERROR", "ValueError")


def modules_after(code: str, **variables: str) -> set[str]:
    """Return what is loaded in a fresh process after some code."""
    root = Path(app.__file__).parents[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(root), str(root.parents[1]), *sys.path]),
        **variables,
    }
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(run.stdout.splitlines()[-1].split())


NOT_YET = {
    "handler.aws.calls",
    "handler.aws.s3",
    "handler.events.joining",
    "handler.events.kinesis",
    "handler.events.levels",
    "handler.events.segments",
    "handler.events.selection",
    "handler.lines.oversize",
    "handler.redrive",
    "handler.redriving.redrive",
    "handler.store.packing",
    "handler.texts.patterns",
    "handler.texts.shapes",
}


def test_the_imports_of_a_cold_start_are_few() -> None:
    modules = modules_after("import handler.app")
    assert all(map(find_spec, NOT_YET)), "a name that is none would never be loaded"
    costly = {"asyncio", "urllib.request", "dataclasses", "hashlib", "hmac", "json", "logging", "threading"}
    assert modules & (costly | NOT_YET) == set()


def test_nothing_for_the_store_is_loaded_as_long_as_all_goes_well(mezmo: MezmoStandIn) -> None:
    code = (
        "import handler.app; from tests.handler.cloudwatch import make_event\n"
        "from tests.handler.doubles import Context\n"
        "handler.app.handle(make_event(['a']), Context())"
    )
    assert mezmo.ca_file
    document = settings_json(mezmo.log_analysis_url, store={"bucket": "b"}, metrics="forwarder")
    modules = modules_after(code, KEY=KEY, SSL_CERT_FILE=mezmo.ca_file, **{VARIABLE: document})
    assert lines_at(mezmo) == ["a"]
    assert modules & NOT_YET == set()
