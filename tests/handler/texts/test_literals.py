"""JSON strings as bytes."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handler.texts.literals import literal_of, text_of, trim, without_lone_surrogates

WHITE_SPACE = " \t\n\r\v\f"
tails = st.text(st.sampled_from('\\nrtfbu0" \t\n\r\v\fé'))


@given(st.text(), tails, st.booleans())
@example("C:\\", "n", True)
@example("C:", "\\\\n\n \v", False)
@example("", " \n", False)
def test_trim_cuts_what_rstrip_cuts(start: str, tail: str, ascii_only: bool) -> None:
    text = start + tail
    literal = json.dumps(text, ensure_ascii=ascii_only).encode()
    assert json.loads(trim(literal)) == text.rstrip(WHITE_SPACE)


@given(st.text())
def test_trim_leaves_a_literal_without_white_space_as_it_is(text: str) -> None:
    literal = json.dumps(text.rstrip(WHITE_SPACE)).encode()
    assert trim(literal) is literal


@given(st.text(st.characters(exclude_categories=())))
def test_text_and_literal_are_each_other_s_inverse(text: str) -> None:
    assert text_of(literal_of(text)) == text


@pytest.mark.parametrize(
    ("text", "cleaned"), [("a\ud83d", "a\ufffd"), ("\udc00\ud83d", "\ufffd\ufffd"), ("😀", "😀")]
)
def test_lone_surrogates_are_replaced(text: str, cleaned: str) -> None:
    assert without_lone_surrogates(text) == cleaned
