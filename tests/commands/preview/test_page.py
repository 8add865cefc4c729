"""The page's HTML, before any browser: nothing in a log can leave its block of data."""

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from mezmo_forwarder_commands.preview.page import of_preview, render
from tests.commands.preview.samples import see
from tests.handler.doubles import make_settings

PIECES = [
    "</script>",
    "</script ",
    "<script ",
    "<script>",
    "<!--",
    "]]>",
    "\u2028",
    "\u2029",
    "\ud800",
    "\udc00",
    "\0",
    "\u202e",
    "&amp;",
    '"',
    "\\",
    "<",
]
HOSTILE = st.one_of(st.text(), st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))).map("".join))


class Elements(HTMLParser):
    """The elements of a page, and the text in each script and style."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.contents: list[tuple[str, str]] = []
        self._raw: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._raw = tag if tag in {"script", "style"} else None
        if self._raw:
            self.contents.append((tag, ""))

    def handle_endtag(self, _tag: str) -> None:
        self._raw = None

    def handle_data(self, data: str) -> None:
        if self._raw:
            tag, before = self.contents[-1]
            self.contents[-1] = tag, before + data


def page_of(messages: list[str], **settings: Any) -> str:
    return render(of_preview(see(messages, make_settings(**settings))))


def data_of(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Elements(page).contents[1][1])
    return found


def pairs(text: str) -> str:
    """Return the text as JavaScript has it, where two halves side by side are a pair."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


QUIET = [(tag, attributes) for tag, attributes in Elements(page_of(["x"])).elements]


@given(
    st.lists(HOSTILE), HOSTILE.filter(lambda text: 0 < len(text.encode("utf-8", "replace").decode()) < 200)
)
def test_hostile_lines_are_data_and_nothing_else(messages: list[str], name: str) -> None:
    clean = re.sub("[\ud800-\udfff]", "", name) or "x"
    assume(not re.search(r"\{[a-z_]+\}", clean))  # a template, which is replaced
    page = page_of(messages, app=clean, hostname=clean)

    data = Elements(page).contents[1][1]
    assert data.isascii()
    assert not set("<>&") & set(data), "nothing that a parser of HTML looks for"
    assert Elements(page).elements == QUIET, "the same elements, whatever the lines"
    entries = data_of(page)["entries"]
    assert [event["message"] for events, _, _ in entries for event in events] == [
        pairs(message) for message in messages
    ]
    assert {line["host"] for _, lines, _ in entries for line in lines} <= {clean}


def test_the_policy_allows_the_pages_own_script_and_style_alone() -> None:
    found = Elements(page_of(["x"]))
    (policy,) = [attributes["content"] for _, attributes in found.elements if "http-equiv" in attributes]
    (style, _, script) = (contents for _, contents in found.contents)

    def digest(text: str) -> str:
        return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert policy == (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_page_names_no_address() -> None:
    page = page_of(["x"])

    assert not re.search(r"(?:https?:)?//[a-z]", page.replace(" // ", " "))
    assert not [
        name
        for _, attributes in QUIET
        for name in attributes
        if name in {"src", "href", "style"} or name.startswith("on")
    ]


def test_numbers_that_javascript_rounds_are_texts() -> None:
    from mezmo_forwarder_commands.preview.page import _exact  # noqa: PLC0415

    assert _exact({"a": [2**53 + 1, 2**53, True]}) == {"a": [str(2**53 + 1), 2**53, True]}


def test_entries_stand_in_the_order_of_their_times() -> None:
    from mezmo_forwarder_commands.preview.inputs import Payload, pack  # noqa: PLC0415
    from mezmo_forwarder_commands.preview.preview import preview  # noqa: PLC0415
    from tests.handler.cloudwatch import make_document  # noqa: PLC0415

    documents = [make_document(["1", "2"], group=group) for group in ("/a", "/b")]
    seen = preview(make_settings(), [Payload(pack(document), "test") for document in documents])
    entries = data_of(render(of_preview(seen)))["entries"]

    assert [event["message"] for events, _, _ in entries for event in events] == ["1", "1", "2", "2"]
