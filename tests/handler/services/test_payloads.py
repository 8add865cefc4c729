"""What values of payloads are told from."""

import pytest

from handler.services.payloads import integer_of, is_uuid, level_of_status, number_of


@pytest.mark.parametrize(
    ("value", "number", "integer"),
    [
        (5, 5.0, 5),
        (-5, -5.0, -5),
        (1.5, 1.5, 1),
        ("202", 202.0, 202),
        ("1.5", 1.5, 1),
        ("-7", -7.0, -7),
        (True, None, None),
        (None, None, None),
        ("", None, None),
        ("-", None, None),
        ("x", None, None),
        ("nan", None, None),
        ("inf", None, None),
        (float("inf"), None, None),
        (10**30, None, None),
        (2**63, None, None),
        (2**62, 2.0**62, 2**62),
        (10**400, None, None),
        ("9" * 18, 1e18, 999_999_999_999_999_999),
        ("9" * 19, None, None),
        ("1" + "0" * 25, None, None),
        ("\u0663", 3.0, 3),
        ([1], None, None),
    ],
)
def test_numbers(value: object, number: float | None, integer: int | None) -> None:
    assert number_of(value) == number
    assert integer_of(value) == integer


@pytest.mark.parametrize(
    ("status", "level"),
    [(None, ""), (200, "INFO"), (399, "INFO"), (400, "WARN"), (499, "WARN"), (500, "ERROR"), (599, "ERROR")],
)
def test_the_level_of_a_request(status: int | None, level: str) -> None:
    assert level_of_status(status) == level


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (b"8fc6f963-411b-58b5-8483-a32130c0f45d", True),
        (b"8fc6f963-411b-58b5-8483-a32130c0f45", False),
        (b"8fc6f963-411b-58b5-8483_a32130c0f45d", False),
        (b"8fc6f963-411b-58b5-8483-a32130c0f45\xe9", False),
        (b"8fc6f963 411b 58b5 8483 a32130c0f45d", False),
        (b"8fc6f963-411b-58b5-8483-a32130c0f4 d", False),
    ],
)
def test_request_ids(text: bytes, *, is_one: bool) -> None:
    assert is_uuid(text) is is_one
