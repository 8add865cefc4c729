"""What stands in the place of what was found, and patterns of the user's."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import SettingsError
from handler.redaction.redactor import Redactor
from handler.settings import VARIABLE, Redact, Redaction, read_settings
from handler.texts.literals import text_of
from tests.handler.doubles import settings_json
from tests.handler.redaction.redactors import redact, redactor, written


def test_a_text_of_the_users_own() -> None:
    assert redact("10.0.0.1", redactor(Redaction("ipv4", text="x.x.x.x"))) == "x.x.x.x"
    assert redact("10.0.0.1 a", redactor(Redaction("ipv4", text=""))) == " a"


def test_the_last_four_of_what_is_long_enough() -> None:
    by = redactor(Redaction("credit-card", keep="last-four"), Redaction("ipv4", keep="last-four"))
    assert redact("4111-1111-1111-1111 10.0.0.1", by) == "[redacted:credit-card:1111] [redacted:ipv4]"


def test_a_hash_tells_equal_from_different_and_needs_its_key() -> None:
    rules = (Redaction("credit-card", keep="hash"), Redaction("email", keep="hash"))
    one, other = (Redactor(Redact(rules, "KEY"), {"KEY": key}) for key in ("one", "other"))
    first, second, third = redact("4111111111111111 4111-1111-1111-1111 5555555555554444", one).split()
    assert re.fullmatch(r"\[redacted:credit-card:[a-p]{16}\]", first)
    assert first == second != third
    assert redact("4111111111111111", other) != first
    assert redact(first, one) == first
    (alone,) = redact("z@y.org", one).split()
    inner = json.dumps({"log": json.dumps({"message": "x\nz@y.org"})})
    assert alone in redact(inner, one), "of what a reader reads"
    with pytest.raises(
        SettingsError, match="its key is not in the variable 'KEY'; without one, whoever reads"
    ):
        Redactor(Redact(rules, "KEY"), {})
    with pytest.raises(SettingsError, match="its key is not in the variable None"):
        Redactor(Redact(rules), {"KEY": "one"})


# Patterns


def test_a_pattern_and_its_secret() -> None:
    by = redactor(
        Redaction("order", pattern=r"ORD-\d{8}"),
        Redaction("password", pattern=r'(?i)password"?\s*[:=]\s*"?(?P<secret>[^"\s]+)'),
    )
    assert redact('ORD-12345678 Password: hunter2 {"password":"x"}', by) == (
        '[redacted:order] Password: [redacted:password] {"password":"[redacted:password]"}'
    )
    assert redact('{"password":"a\\"b","n":1}', by) == '{"password":"[redacted:password]\\"b","n":1}'


def test_a_pattern_that_matches_its_replacement_is_applied_once() -> None:
    assert redact("a bc", redactor(Redaction("x", pattern=r"\w+"))) == "[redacted:x] [redacted:x]"


@given(st.data())
def test_a_pattern_finds_what_is_written_with_escapes(data: st.DataObject) -> None:
    literal = f'"{written("see ORD-12345678!", data.draw, first=True)}"'.encode()
    assert (
        text_of(redactor(Redaction("order", pattern=r"ORD-\d{8}")).redact(literal)) == "see [redacted:order]!"
    )


def test_what_cannot_be_is_refused_with_the_remedy() -> None:
    with pytest.raises(
        SettingsError, match="there is no rule 'emial'; there are email, .*, or give it a pattern"
    ):
        redactor("emial")
    document = settings_json(redact={"rules": [{"rule": "x", "pattern": "(a+)+b"}]})
    with pytest.raises(
        SettingsError, match=r"MEZMO_FORWARDER_SETTINGS: redact: the pattern '\(a\+\)\+b' takes"
    ):
        read_settings({VARIABLE: document})
    with pytest.raises(SettingsError, match=r"the pattern '\(a\+\)\+b' takes up to .*; limit repeats"):
        redactor(Redaction("x", pattern="(a+)+b"))
