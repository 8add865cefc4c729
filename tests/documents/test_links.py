"""No link leads nowhere."""

import posixpath
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest

from tests.documents.external_links import external, verdict
from tests.documents.markdown import (
    anchors,
    documents,
    inline_code,
    links,
    slug,
    tracked,
    undefined_references,
)

FOLDERS = {path.partition("/")[0] for path in tracked() if "/" in path}


@pytest.mark.parametrize("document", documents())
def test_every_link_leads_to_a_file_of_the_repository_and_an_anchor_in_it(document: str) -> None:
    assert [link for link in links(document) if not urlsplit(link).scheme and not leads(document, link)] == []
    assert undefined_references(document) == []


def leads(document: str, link: str) -> bool:
    """Whether a link in a document leads to something that a clone has."""
    path, _, anchor = unquote(link).partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(document), path)) if path else document
    if target not in tracked():
        return False
    return not anchor or (target.endswith(".md") and anchor in anchors(target))


@pytest.mark.parametrize("document", documents())
def test_every_path_in_a_sentence_is_there(document: str) -> None:
    paths = [
        code.rstrip("/") for code in inline_code(document) if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", code)
    ]

    assert [path for path in paths if path.partition("/")[0] in FOLDERS and path not in tracked()] == []


@pytest.mark.parametrize("document", documents())
def test_every_link_to_the_outside_is_one_that_all_readers_can_follow(document: str) -> None:
    address = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/\S*)?(?<![.,;:])|mailto:\S+@\S+")

    assert [link for link in external(document) if not address.fullmatch(link)] == []


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Try it on one machine", "try-it-on-one-machine"),
        ("What it does about failure?", "what-it-does-about-failure"),
        ("`LineFormat.STANDARD`, and *others*", "lineformatstandard-and-others"),
        ("The [key](key.md) & its place", "the-key--its-place"),
        ("log_group_tags", "log_group_tags"),
        ("a _word_ → and an arrow", "a-word--and-an-arrow"),
        ("1. Größe", "1-größe"),
    ],
)
def test_anchors_are_githubs(heading: str, expected: str) -> None:
    assert slug(heading) == expected


class Site(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_tried_before_a_release(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert [verdict(f"{site}/{status}") for status in (200, 404, 410, 403, 503)] == [
        "there", "not there", "not there", "cannot tell", "cannot tell",
    ]  # fmt: skip
