"""Boxes, arrows and texts as SVG, for light and for dark pages.

A picture has a background of its own, since a page that shows it may be dark where its reader's system is
light, or the other way round: then it is the wrong one of the two, and still reads. Colours are classes; no
script, no font, no address, nothing that GitHub, PyPI or Construct Hub would leave out.

A text that does not fit its box is an error: it is measured in a wide font, that of no system is wider.
"""

from collections.abc import Iterator
from html import escape

Point = tuple[float, float]

# What is drawn, by name: its colour on a light page and on a dark one.
FILLS = {
    "page": ("#ffffff", "#14171a"),
    "area": ("#f4f6f8", "#1b2026"),
    "panel": ("#f4f6f8", "#1b2026"),
    "field": ("#ffffff", "#14171a"),
    "card": ("#ffffff", "#252b33"),
    "ours": ("#dcebfd", "#17375c"),
    "good": ("#daf3e2", "#143d29"),
    "kept": ("#fdeecb", "#46360d"),
    "bad": ("#fde0dd", "#55201c"),
}
LINES = {
    "page": ("#d0d7de", "#3d444d"),
    "area": ("#d0d7de", "#3d444d"),
    "panel": ("#f4f6f8", "#1b2026"),
    "field": ("#d0d7de", "#3d444d"),
    "card": ("#8c959f", "#6e7781"),
    "ours": ("#2f6fbd", "#5b9bec"),
    "good": ("#1d7a43", "#4cb37a"),
    "kept": ("#9a6700", "#d0a03a"),
    "bad": ("#b3261e", "#f0796f"),
}
# Texts: of notes it is the soft one, of all else the first, unless another tone is asked for.
TONES = {
    "text": ("#1c2126", "#e6eaee"),
    "soft": ("#4f5963", "#b3bcc6"),
    "ours": ("#1a56a0", "#8dbcf7"),
    "good": ("#176639", "#6fcf97"),
    "kept": ("#7a5200", "#e8b35a"),
    "bad": ("#b3261e", "#ff9d95"),
}

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SIZES = {"head": 15, "title": 13, "note": 12, "mono": 12}
"""Kinds of text, and their sizes in pixels at full width."""

MONO_WIDTH = 7.32
"""How many pixels a character of fixed width takes at most."""

# Shares of the size that a character is wide in DejaVu Sans, the widest of the fonts above; others: 0.65.
_WIDTHS = {share: set(characters) for share, characters in (
    (0.3, "'ijlIJ"), (0.37, " ,./:;|f-()[]t"), (0.45, '!r"'), (0.55, "*_`sz?cLFkvxyP"),
    (0.8, "HNDG&OQw"), (0.86, "#+<=>^~M→≥"), (1.0, "%mW@"),
)}  # fmt: skip


def width_of(text: str, kind: str) -> float:
    """Return how many pixels a text is wide at most."""
    if kind == "mono":
        return len(text) * MONO_WIDTH
    shares = sum(next((share for share, of in _WIDTHS.items() if one in of), 0.65) for one in text)
    return shares * SIZES[kind] * (1.1 if kind in ("head", "title") else 1)


class Drawing:
    """A picture that things are put on, in pixels from its upper left corner.

    Args:
        width: of the picture; 860 is what a page of GitHub shows without making it smaller.
        height: of the picture.
        title: what it is, for those who do not see it.
        about: what it shows, for the same.
    """

    def __init__(self, width: int, height: int, title: str, about: str) -> None:
        self._width, self._height = width, height
        self._about = f"<title>{escape(title)}</title><desc>{escape(about)}</desc>"
        self._parts: list[str] = []

    def area(self, x: float, y: float, width: float, height: float, title: str) -> None:
        """Draw what holds boxes: a stack, an account, somebody else's house."""
        self._rect("area", x, y, width, height)
        self.text(x + 14, y + 24, title, "head", within=width - 28)

    def box(
        self, x: float, y: float, width: float, height: float, title: str, *notes: str, kind: str = "card",
        named: str = "title",
    ) -> None:  # fmt: skip
        """Draw a box with a title and notes, one a line, in its middle."""
        self._rect(kind, x, y, width, height)
        below = 17
        top = y + (height - below * len(notes)) / 2 + 4.5
        self.text(x + width / 2, top, title, named, anchor="middle", within=width - 12)
        for number, note in enumerate(notes, 1):
            self.text(x + width / 2, top + number * below, note, "note", anchor="middle", within=width - 12)

    def field(self, x: float, y: float, width: float, height: float, text: str = "") -> None:
        """Draw what is filled in, or chosen from, or written in: a box without a weight of its own."""
        self._rect("field", x, y, width, height)
        if text:
            self.text(x + 10, y + height / 2 + 4, text, within=width - 16)

    def panel(self, x: float, y: float, width: float, height: float) -> None:
        """Draw a ground that is set off from the picture's."""
        self._rect("panel", x, y, width, height)

    def text(
        self, x: float, y: float, text: str, kind: str = "note", *, anchor: str = "start", tone: str = "",
        within: float = 0,
    ) -> None:  # fmt: skip
        """Write a text; `y` is its base line.

        Raises:
            ValueError: it is wider than `within`, or than what is left of the picture.
        """
        needs = width_of(text, kind)
        left = x - {"start": 0.0, "middle": needs / 2, "end": needs}[anchor]
        if needs > (within or self._width) or left < 0 or left + needs > self._width:
            raise ValueError(
                f"{text!r} is up to {needs:.0f} pixels wide: make room for it, or say it shorter"
            )
        classes = kind + (f" t-{tone}" if tone else "")
        more = f' text-anchor="{anchor}"' if anchor != "start" else ""
        more += ' xml:space="preserve"' if kind == "mono" else ""
        self._parts.append(f'<text x="{x:g}" y="{y:g}" class="{classes}"{more}>{escape(text)}</text>')

    def arrow(self, *points: Point, kind: str = "card", dashed: bool = False) -> None:
        """Draw an arrow through points to the last of them."""
        (x0, y0), (x1, y1) = points[-2:]
        length = max(abs(x1 - x0) + abs(y1 - y0), 1)
        right, down = (x1 - x0) / length, (y1 - y0) / length  # arrows run along the axes
        shaft = [*points[:-1], (x1 - 6 * right, y1 - 6 * down)]
        way = "L".join(f"{x:g} {y:g}" for x, y in shaft)
        self._parts.append(f'<path class="w-{kind}{" dashed" if dashed else ""}" d="M{way}"/>')
        tip = [
            (x1, y1),
            (x1 - 8 * right - 4 * down, y1 - 8 * down - 4 * right),
            (x1 - 8 * right + 4 * down, y1 - 8 * down + 4 * right),
        ]
        self._parts.append(f'<path class="h-{kind}" d="M{"L".join(f"{x:g} {y:g}" for x, y in tip)}Z"/>')

    def line(self, *points: Point, kind: str = "area") -> None:
        """Draw a line through points."""
        way = "L".join(f"{x:g} {y:g}" for x, y in points)
        self._parts.append(f'<path class="w-{kind}" d="M{way}"/>')

    def _rect(self, kind: str, x: float, y: float, width: float, height: float) -> None:
        if x < 0 or y < 0 or x + width > self._width or y + height > self._height:
            raise ValueError(f"a {kind} at {x:g}, {y:g} does not fit the picture: make it larger")
        self._parts.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"/>'
        )

    def svg(self) -> str:
        """Return the picture."""
        width, height = self._width, self._height
        box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">',
                self._about,
                "<style>",
                f"text {{ font: {SIZES['note']}px {SANS}; fill: {TONES['text'][0]} }}",
                *(f".{kind} {{ font-size: {size}px }}" for kind, size in SIZES.items() if kind != "note"),
                ".head, .title { font-weight: 600 } .mono { font-family: " + MONO + " }",
                "path { fill: none; stroke-width: 1.5 } .w-area { stroke-width: 1 }",
                ".dashed { stroke-dasharray: 5 4 }",
                *_colors(0),
                "@media (prefers-color-scheme: dark) {",
                f"text {{ fill: {TONES['text'][1]} }}",
                *_colors(1),
                "}",
                "</style>",
                f'<rect class="page" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"/>',
                *self._parts,
                "</svg>",
                "",
            ]
        )


def _colors(scheme: int) -> Iterator[str]:
    for kind, fill in FILLS.items():
        stroke = LINES[kind][scheme]
        yield f".{kind} {{ fill: {fill[scheme]}; stroke: {stroke} }}"
        yield f".w-{kind} {{ stroke: {stroke} }} .h-{kind} {{ fill: {stroke}; stroke: none }}"
    yield f".note {{ fill: {TONES['soft'][scheme]} }}"
    for kind, tone in TONES.items():
        yield f".t-{kind} {{ fill: {tone[scheme]} }}"
