"""Patterns whose time is bounded: which there are, that they mean what `re` does, that the bound holds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handler.texts.pattern_syntax import LONGEST_PATTERN, PatternError
from handler.texts.patterns import MOST_STEPS, compile_pattern

TABLE = json.loads(Path(__file__).parents[2].joinpath("patterns.json").read_text())


@pytest.mark.parametrize("pattern", TABLE["taken"])
def test_a_bounded_pattern_is_taken(pattern: str) -> None:
    assert compile_pattern(pattern).steps <= MOST_STEPS


@pytest.mark.parametrize(("pattern", "reason"), TABLE["refused"].items())
def test_another_is_refused_by_name_with_the_remedy(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    text = str(caught.value)
    assert text.startswith(f"the pattern {pattern!r} ")
    assert reason in text
    assert "; " in text.removeprefix(f"the pattern {pattern!r}"), "there is a remedy"


def test_a_long_pattern_is_refused() -> None:
    assert compile_pattern("a" * LONGEST_PATTERN)
    with pytest.raises(PatternError, match="has 501 characters, of which 500 are allowed; shorten it"):
        compile_pattern("a" * (LONGEST_PATTERN + 1))


CHARACTERS = st.sampled_from(["a", "b", r"\d", ".", "[ab]", "[^a]", r"\w", r"\s", "é", "-", r"\.", " "])
PATTERNS = st.recursive(
    CHARACTERS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda branches: f"({'|'.join(branches)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?", "+?", "{0,2}?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)
TEXTS = st.text(st.sampled_from("ab1 -.é\n"), max_size=12)


def compiled(pattern: str) -> Any:
    try:
        return compile_pattern(pattern)
    except PatternError:
        return None


@given(PATTERNS, TEXTS)
@example("a+b?a", "aa")
@example("a+?", "aaa")
@example("[^é]+è", "aèbè")
@example("(?:ab)+a", "aba")
@example("(?:a+?b?){2}", "aab")
def test_a_pattern_finds_what_re_finds(pattern: str, text: str) -> None:
    if ours := compiled(pattern):
        theirs = re.compile(pattern, re.ASCII)
        assert [match.span() for match in ours.expression.finditer(text)] == [
            match.span() for match in theirs.finditer(text)
        ]


@given(PATTERNS, TEXTS)
@example("a.b", "a1b")
def test_every_match_holds_the_needle(pattern: str, text: str) -> None:
    if ours := compiled(pattern):
        assert all(ours.needle in match[0] for match in ours.expression.finditer(text))


@given(st.text(st.sampled_from('ab1.*+?{},()[]|\\^$-dwsé"P<secret>:'), max_size=30))
def test_anything_is_taken_or_refused(pattern: str) -> None:
    if ours := compiled(pattern):
        assert ours.steps <= MOST_STEPS
        re.compile(pattern)


class Counting:
    """Matches as `re` does, by trying and going back, and counts the characters it looks at."""

    def __init__(self, expression: str) -> None:
        parser: Any = re._parser  # type: ignore[attr-defined]
        self._tree = parser.parse(expression, re.ASCII)
        self.steps = 0

    def search(self, text: str, position: int) -> int | None:
        """Return where a match ends that begins at a position."""
        return next(self._sequence([*self._tree], text, position), None)

    def _sequence(self, items: list[Any], text: str, position: int) -> Any:
        if not items:
            yield position
            return
        for end in self._item(items[0], text, position):
            yield from self._sequence(items[1:], text, end)

    def _item(self, item: Any, text: str, position: int) -> Any:
        operator, argument = str(item[0]), item[1]
        if operator == "SUBPATTERN":
            yield from self._sequence([*argument[3]], text, position)
        elif operator == "BRANCH":
            for branch in argument[1]:
                yield from self._sequence([*branch], text, position)
        elif operator in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            least, most, body = argument
            ends = self._repeat(operator, least, int(most), [*body], text=text, position=position, count=0)
            if operator == "POSSESSIVE_REPEAT":
                end = next(ends, None)
                if end is not None:
                    yield end
            else:
                yield from ends
        elif operator == "AT":
            if re.compile(
                {"AT_BOUNDARY": r"\b", "AT_NON_BOUNDARY": r"\B", "AT_END_STRING": r"\Z"}.get(
                    str(argument), "^"
                ),
                re.ASCII,
            ).match(text, position):
                yield position
        else:
            self.steps += 1
            parser: Any = re._parser  # type: ignore[attr-defined]
            compiler: Any = re._compiler  # type: ignore[attr-defined]
            state = parser.State()
            state.flags = int(re.ASCII)
            one = parser.SubPattern(state, [item])
            if position < len(text) and compiler.compile(one, re.ASCII).match(text[position]):
                yield position + 1

    def _repeat(
        self, operator: str, least: int, most: int, body: list[Any], *, text: str, position: int, count: int
    ) -> Any:
        lazy = operator == "MIN_REPEAT"
        if lazy and count >= least:
            yield position
        if count < most:
            for end in self._sequence(body, text, position):
                yield from self._repeat(operator, least, most, body, text=text, position=end, count=count + 1)
        if not lazy and count >= least:
            yield position


@given(PATTERNS, st.text(st.sampled_from("ab1 "), max_size=10))
def test_no_more_steps_are_taken_than_counted(pattern: str, text: str) -> None:
    ours = compiled(pattern)
    if ours is None:
        return
    machine, position, matched = Counting(ours.expression.pattern), 0, 0
    while position < len(text):
        end = machine.search(text, position)
        matched += 0 if end is None else end - position
        position = position + 1 if end is None else end
    # Literal text at the beginning may begin once more than it fits into the text.
    assert machine.steps <= ours.steps * (len(text) + len(pattern)) + matched


def test_a_repeat_at_the_end_has_no_limit() -> None:
    pattern = compile_pattern("token=(?P<secret>[^ ]+)")
    match = pattern.expression.search("x token=" + "a" * 100_000 + " b")
    assert match
    assert len(match["secret"]) == 100_000


def test_a_repeat_in_the_middle_has_the_limit_it_says() -> None:
    pattern = compile_pattern('"token":"[^"]+"')
    assert pattern.reach == 4096
    assert pattern.expression.search('"token":"' + "a" * 4096 + '"')
    assert not pattern.expression.search('"token":"' + "a" * 4097 + '"')


@pytest.mark.parametrize("pattern", TABLE["taken"])
@pytest.mark.parametrize("unit", ["a", "ab", "a ", "foo", "token", '"token":"', "1@", "x\t", "é"])
def test_hostile_text_comes_to_an_end(pattern: str, unit: str) -> None:
    # pytest's time-out is the test; a pattern that is not linear would take hours.
    expression = compile_pattern(pattern).expression
    assert sum(1 for _ in expression.finditer(unit * (100_000 // len(unit)))) >= 0
