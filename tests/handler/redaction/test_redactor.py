"""Redaction, however a text is written: nothing is missed, and what does not match stays as it is."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handler.redaction.rules import RULES
from handler.settings import Redaction
from handler.texts.literals import literal_of, text_of
from tests.handler.redaction.redactors import ALL, ONE, redact, redactor, sensitive, written
from tests.handler.redaction.test_rules import FOUND

SECRETS = st.sampled_from([(name, text) for name, texts in FOUND.items() for text in texts])
PROSE = st.text(st.sampled_from('ab 01.:@-_/\\"\n\té4{},'), max_size=12)


@given(st.data(), SECRETS, st.integers(1, 4))
def test_nothing_is_missed_in_any_encoding(data: st.DataObject, secret: tuple[str, str], depth: int) -> None:
    name, text = secret
    escaped = text
    for level in range(depth):
        escaped = written(escaped, data.draw, first=level == 0)
        if level < depth - 1:
            escaped = f'{{"k":"{escaped}","n":1}}'
    redacted = ONE[name].redact(f'"{escaped}"'.encode())
    shown = json.loads(redacted)
    for _ in range(depth - 1):
        document = json.loads(shown)
        assert document["n"] == 1
        shown = document["k"]
    assert f"[redacted:{name}]" in shown
    assert not [*RULES[name].spans(shown)]
    assert sensitive(name, text) not in shown


WIDE = {ord(" "): "\u00a0", ord("-"): "\u2010"} | {
    ord("0") + digit: chr(0x660 + digit) for digit in range(10)
}


@pytest.mark.parametrize("number", [*FOUND["credit-card"], *FOUND["ipv4"][:3]])
def test_digits_of_another_script_are_digits(number: str) -> None:
    for text in (
        number.translate(WIDE),
        "".join(chr(ord(one) + 0xFEE0) if one > " " else one for one in number),
    ):
        assert redact(f"x {text}").startswith("x [redacted:")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([4111111111111111, -1, 0.5]) | PROSE
    | SECRETS.map(lambda secret: secret[1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PROSE, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(JSON, max_size=3) | st.dictionaries(PROSE, JSON, max_size=4), st.booleans())
def test_json_stays_json_of_the_same_structure(document: Any, ascii_only: bool) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only)
    again = json.loads(redact(text))
    assert structure(again) == structure(document)
    assert not [span for rule in RULES.values() for value in values(again) for span in rule.spans(value)]


def structure(value: Any) -> Any:
    if isinstance(value, dict):
        # A name may be redacted, and two may be so alike then that one is left of them.
        return {redact(name): structure(one) for name, one in value.items()}
    return [structure(one) for one in value] if isinstance(value, list) else None


def values(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in values(one)]
    if isinstance(value, list):
        return [text for one in value for text in values(one)]
    return [str(value)]


@given(st.lists(PROSE | SECRETS.map(lambda secret: secret[1]), max_size=6).map("".join))
@example("AKIAIOSFODNN7EXAMPLE4111111111111111")
def test_of_any_text_nothing_is_left_and_again_changes_nothing(text: str) -> None:
    literal = literal_of(text)
    redacted = ALL.redact(literal)
    assert ALL.redact(redacted) is redacted
    assert not [span for rule in RULES.values() for span in rule.spans(text_of(redacted))]


@given(st.lists(PROSE.map(lambda text: text.replace("\\", "")), max_size=4), st.sampled_from(FOUND["email"]))
def test_what_does_not_match_is_left_byte_for_byte(parts: list[str], address: str) -> None:
    text = f" [{address}] ".join(part.replace("@", "") for part in parts)
    for literal in (literal_of(text), json.dumps(text).encode()):
        before = literal.replace(literal_of(address)[1:-1], b"").replace(
            json.dumps(address)[1:-1].encode(), b""
        )
        after = ONE["email"].redact(literal)
        assert after.replace(b"[redacted:email]", b"") == before


@given(st.lists(PROSE | SECRETS.map(lambda secret: secret[1]), min_size=1, max_size=20))
def test_many_at_once_are_as_each_alone(texts: list[str]) -> None:
    literals = [literal_of(text) for text in texts] * 3
    assert ALL.redact_all(list(literals)) == [redactor(*RULES).redact(literal) for literal in literals]


def test_many_and_large_at_once() -> None:
    texts = ["x" * 20_000, "bob@example.com", "y" * 40_000 + " 10.0.0.1", "z", "10.0.0.2"] * 3
    expected = [
        "x" * 20_000,
        "[redacted:email]",
        "y" * 40_000 + " [redacted:ipv4]",
        "z",
        "[redacted:ipv4]",
    ] * 3
    assert [text_of(one) for one in ALL.redact_all([literal_of(text) for text in texts])] == expected


def test_numbers_become_strings_and_structure_stays() -> None:
    assert redact('{"card": 4111111111111111, "n": 1}') == '{"card": "[redacted:credit-card]", "n": 1}'
    everything = redactor(Redaction("x", pattern=".+"))
    assert redact('{"a":[1,true,"b",""]}', everything) == (
        '{"[redacted:x]":["[redacted:x]","[redacted:x]","[redacted:x]",""]}'
    )
    assert (
        redact('{"n":123456,"m":1}', redactor(Redaction("x", pattern=r"\d\d")))
        == '{"n":"[redacted:x]","m":1}'
    )
    assert redact('{"a":"\\t' + "10.0.0.1 " * 9 + '","b":"10.0.0.3"}', ONE["ipv4"]) == (
        '{"a":"\\t' + "[redacted:ipv4] " * 9 + '","b":"[redacted:ipv4]"}'
    )
    assert redact('{"a":4111111111111111}\n{"b":"10.0.0.1"}\n') == (
        '{"a":"[redacted:credit-card]"}\n{"b":"[redacted:ipv4]"}\n'
    )


def test_what_only_looks_like_json_is_text() -> None:
    assert redact("[INFO] 10.0.0.1 {}") == "[INFO] [redacted:ipv4] {}"


def test_a_backslash_that_is_no_escape_hides_nothing() -> None:
    assert redact(r"CORP\bob@corp.com") == "CORP[redacted:email]"
    assert redact(r"C:\users\10.0.0.1\x") == r"C:\users\[redacted:ipv4]\x"
    assert redact('{"a":"x\\nbob@corp.com"}') == '{"a":"x\\n[redacted:email]"}'


def test_what_is_escaped_without_need_is_left_so() -> None:
    literal = rb'"a\/b/c\/ bob@example.com \/x\u0041"'
    assert ALL.redact(literal) == literal.replace(b"bob@example.com", b"[redacted:email]")
    literal = literal.replace(rb"\u0041", b"")
    assert ALL.redact(literal) == literal.replace(b"bob@example.com", b"[redacted:email]")


def test_half_a_surrogate_pair_is_left() -> None:
    literal = rb'"\ud83d bob@example.com \udc00"'
    assert ALL.redact(literal) == rb'"\ud83d [redacted:email] \udc00"'
    assert ALL.redact(rb'"{\"\ud83d\":4111111111111111}"') == rb'"{\"\ud83d\":\"[redacted:credit-card]\"}"'


@pytest.mark.parametrize(
    "unit",
    [
        "a", "1", "1 ", "4111 ", "@", "a@", "a.", "@a.", "eyJ", "eyJ.", "DE89", "DE89 ", "A", ":", "::", "a:",
        "1:", "1.", "1.1.1.1.", "-----BEGIN PRIVATE KEY-----", "-", "bearer ", "bearer", "secret_key=",
        "AKIA", "\\u", "\\\\", "\\", '{"a":', "[", "é", "\uff11", "\\u0040",
    ],
)  # fmt: skip
def test_hostile_text_comes_to_an_end(unit: str) -> None:
    # pytest's time-out is the test; what is not linear would take hours.
    text = unit * (200_000 // len(unit))
    redacted = redact(text + " bob@example.com")
    assert redacted.endswith(("[redacted:email]", "[redacted:private-key]"))
