"""The page in a real browser: what is seen, filtered, unfolded, and that hostile lines stay text."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mezmo_forwarder_commands.preview.inputs import Payload, pack
from mezmo_forwarder_commands.preview.page import of_preview, render
from mezmo_forwarder_commands.preview.preview import preview
from tests.commands.preview import browser as browsers
from tests.commands.preview.browser import Browser
from tests.commands.preview.samples import see
from tests.contrast import contrast, luminance
from tests.handler.cloudwatch import make_document
from tests.handler.doubles import make_settings

PROGRAM = browsers.find()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason=f"no browser here: none of {', '.join(browsers.NAMES)}, nor MEZMO_DEV_BROWSER"
)
SHOWN = "document.getElementById('shown').value"
ROWS = "[...document.querySelectorAll('.row')]"
STACK_TRACES = {"kind": "stack-traces"}
TRACE = ["ERROR a", "Traceback (most recent call last):", '  File "a.py", line 1, in b', "ValueError: b"]
Show = Callable[..., None]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert PROGRAM
    with browsers.start(PROGRAM) as started:
        started.look()
        yield started


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Show:
    """Open the page of some messages; keyword arguments are settings."""

    def show(messages: list[str], **told: Any) -> None:
        path = tmp_path / "page.html"
        path.write_text(render(of_preview(see(messages, make_settings(**told)))), encoding="utf-8")
        browser.open(path)

    return show


def choose(browser: Browser, name: str, value: str) -> None:
    """Choose an option, as a user does."""
    browser.evaluate(
        f"(() => {{ const e = document.getElementById({json.dumps(name)}); e.value = {json.dumps(value)};"
        " e.dispatchEvent(new Event('change', { bubbles: true })); })()"
    )


def unfold(browser: Browser) -> None:
    """Unfold every row, and wait until it is."""
    browser.evaluate("document.querySelectorAll('summary').forEach(summary => summary.click())")
    browser.evaluate(
        "new Promise(done => { const look = () => document.querySelectorAll('.unfolded').length"
        f" === {ROWS}.length ? done() : setTimeout(look, 5); look(); }})"
    )


def lines_of(browser: Browser) -> list[str]:
    found: list[str] = browser.evaluate(f"{ROWS}.map(row => row.querySelector('.line').textContent)")
    return found


def colour_of(browser: Browser, selector: str, name: str) -> list[float]:
    """Return the red, green and blue of an element's colour."""
    style = f"getComputedStyle(document.querySelector({json.dumps(selector)}))[{json.dumps(name)}]"
    found: list[float] = browser.evaluate(f"{style}.match(/[\\d.]+/g).map(Number)")
    return found[:3]


def test_the_view(browser: Browser, show: Show) -> None:
    show(['{"level":"error","message":"boom"}', " ", "plain\ntwo"], app="web")

    cells = browser.evaluate(
        f"{ROWS}.map(row => [...row.querySelector('summary').children].map(c => c.textContent))"
    )
    host = "checkout"
    assert cells == [
        ["Nov 18 11:06:40.000", '{"level":"error","message":"boom"}', "ERROR", host, "web", "boom"],
        ["Nov 18 11:06:40.001", "", "", "", "", "filtered: empty"],
        ["Nov 18 11:06:40.002", "plain ↵ two", "", host, "web", "plain ↵ two"],
    ]
    assert browser.evaluate(SHOWN) == "3 of 3 rows"
    assert len(browser.requests) == 1, "the page itself"
    assert browser.complaints == []


def test_what_does_not_show_is_shown_by_its_number(browser: Browser, show: Show) -> None:
    show(["\x1b[31ma\0b", "\u202eevil\u2028", "\ud83d 😀\u00ad\r\nx"])

    events = browser.evaluate(f"{ROWS}.map(row => row.querySelector('.in').textContent)")
    assert events == ["\\x1b[31ma\\x00b", "\\u{202e}evil", "\\u{d83d} 😀\\xad ↵ x"]


def test_filters(browser: Browser, show: Show) -> None:
    show(["ERROR one", "WARN two", "three", "x" * 20_000, ""])

    beside = "document.getElementById('beside').click()"
    browser.evaluate(beside)
    assert browser.evaluate(SHOWN) == "5 of 6 rows", "without the event that became no line"
    browser.evaluate(beside)
    choose(browser, "level", "WARN")
    assert lines_of(browser) == ["WARN two"]
    choose(browser, "level", "")
    choose(browser, "note", "filtered")
    assert lines_of(browser) == ["filtered: empty"]
    choose(browser, "note", "split")
    assert browser.evaluate(SHOWN) == "2 of 6 rows"
    choose(browser, "note", "")
    choose(browser, "host", "checkout")
    choose(browser, "app", "checkout")
    assert browser.evaluate(SHOWN) == "5 of 6 rows"
    browser.evaluate(beside)
    assert browser.evaluate("getComputedStyle(document.querySelector('summary .in')).display") == "none"
    browser.evaluate("document.getElementById('text').value = 'nowhere'")
    choose(browser, "app", "checkout")
    assert browser.evaluate("document.getElementById('none').hidden") is False
    browser.evaluate("document.getElementById('clear').click()")
    assert browser.evaluate(SHOWN) == "6 of 6 rows"


def test_by_keyboard(browser: Browser, show: Show) -> None:
    show(["ERROR one", "WARN two"])

    browser.press("/", 191)
    for letter in "two":
        browser.press(letter, ord(letter.upper()))
    browser.evaluate("new Promise(done => setTimeout(done, 150))")
    assert lines_of(browser) == ["WARN two"]
    browser.press("Escape", 27)
    assert lines_of(browser) == ["ERROR one", "WARN two"]
    browser.evaluate("document.activeElement.blur()")
    browser.press("ArrowDown", 40)
    browser.press("ArrowDown", 40)
    browser.press("Enter", 13)
    assert browser.evaluate(f"{ROWS}.map(row => row.querySelector('details').open)") == [False, True]
    browser.press("ArrowUp", 38)
    assert browser.evaluate("document.activeElement.querySelector('.line').textContent") == "ERROR one"


def test_what_unfolds(browser: Browser, show: Show) -> None:
    show(["é" * 10_000], tags=["eu"])
    unfold(browser)

    line = "document.querySelector('.unfolded section:last-of-type')"
    names = browser.evaluate(f"[...{line}.querySelectorAll('dt')].map(e => e.textContent)")
    assert names == [
        "host", "tags", "timestamp", "app", "meta.owner", "meta.group", "meta.stream", "meta.event_id",
        "meta.filters", "meta.aws_service", "meta.function", "meta.parts", "meta.part_head",
        "meta.part_tail", "meta.part",
    ]  # fmt: skip
    texts = browser.evaluate("[...document.querySelectorAll('.unfolded pre')].map(e => e.textContent.length)")
    assert texts == [10_000, 8_192, 10_000, 1_808]
    assert browser.evaluate("document.querySelector('.notes').textContent").startswith("split: over 16 KB")


def test_joined_events_say_once_where_they_are_from(browser: Browser, show: Show) -> None:
    show(TRACE[:3], multiline=STACK_TRACES)
    unfold(browser)

    first = "document.querySelector('.unfolded section')"
    names = browser.evaluate(f"[...{first}.querySelectorAll('dt')].map(e => e.textContent)")
    assert names == ["time", "id", "group", "stream", "account", "filters", "time", "id", "time", "id"]


def test_on_a_narrow_page_joined_events_stand_in_the_one_column_of_texts(
    browser: Browser, show: Show
) -> None:
    browser.look(width=400)
    show([*TRACE, ""], multiline=STACK_TRACES)

    shown = (
        "[...row.querySelectorAll('summary > *')].filter(e => e.checkVisibility()).map(e => e.textContent)"
    )
    assert browser.evaluate(f"{ROWS}.map(row => {shown}.at(-1))") == [
        " ↵ ".join(TRACE) + "joined",
        *TRACE[1:],
        "filtered: empty",
    ]
    assert browser.evaluate(f"new Set({ROWS}.map(row => row.offsetHeight)).size") == 1
    browser.look()


MARKUP = [
    "<script>x=1</script>",
    "</script><img src=x onerror=alert(1)>",
    "</script ><script >alert(1)</script >",
    "<!--<script>",
    "\u2028",
    "\u202e",
    "\0",
    "\ud83d",
]
HOSTILE = st.one_of(st.text(max_size=50), st.lists(st.sampled_from(MARKUP), max_size=5).map("".join))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(HOSTILE, min_size=1, max_size=8))
def test_hostile_lines_stay_text(browser: Browser, show: Show, messages: list[str]) -> None:
    show(messages)
    unfold(browser)

    # What a message is, code unit by code unit: half a pair has no text in the protocol.
    units = "text => Array.from({ length: text.length }, (_, place) => text.charCodeAt(place))"
    shown = "[...document.querySelectorAll('.unfolded section:first-of-type pre')]"
    found = browser.evaluate(f"{shown}.map(e => ({units})(e.textContent))")
    sent = [message.encode("utf-16-le", "surrogatepass") for message in messages]
    assert found == [
        [int.from_bytes(text[at : at + 2], "little") for at in range(0, len(text), 2)] for text in sent
    ]
    assert browser.evaluate("document.querySelectorAll('script').length") == 2
    assert browser.evaluate("document.querySelectorAll('main img, main script, main iframe').length") == 0
    assert len(browser.requests) == 1
    assert browser.complaints == []


def test_a_time_beyond_the_calendar(browser: Browser, tmp_path: Path) -> None:
    document = make_document(["x"])
    document["logEvents"][0]["timestamp"] = 2**62  # type: ignore[index]
    (tmp_path / "page.html").write_text(
        render(of_preview(preview(make_settings(), [Payload(pack(document), "test")])))
    )
    browser.open(tmp_path / "page.html")
    unfold(browser)

    assert browser.evaluate("document.querySelector('time').textContent").startswith("46116860184273")
    assert browser.complaints == []


def test_a_line_of_a_megabyte(browser: Browser, show: Show) -> None:
    show(["</script>" + "x" * 1_000_000], oversize_lines="whole")
    unfold(browser)

    assert browser.evaluate("document.querySelector('.unfolded pre').textContent.length") == 1_000_009
    assert browser.evaluate("document.querySelector('summary .in').textContent.length") < 500
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_ten_thousand_lines(browser: Browser, show: Show) -> None:
    show([f"{['ERROR', 'INFO'][number % 2]} line {number}" for number in range(10_000)])

    assert browser.evaluate(SHOWN) == "10,000 of 10,000 rows"
    assert browser.evaluate(f"{ROWS}.length") < 500, "only what is near is built"
    choose(browser, "level", "ERROR")
    assert browser.evaluate(SHOWN) == "5,000 of 10,000 rows"
    browser.evaluate("scrollTo(0, document.body.scrollHeight)")
    browser.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 200)))")
    assert lines_of(browser)[-1] == "ERROR line 9998"
    assert browser.evaluate(f"{ROWS}.at(-1).getAttribute('aria-posinset')") == "5000"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_can_be_read(browser: Browser, show: Show, dark: bool) -> None:
    browser.look(dark=dark)
    show(["ERROR a", "WARN b", "INFO c", "DEBUG d", "FATAL e", "x" * 20_000, ""])
    body = colour_of(browser, "html", "backgroundColor")

    assert (luminance(body) < 0.05) == dark
    for selector in (
        "html",
        "time",
        ".ERROR",
        ".WARN",
        ".INFO",
        ".DEBUG",
        ".host",
        ".note",
        ".note.filtered",
        "#shown",
    ):
        found = contrast(colour_of(browser, selector, "color"), body)
        assert found >= 4.5, f"{selector}: {found:.2f}"
    browser.look()


@pytest.mark.parametrize("width", [360, 800, 1440])
def test_no_page_is_wider_than_its_window(browser: Browser, show: Show, width: int) -> None:
    browser.look(width=width)
    show(["x" * 3000, '{"level":"error","message":"' + "y" * 300 + '"}'], hostname="h" * 200, app="a" * 200)
    unfold(browser)

    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    browser.look()


def test_every_control_has_a_name(browser: Browser, show: Show) -> None:
    show(["ERROR one"])
    tree: list[dict[str, Any]] = browser.call("Accessibility.getFullAXTree")["nodes"]
    controls = {"searchbox", "combobox", "checkbox", "button", "list", "DisclosureTriangle"}
    named = [
        (node["role"]["value"], node.get("name", {}).get("value"))
        for node in tree
        if not node.get("ignored") and node["role"]["value"] in controls
    ]

    assert {"searchbox", "combobox", "checkbox", "list", "DisclosureTriangle"} <= {role for role, _ in named}
    assert all(name for _, name in named), named
    assert {"Host", "App", "Level"} <= {name for role, name in named if role == "combobox"}
    assert any("ERROR one" in name for role, name in named if role == "DisclosureTriangle")
