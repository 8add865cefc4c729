"""The preview in a terminal."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.settings import Settings
from mezmo_forwarder_commands import terminal
from mezmo_forwarder_commands.preview import text
from mezmo_forwarder_commands.preview.inputs import Payload, pack
from mezmo_forwarder_commands.preview.preview import preview
from tests.commands.preview.samples import STANDARD, see
from tests.handler.cloudwatch import make_document
from tests.handler.doubles import make_settings

ANY_TEXT = st.one_of(st.text(), st.text(st.sampled_from("\x1b[31m\n\r\t\0\u202e\u2028さ\u0301é\ud83d")))
SEQUENCE = re.compile(r"\x1b\[[0-9;]+m")


def rendered(
    messages: list[str], settings: Settings = STANDARD, *, width: int = 106, colour: bool = False
) -> list[str]:
    return list(text.render(see(messages, settings), width=width, colour=colour))


def test_events_stand_beside_their_lines_and_the_reasons_below() -> None:
    printed = rendered(
        ['{"level":"error","message":"x"}\n', " \n", "さくら", "x" * 50],
        make_settings(app="web", tags=["a", "b"], env="p"),
    )

    assert "\n".join(printed[:-1]) == (
        "/aws/lambda/checkout  2026/11/23/[$LATEST]6b1e6ddf8c8f4b7a\n"
        "  → host checkout  app web  env p  tags a,b\n"
        "  names: service lambda; templates may use {function}=checkout\n"
        "\n"
        '11-18 11:06:40.000  {"level":"error","message":"x"}        │ ERROR {"level":"error","message":"x"}\n'
        "11-18 11:06:40.001                                         │       ∅\n"
        "                    filtered: empty\n"
        "11-18 11:06:40.002  さくら                                 │       さくら\n"
        "11-18 11:06:40.003  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… │       "
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\n"
    )
    assert printed[-1].startswith("4 events → 3 lines · 1 filtered (empty)")


def test_lines_of_one_stream_that_are_filed_differently_each_say_so() -> None:
    settings = make_settings(subscriptions={"f": {"app": "own"}})
    payloads = [Payload(pack(make_document(["x"], filters=[name])), "test") for name in "fg"]
    printed = list(text.render(preview(settings, payloads), width=106, colour=False))

    assert [row.strip() for row in printed if "→ host" in row] == [
        "→ host checkout  app own",
        "→ host checkout  app checkout",
    ]


def test_without_a_width_nothing_is_cut() -> None:
    assert any(row.count("x") == 2 * 9000 for row in rendered(["x" * 9000, "y"], width=0))


def test_parts_of_a_line_stand_below_one_another() -> None:
    rows = [row for row in rendered(["x" * 40_000]) if "│" in row]

    assert len(rows) == 3
    assert [row[:18].strip() for row in rows] == ["11-18 11:06:40.000", "", ""]


@given(st.lists(ANY_TEXT), st.integers(60, 200))
def test_hostile_lines_stay_in_their_row(messages: list[str], width: int) -> None:
    printed = rendered(messages, width=width)

    assert all(row.isprintable() for row in printed)
    rows = [row for row in printed if "│" in row]
    assert len(rows) >= len(messages)
    assert all(text._width(row) <= width for row in rows)
    bars = {
        text._width(row[: row.index(" │ ")]) for row in rows if " │ " in row and "│" not in "".join(messages)
    }
    assert len(bars) <= 1, "aligned"


@given(st.lists(ANY_TEXT))
def test_colour_changes_nothing_else(messages: list[str]) -> None:
    coloured = [SEQUENCE.sub("", row).rstrip() for row in rendered(messages, colour=True)]

    assert coloured == [row.rstrip() for row in rendered(messages)]


def test_levels_are_coloured() -> None:
    assert "\x1b[31mERROR\x1b[0m" in "\n".join(rendered(["ERROR x"], colour=True))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_whose_user_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert terminal.wants_colour(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.wants_colour(Terminal())
    assert not terminal.wants_colour(io.StringIO())
    assert text.width_of(io.StringIO(), None) == 120
    assert text.width_of(Terminal(), 0) == 0
    assert text.width_of(Terminal(), 10) == 60


@pytest.mark.parametrize("timestamp", [-(2**63), 2**63 - 1, 253_402_300_800_000])
def test_a_time_beyond_the_calendar_is_its_number(timestamp: int) -> None:
    assert text.clock(timestamp) == str(timestamp)
