"""What each rule finds, and what it leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.redaction.rules import RULES
from handler.texts.literals import literal_of
from tests.handler.redaction.redactors import JWT, ONE, PEM, SECRET_KEY, redact, sensitive

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
