"""Redaction: what is found, however it is written, and what is left as it is."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.errors import SettingsError
from handler.lines.lines import split_line
from handler.lines.names import names_of
from handler.redaction.redactor import Redactor
from handler.redaction.rules import RULES
from handler.settings import VARIABLE, Redact, Redaction, Settings, read_settings
from handler.texts.literals import literal_of, text_of
from tests.handler.cloudwatch import encode, make_event, read, received
from tests.handler.doubles import make_settings, settings_json

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow/+IBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

# What each rule finds, and what it leaves.
FOUND = {
    "email": [
        "bob@example.com",
        "first.last+tag@sub.example-site.co.uk",
        "b%b_1@x.museum",
        "rené@bücher.example",
        "用户@例子.公司",
        "bob%40example.com",
    ],
    "credit-card": [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "3782 822463 10005",
        "3056 930902 5904",
        "30569309025904",
        "6011111111111117",
        "3530111333300000",
        "6304000000000000",
        "6062826786276634",
        "8171999927660000",
    ],
    "iban": [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
        "GB82-WEST-1234-5698-7654-32",
        "FR1420041010050500013M02606",
        "NO9386011117947",
        "NO93 8601 1117 947",
        "BE68 5390 0754 7034",
        "MT84MALT011000012345MTLCAST001S",
        "CH93 0076 2011 6238 5295 7",
    ],
    "aws-access-key-id": ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"],
    "aws-secret-key": [
        f"aws_secret_access_key = {SECRET_KEY}",
        f"AWS_SECRET_ACCESS_KEY={SECRET_KEY}",
        f'"SecretAccessKey": "{SECRET_KEY}"',
        f"secretKey:{SECRET_KEY}",
        f"<SecretAccessKey>{SECRET_KEY}</SecretAccessKey>",
        f"AKIAIOSFODNN7EXAMPLE,{SECRET_KEY}",
    ],
    "jwt": [JWT, "eyJhbGciOiJub25lIn0.eyJhIjoxfQ."],
    "bearer-token": [
        "Authorization: Bearer abc123def456==",
        "bearer 0123456789abcdef",
        "BEARER mF_9.B5f-4.1JqM",
        "Bearer abcdefghijklmnopqrstuvwx",
        "Bearer%20abc123def456",
    ],
    "ipv4": ["10.0.0.1", "255.255.255.255", "127.0.0.1", "ip-10-0-0-1"],
    "ipv6": [
        "2001:db8::1",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "fe80::1",
        "::1",
        "::ffff:192.0.2.128",
        "2001:DB8:0:0:8:800:200C:417A",
        "fdab:cdef::a",
        "1::",
    ],
    "private-key": [
        PEM,
        PEM.replace("RSA ", ""),
        PEM.replace("RSA", "EC").replace("\n", "\r\n"),
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\nlQOYBF=\n-----END PGP PRIVATE KEY BLOCK-----",
    ],
}
LEFT = {
    "email": [
        "@bob", "bob@", "bob@localhost", "lodash@4.17.21", "a @ b.com", "Object@1a2b3c", "@types/node.x",
    ],
    "credit-card": [
        "4111111111111112",
        "4111 1111 1111 1112",
        "4111  1111 1111 1111",
        "1795000000000",
        "1795000000000000",
        "0.4111111111111111",
        "411111111111",
        "41111111111111111111111",
        "a4111111111111111",
        "4111111111111111b",
        "9999999999999995",
        "4111-1111 1111-1111",
    ],
    "iban": [
        "DE89370400440532013001", "DE8937040044053201300", "XX89370400440532013000",
        "ADE89370400440532013000",
    ],
    "aws-access-key-id": ["AKIA", "AKIAIOSFODNN7EXAMPL", "AKIAIOSFODNN1EXAMPLE", "AROAIOSFODNN7EXAMPLE"],
    "aws-secret-key": [
        "da39a3ee5e6b4b0d3255bfef95601890afd80709", f"secret {SECRET_KEY}", f"secret_key={SECRET_KEY}X",
    ],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi", "eyJ.a.b"],
    "bearer-token": [
        "bearer of bad news 1234567", "Bearer authentication failed", "the bearer", "bearer token",
    ],
    "ipv4": ["1.2.3", "1.2.3.4.5", "256.1.1.1", "v1.2.3.4", "1.2.3.4a", "10.0.0.1000", "ship-1-2-3-4"],
    "ipv6": [
        "12:30:45", "00:1a:2b:3c:4d:5e", "Foo::add", "std::dec", "::", "Ada::Bee", "a:b:c", "x::y",
        "1::2::3", "dead::beefs",
    ],
    "private-key": [
        "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----",
    ],
}  # fmt: skip


def redactor(*rules: str | Redaction) -> Redactor:
    return Redactor(Redact(tuple(Redaction(rule) if isinstance(rule, str) else rule for rule in rules)))


ALL = redactor(*RULES)
ONE = {name: redactor(name) for name in RULES}


def redact(text: str, by: Redactor = ALL) -> str:
    return text_of(by.redact(literal_of(text)))


def test_each_rule_has_what_it_finds_and_what_it_leaves() -> None:
    assert {*FOUND} == {*LEFT} == {*RULES}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FOUND.items() for text in texts])
def test_a_rule_finds_what_it_is_for(name: str, text: str) -> None:
    by, secret = ONE[name], sensitive(name, text)
    shown = text.replace(secret, f"[redacted:{name}]")
    assert redact(text, by) == shown
    for before, after in (("(", ")"), ("at ", " and"), ("=", ", x"), ('"', '"'), ("é ", "\u2028")):
        assert redact(before + text + after, by) == before + shown + after
    assert redact(f"{text}; {text}", by) == f"{shown}; {shown}"


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in LEFT.items() for text in texts])
def test_a_rule_leaves_what_is_near(name: str, text: str) -> None:
    for sentence in (text, f"at {text} and", f'{{"a":"{text}"}}'):
        literal = literal_of(sentence)
        assert ONE[name].redact(literal) is literal


def test_a_private_key_without_its_end_goes_as_far_as_it_can_be_one() -> None:
    assert redact("key=" + PEM.partition("\n-----END")[0]) == "key=[redacted:private-key]"
    assert redact('{"k":"-----BEGIN PRIVATE KEY-----\\nMII","n":1}') == '{"k":"[redacted:private-key]","n":1}'


def test_the_names_around_a_secret_are_left() -> None:
    assert (
        redact(f"aws_secret_access_key = {SECRET_KEY}") == "aws_secret_access_key = [redacted:aws-secret-key]"
    )
    assert (
        redact("Authorization: Bearer abc123def456==, x")
        == "Authorization: Bearer [redacted:bearer-token], x"
    )


@settings(deadline=None)
@given(st.integers(2 * 10**14, 7 * 10**14 - 1), st.integers(1, 9))
def test_a_wrong_check_digit_is_no_card(number: int, wrong: int) -> None:
    check = next(digit for digit in range(10) if luhn(f"{number}{digit}"))
    by = ONE["credit-card"]
    assert redact(f"{number}{check}", by) == "[redacted:credit-card]"
    near = f"{number}{(check + wrong) % 10}"
    assert redact(near, by) == near


def luhn(digits: str) -> bool:
    """The definition, from right to left."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


# However it is written

SECRETS = st.sampled_from([(name, text) for name, texts in FOUND.items() for text in texts])
PROSE = st.text(st.sampled_from('ab 01.:@-_/\\"\n\té4{},'), max_size=12)


def written(text: str, draw: Callable[..., Any], *, first: bool) -> str:
    """Write a text as a JSON string's content: some characters by escapes; what must be, always."""
    out = []
    for character in text:
        how = draw(st.integers(0, 3))
        plain = json.dumps(character, ensure_ascii=False)[1:-1]
        if how == 0 or (first and how == 1 and character == "/"):
            pairs = character.encode("utf-16-be")
            out += [f"\\u{pairs[at]:02x}{pairs[at + 1]:02X}" for at in range(0, len(pairs), 2)]
        elif character == "/" and how == 1:
            out.append("\\/")
        else:
            out.append(plain)
    return "".join(out)


@settings(deadline=None)
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


def sensitive(name: str, text: str) -> str:
    return SECRET_KEY if name == "aws-secret-key" else re.sub(r"(?i).*bearer(%20| )", "", text)


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


@settings(deadline=None)
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


@settings(deadline=None)
@given(st.lists(PROSE | SECRETS.map(lambda secret: secret[1]), max_size=6).map("".join))
@example("AKIAIOSFODNN7EXAMPLE4111111111111111")
def test_of_any_text_nothing_is_left_and_again_changes_nothing(text: str) -> None:
    literal = literal_of(text)
    redacted = ALL.redact(literal)
    assert ALL.redact(redacted) is redacted
    assert not [span for rule in RULES.values() for span in rule.spans(text_of(redacted))]


@settings(deadline=None)
@given(st.lists(PROSE.map(lambda text: text.replace("\\", "")), max_size=4), st.sampled_from(FOUND["email"]))
def test_what_does_not_match_is_left_byte_for_byte(parts: list[str], address: str) -> None:
    text = f" [{address}] ".join(part.replace("@", "") for part in parts)
    for literal in (literal_of(text), json.dumps(text).encode()):
        before = literal.replace(literal_of(address)[1:-1], b"").replace(
            json.dumps(address)[1:-1].encode(), b""
        )
        after = ONE["email"].redact(literal)
        assert after.replace(b"[redacted:email]", b"") == before


@settings(deadline=None)
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


# What stands in its place


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


@settings(deadline=None)
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


# In lines

CARD, ADDRESS = "4111 1111 1111 1111", "bob@example.com"


def lines_of(event: object, settings: Settings) -> list[dict[str, Any]]:
    pieces = encode(settings, read(event, AWS_LAMBDA_FUNCTION_MEMORY_SIZE="1024"))
    return [line for piece in pieces for line in json.loads(piece.array)]


def settings_with(*rules: str, **more: Any) -> Settings:
    return make_settings(redact={"rules": [{"rule": rule} for rule in rules]}, **more)


@pytest.mark.parametrize("line_format", ["standard", "mezmo-lambda", "mezmo-lambda-raw"])
@pytest.mark.parametrize(
    "message", [f"{ADDRESS} {CARD}\n", "\ud83d " + ADDRESS + CARD, {"mail": ADDRESS, "card": CARD}]
)
def test_in_every_line_format(line_format: str, message: object) -> None:
    chosen = settings_with("email", "credit-card", line_format=line_format, oversize_lines="split")
    for messages in ([message], ["x", message], [message, "x" * 20_000 + ADDRESS]):
        sent = json.dumps(lines_of(make_event(messages), chosen))
        assert "[redacted:email]" in sent
        assert ADDRESS not in sent
        assert CARD not in sent


def test_before_a_line_is_split() -> None:
    chosen = settings_with("email")
    message = "x" * 16_380 + " " + ADDRESS
    lines = lines_of(make_event([message]), chosen)
    assert "".join(line["line"] for line in lines) == "x" * 16_380 + " [redacted:email]"
    whole = settings_with("email", oversize_lines="whole")
    (piece,) = encode(whole, received([message]))
    parts = split_line(whole, piece, names_of(whole, piece.source.document))
    assert len(parts) == 2
    assert ADDRESS not in str(parts)


def test_a_line_that_grows_too_long_is_split() -> None:
    chosen = settings_with("ipv6")
    message = "x" * 16_380 + " ::1"
    assert [line["meta"]["parts"] for line in lines_of(make_event([message]), chosen)] == [2, 2]


@pytest.mark.parametrize("line_format", ["standard", "mezmo-lambda", "mezmo-lambda-raw"])
def test_in_names(line_format: str) -> None:
    chosen = settings_with("ipv4", "email", line_format=line_format)
    group = "/ec2/10.0.0.1"
    event = make_event(["x"], group=group, stream="i/bob@example.com", filters=["f-10.0.0.1"])
    sent = json.dumps(lines_of(event, chosen))
    assert "10.0.0.1" not in sent
    assert "bob@" not in sent
    hostname = names_of(chosen, received(["x"], group=group).document).hostname
    assert hostname == ("ec2" if line_format == "standard" else "/ec2") + "/[redacted:ipv4]"
    if line_format == "standard":
        (line,) = lines_of(event, chosen)
        assert line["app"] == "[redacted:ipv4]"
        assert line["meta"]["stream"] == "i/[redacted:email]"


def test_what_is_received_is_left_for_the_store() -> None:
    document = received([ADDRESS], stream=ADDRESS)
    before = msgspec.json.encode(document.document)
    assert encode(settings_with("email"), document)
    assert msgspec.json.encode(document.document) == before


def test_off_is_off() -> None:
    (line,) = lines_of(make_event([f"{ADDRESS} {CARD}"]), make_settings())
    assert line["line"] == f"{ADDRESS} {CARD}"


@pytest.mark.parametrize("size", [10, 40_000])
def test_in_what_a_message_says_of_itself(size: int) -> None:
    """Its facts are read after it was redacted, also where it is split."""
    message = {"requestId": "r", "ip": "203.0.113.7", "httpMethod": "GET", "status": "404", "x": "x" * size}
    message |= {"requestTime": "23/Nov/2026:10:00:00 +0000", "routeKey": "GET /", "protocol": "HTTP/1.1"}
    event = make_event([json.dumps(message)], group="/aws/apigateway/shop", stream="s")
    assert "203.0.113.7" in json.dumps(lines_of(event, make_settings()))
    lines = lines_of(event, settings_with("ipv4"))
    assert "203.0.113.7" not in json.dumps(lines)
    assert {line["meta"]["http_status"] for line in lines} == {404}
