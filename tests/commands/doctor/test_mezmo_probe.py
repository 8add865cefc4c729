"""Whether Mezmo takes a key, asked of the strict stand-in and of servers that are not Mezmo."""

from collections.abc import Iterator

import pytest

from local.mezmo import Answer, MezmoStandIn, Reset
from mezmo_forwarder_commands.doctor import mezmo_probe
from mezmo_forwarder_commands.doctor.findings import Verdict

KEY = "0123456789abcdef" * 2


@pytest.fixture
def mezmo(monkeypatch: pytest.MonkeyPatch) -> Iterator[MezmoStandIn]:
    with MezmoStandIn(keys={KEY}) as stand_in:
        assert stand_in.ca_file
        monkeypatch.setenv("SSL_CERT_FILE", stand_in.ca_file)
        yield stand_in


def test_a_key_of_mezmo_s_and_one_of_nobody(mezmo: MezmoStandIn) -> None:
    taken = mezmo_probe.ask(mezmo.log_analysis_url, KEY)
    refused = mezmo_probe.ask(mezmo.log_analysis_url, "f" * 32)

    assert taken.verdict is Verdict.OK
    assert refused.verdict is Verdict.BROKEN
    assert "403 Account not found or inactive" in refused.text
    assert mezmo.lines == (), "no line was sent"


@pytest.mark.parametrize(
    ("status", "verdict", "text"),
    [
        (200, Verdict.UNKNOWN, "answers 200 to this key, and 200 to one that is nobody's"),
        (400, Verdict.UNKNOWN, "answers 400 to this key, and 400 to one that is nobody's"),
        (401, Verdict.BROKEN, "refuses the key: 401"),
        (404, Verdict.BROKEN, "answers 404"),
        (429, Verdict.UNKNOWN, "Mezmo answers 429"),
        (503, Verdict.UNKNOWN, "Mezmo answers 503"),
    ],
)
def test_what_does_not_look_at_the_key(mezmo: MezmoStandIn, status: int, verdict: Verdict, text: str) -> None:
    mezmo.faults.always(Answer(status))
    found = mezmo_probe.ask(mezmo.log_analysis_url, KEY)

    assert (found.verdict, text in found.text) == (verdict, True), found


def test_what_repeats_the_key_does_not_show_it(mezmo: MezmoStandIn) -> None:
    mezmo.faults.always(Answer(403, f"unknown {KEY}".encode()))

    assert KEY not in mezmo_probe.ask(mezmo.log_analysis_url, KEY).text


def test_mezmo_is_not_to_be_reached(mezmo: MezmoStandIn) -> None:
    mezmo.faults.always(Reset())
    found = mezmo_probe.ask(mezmo.log_analysis_url, KEY)

    assert (found.verdict, "not to be reached" in found.text) == (Verdict.UNKNOWN, True)
