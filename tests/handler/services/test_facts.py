"""What any message says of its level and its trace."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.services.facts import Facts, named_level, read, trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
XRAY = "1-5759e988-bd862e3fe1be46a994272793"
XRAY_AS_W3C = "5759e988bd862e3fe1be46a994272793"


def said(message: object) -> Facts:
    text = message if isinstance(message, str) else json.dumps(message)
    return read(json.dumps(text).encode()) or Facts()


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ({"level": "error"}, ""),
        ({"level": "30"}, ""),
        ({"level": "gold", "severity": "ERROR"}, ""),
        ({"severity": "ERROR", "level": "gold"}, ""),
        ({"level": 10}, "TRACE"),
        ({"level": 20}, "DEBUG"),
        ({"level": 30}, "INFO"),
        ({"level": 35}, "INFO"),
        ({"level": 40}, "WARN"),
        ({"level": 50}, "ERROR"),
        ({"level": 60}, "FATAL"),
        ({"level": 69}, "FATAL"),
        ({"level": 70}, ""),
        ({"level": -1}, ""),
        ({"level": 9}, ""),
        ({"level": 0}, "EMERGENCY"),
        ({"level": 1}, "ALERT"),
        ({"level": 2}, "CRITICAL"),
        ({"level": 3}, "ERROR"),
        ({"level": 4}, "WARN"),
        ({"level": 5}, "NOTICE"),
        ({"level": 6}, "INFO"),
        ({"level": 7}, "DEBUG"),
        ({"level": 8}, ""),
        ({"level": 10**30}, ""),
        ({"level": 30.0}, ""),
        ({"level": True}, ""),
        ({"level": None, "severity": "warning"}, "WARN"),
        ({"level": {"name": "info"}}, ""),
        ({"level": 200, "level_name": "INFO"}, "INFO"),
        ({"level": 20, "levelname": "INFO"}, "INFO"),
        ({"levelname": "INFO", "level": 20}, "INFO"),
        ({"severity": "ERROR"}, "ERROR"),
        ({"severity": "Informational"}, "INFO"),
        ({"severity": 3}, "ERROR"),
        ({"severity": 17}, ""),
        ({"severity": "high"}, ""),
        ({"severity": ["ERROR"]}, ""),
        ({"levelname": "WARNING"}, "WARN"),
        ({"levelname": "CRITICAL"}, "CRITICAL"),
        ({"log.level": "debug"}, "DEBUG"),
        ({"LogLevel": "Information"}, "INFO"),
        ({"Level": "Fatal"}, "FATAL"),
        ({"log_level": "notice"}, "NOTICE"),
        ({"severityNumber": 1}, "TRACE"),
        ({"severityNumber": 4}, "TRACE"),
        ({"severityNumber": 5}, "DEBUG"),
        ({"severityNumber": 9, "severityText": "Information"}, "INFO"),
        ({"severity_number": 16}, "WARN"),
        ({"severityNumber": 17}, "ERROR"),
        ({"severityNumber": 24}, "FATAL"),
        ({"severityNumber": 25}, ""),
        ({"severityNumber": 0}, ""),
        ({"severity_text": "SEVERE"}, "SEVERE"),
        ({"severityText": "Verbose"}, "TRACE"),
        ({"nested": {"level": 30}}, ""),
        ('  {"level":30}', "INFO"),
        ('{"level":30}\n', "INFO"),
        ('{\n  "level": 30\n}', "INFO"),
        ('{"level":30', ""),
        ('{"level":30}{"level":30}', ""),
        ("level=error", ""),
        ("[1]", ""),
        ("", ""),
    ],
)
def test_level(message: object, level: str) -> None:
    assert said(message).level == level


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("TRACE", "trace TRACE Verbose finest finer trce"),
        ("DEBUG", "debug Debug fine config dbug debug1 debug5"),
        ("INFO", "info Information INFORMATIONAL LOG System Note normal"),
        ("NOTICE", "notice"),
        ("WARN", "warn WARNING"),
        ("ERROR", "error ERR fail eror"),
        ("CRITICAL", "Critical crit"),
        ("ALERT", "alert"),
        ("EMERGENCY", "emergency emerg"),
        ("FATAL", "fatal PANIC dpanic"),
        ("SEVERE", "SEVERE"),
        ("", "Metadata gold infos 30 \u0130nfo informationalinformational"),
    ],
)
def test_names_of_levels(level: str, names: str) -> None:
    assert [named_level(name) for name in names.split()] == [level] * len(names.split())


@pytest.mark.parametrize(
    ("value", "trace"),
    [
        (TRACE, TRACE),
        (TRACE.upper(), TRACE),
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (XRAY, XRAY_AS_W3C),
        (f"Root={XRAY}", XRAY_AS_W3C),
        (f"Root={XRAY};Parent=53995c3f42cd8ad8;Sampled=1", XRAY_AS_W3C),
        (f"Self=1-67891234-12456789abcdef012345678a;Root={XRAY}", XRAY_AS_W3C),
        (f"{XRAY}@53995c3f42cd8ad8", XRAY_AS_W3C),
        ("0" * 32, ""),
        (TRACE[1:], ""),
        (TRACE + "0", ""),
        (XRAY + "0", ""),
        (XRAY[:-1], ""),
        ("1-5759e988-bd862e3fe1be46a99427279g", ""),
        (TRACE[:-1] + "g", ""),
        ("4b f92f3577b34da6a3ce929d0e0e473", ""),
        (f"00-{TRACE}-00f067aa0ba902b7-0", ""),
        ("53995c3f42cd8ad8", ""),
        ("٤" * 32, ""),
        ("", ""),
    ],
)
def test_trace_ids_have_one_form(value: str, trace: str) -> None:
    assert trace_id(value) == trace


@given(st.text() | st.text("0123456789abcdefABCDEF-=;Root 1", max_size=80))
def test_a_trace_id_is_32_hex_digits_or_nothing(value: str) -> None:
    found = trace_id(value)
    assert not found or (len(found) == 32 and not set(found) - set("0123456789abcdef"))
    assert trace_id(found) == found


@pytest.mark.parametrize(
    "name",
    [
        "trace_id",
        "traceId",
        "TraceId",
        "trace.id",
        "traceparent",
        "xray_trace_id",
        "xrayTraceId",
        "X-Amzn-Trace-Id",
        "otelTraceID",
    ],
)
def test_the_trace_is_found_under_its_usual_names(name: str) -> None:
    assert said({"message": "x", name: XRAY}).meta == {"trace_id": XRAY_AS_W3C}
    assert said({name: 5}) == said({name: None}) == said({name: {"a": XRAY}}) == Facts()
    assert said({name: "none", "traceId" if name != "traceId" else "trace_id": TRACE}).meta == {
        "trace_id": TRACE
    }


def test_level_and_trace_together() -> None:
    assert said({"level": "info", "trace_id": TRACE}) == Facts(meta={"trace_id": TRACE})
    assert said({"level": 40, "trace_id": TRACE, "span_id": "1"}) == Facts(
        meta={"trace_id": TRACE}, level="WARN"
    )


def test_what_says_nothing_is_none() -> None:
    for message in ({"level": "info"}, {"message": "x"}, {}, "text", {"level": None}, {"trace_id": ""}):
        text = message if isinstance(message, str) else json.dumps(message)
        assert read(json.dumps(text).encode()) is None


def test_a_lone_surrogate_costs_the_facts_and_nothing_else() -> None:
    assert read(b'"{\\"level\\":30,\\"m\\":\\"\\ud800\\"}"') is None
    assert read(b'"{\\"level\\":30,\\"m\\":\\"\\\\ud800\\"}"') is None


@given(st.text())
def test_names_of_levels_are_few(name: str) -> None:
    assert len(named_level(name)) <= 9


_VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)


@given(
    st.dictionaries(
        st.sampled_from(["level", "severity", "levelname", "severityNumber", "traceparent", "m"]), _VALUES
    )
)
def test_a_message_with_a_level_that_mezmo_reads_gets_no_other(message: dict[str, Any]) -> None:
    if isinstance(message.get("level"), str):
        assert said(message).level == ""
