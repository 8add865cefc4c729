"""The documents' pictures are what their sources draw, and can be read on a light and on a dark page."""

import re
from itertools import product
from xml.etree import ElementTree as ET

import pytest

from docs.images import drawing, pictures
from tests.contrast import contrast, of_hex

NAMES = [*pictures.PICTURES]


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_what_its_source_draws(name: str) -> None:
    path, picture = pictures.PICTURES[name]

    assert path.read_text(encoding="utf-8") == picture(), "run `projen pictures`"


def test_every_picture_has_a_source() -> None:
    sources = {path for path, _ in pictures.PICTURES.values()}

    assert {*pictures.HERE.glob("*.svg"), *pictures.HERE.glob("*.png")} == sources


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_it_is_left_out_by_a_page_that_shows_it(name: str) -> None:
    """A page shows it as `<img>`, which runs no script and loads nothing."""
    text = pictures.PICTURES[name][0].read_text(encoding="utf-8")
    root = ET.fromstring(text)
    kinds = {element.tag.partition("}")[2] for element in root.iter()}
    addresses = re.findall(r"https?://[^\s\"]+", text)

    assert kinds <= {"svg", "title", "desc", "style", "rect", "path", "text", "g"}
    assert addresses == ["http://www.w3.org/2000/svg"]
    assert "@media (prefers-color-scheme: dark)" in text
    assert re.search(r"url\(|@import", text) is None


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_ground_of_its_own(name: str) -> None:
    """The page around it may be dark where the reader's system is light."""
    text = pictures.PICTURES[name][0].read_text(encoding="utf-8")
    first = re.search("<(?:rect|path|text)[^>]*>", text)

    assert first
    assert 'class="page"' in first[0]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_stands_out_from_every_ground(scheme: int) -> None:
    plain = [("text", ground) for ground in drawing.FILLS] + [("soft", ground) for ground in drawing.FILLS]
    toned = list(product(drawing.TONES, ("page", "area", "panel", "card")))

    for tone, ground in [*plain, *toned]:
        found = contrast(of_hex(drawing.TONES[tone][scheme]), of_hex(drawing.FILLS[ground][scheme]))
        assert found >= 4.5, f"{tone} on {ground}: {found:.2f}"


def test_a_text_that_does_not_fit_is_refused() -> None:
    one = drawing.Drawing(100, 100, "title", "about")

    with pytest.raises(ValueError, match="'a text that is too long' is up to .* pixels wide: make room"):
        one.box(0, 0, 90, 40, "a text that is too long")
    with pytest.raises(ValueError, match="does not fit the picture"):
        one.box(20, 0, 90, 40, "")
