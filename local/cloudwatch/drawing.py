"""A dashboard as a picture: SVG, in light and in dark."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from local.cloudwatch.alarms import Alarm, State
from local.cloudwatch.metrics import Metrics
from local.cloudwatch.widgets import Series, series_of

_COLUMN, _ROW, _GAP = 40, 40, 4  # narrow: GitHub shows 840 pixels, and makes smaller what is wider
_COLUMNS = 24
_COLORS = ("#2f7ed8", "#e8853d", "#3fa66b", "#d64f58", "#9067c6", "#a9773c", "#d667a8", "#7d8790", "#1fa7b8")
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #16191f }
.page { fill: #f2f3f3 } .card { fill: #fff; stroke: #d5dbdb } .grid { stroke: #e3e8e8 }
.small { font-size: 11px; fill: #545b64 } .big { font-size: 21px }
.head { font-size: 16px; font-weight: 600 }
.ok { fill: #1d8102 } .alarm { fill: #d13212 } .on { fill: #fff }
@media (prefers-color-scheme: dark) {
text { fill: #e9ebed } .page { fill: #0f1b2a } .card { fill: #16212e; stroke: #37475a }
.grid { stroke: #2a3746 }
.small { fill: #aab7b8 } .on { fill: #fff }
}
"""


@dataclass(frozen=True)
class Shown:
    """What a dashboard shows: metrics, the states of alarms; of which time, in seconds since 1970."""

    metrics: Metrics
    alarms: Sequence[Alarm]
    begin: float
    end: float


def draw(body: Mapping[str, Any], shown: Shown) -> str:
    """Return the picture of a dashboard, by its body as CloudFormation passes it on."""
    widgets = body["widgets"]
    width = _COLUMNS * _COLUMN + _GAP
    height = max(widget["y"] + widget["height"] for widget in widgets) * _ROW + _GAP
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{width}" height="{height}"/>',
    ]
    for widget in widgets:
        size = (widget["width"] * _COLUMN - _GAP, widget["height"] * _ROW - _GAP)
        parts.append(f'<g transform="translate({widget["x"] * _COLUMN + _GAP} {widget["y"] * _ROW + _GAP})">')
        parts += _widget(widget, size, shown)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _widget(widget: Mapping[str, Any], size: tuple[int, int], shown: Shown) -> Iterator[str]:
    width, height = size
    properties = widget["properties"]
    if widget["type"] == "text":
        yield _text(6, height - 9, properties["markdown"].removeprefix("## "), "head")
        return
    yield f'<rect class="card" width="{width}" height="{height}" rx="4"/>'
    yield _title(properties["title"], width - 20)
    if widget["type"] == "alarm":
        yield from _states(size, shown)
        return
    series = series_of(properties, shown.metrics, shown.begin, shown.end)
    match properties["view"]:
        case "singleValue":
            yield from _numbers(size, series)
        case "bar":
            yield from _bars(size, series)
        case _:
            yield from _graph(size, series, shown, stacked=properties.get("stacked", False))


def _title(title: str, room: int) -> str:
    """Return a widget's title, pressed together where it would be longer than its widget."""
    pressed = f' textLength="{room}" lengthAdjust="spacingAndGlyphs"' if len(title) * 6.4 > room else ""
    return f'<text x="10" y="19"{pressed}>{escape(title)}</text>'


def _states(size: tuple[int, int], shown: Shown) -> Iterator[str]:
    across = 5
    width = (size[0] - 20) / across
    for number, alarm in enumerate(shown.alarms):
        x, y = 10 + number % across * width, 30 + number // across * 31
        kind = "alarm" if alarm.state(shown.metrics, shown.end) is State.ALARM else "ok"
        yield f'<rect class="{kind}" x="{x:.0f}" y="{y}" width="{width - 6:.0f}" height="27" rx="3"/>'
        words = re.sub("([A-Z])", lambda found: " " + found[1].lower(), alarm.name)
        yield _text(x + 8, y + 18, words, "on")


def _numbers(size: tuple[int, int], series: Sequence[Series]) -> Iterator[str]:
    for number, one in enumerate(series):
        x, y = 12 + number % 2 * (size[0] - 12) / 2, 54 + number // 2 * 52
        (value,) = one.values
        yield _text(x, y, _show(value), "big")
        yield _mark(x, y + 9, number) + _text(x + 13, y + 18, one.label, "small")


def _bars(size: tuple[int, int], series: Sequence[Series]) -> Iterator[str]:
    largest = max((one.values[0] or 0 for one in series), default=0) or 1
    step = min(30, (size[1] - 40) / max(len(series), 1))
    for number, one in enumerate(series):
        value, y = one.values[0] or 0, 32 + number * step
        length = value / largest * (size[0] - 420)
        yield _text(10, y + step / 2 + 2, one.label, "small")
        color = _color(number)
        yield f'<rect x="300" y="{y:.0f}" width="{length:.0f}" height="{step - 6:.0f}" fill="{color}"/>'
        yield _text(308 + length, y + step / 2 + 2, _show(value), "small")


def _graph(size: tuple[int, int], series: Sequence[Series], shown: Shown, *, stacked: bool) -> Iterator[str]:
    left, top = 52, 30
    width = size[0] - left - (52 if any(one.right for one in series) else 16)
    places = _legend(series, size[0])
    height = size[1] - top - 24 - places[-1][1] - 15
    ceilings = [
        _ceiling([one for one in series if one.right is right], stacked=stacked) for right in (False, True)
    ]
    for step in range(5):
        y = top + height - step * height / 4
        yield f'<path class="grid" d="M{left} {y:.1f}h{width}"/>'
        if step % 2 == 0:
            yield _text(left - 6, y + 4, _show(ceilings[0] * step / 4), "small", "end")
            if any(one.right for one in series):
                yield _text(left + width + 6, y + 4, _show(ceilings[1] * step / 4), "small")
    for share in (0, 0.5, 1):
        minutes = int((shown.begin + share * (shown.end - shown.begin)) % 86400 // 60)
        x = left + share * width
        anchor = {0.0: "start", 1.0: "end"}.get(share, "middle")
        yield _text(x, top + height + 14, f"{minutes // 60:02}:{minutes % 60:02}", "small", anchor)
    below = [0.0] * max((len(one.values) for one in series), default=0)
    for number, one in enumerate(series):
        base = below[:]
        if stacked:
            below = [under + (value or 0) for under, value in zip(below, one.values, strict=True)]
        points: list[tuple[float, float] | None] = []
        for place, value in enumerate(one.values):
            if value is None and not stacked:
                points.append(None)
                continue
            high = below[place] if stacked else value or 0
            x = left + (place + 0.5) / len(one.values) * width
            points.append((x, top + height - high / ceilings[one.right] * height))
        color = _color(number)
        if stacked:
            floor = [
                (left + (place + 0.5) / len(base) * width, top + height - value / ceilings[0] * height)
                for place, value in enumerate(base)
            ]
            area = [point for point in points if point] + floor[::-1]
            outline = "L".join(f"{x:.1f} {y:.1f}" for x, y in area)
            yield f'<path fill="{color}" fill-opacity=".75" d="M{outline}Z"/>'
        else:
            line = _line(points)
            yield f'<path fill="none" stroke="{color}" stroke-width="1.8" stroke-linecap="round" d="{line}"/>'
        x, y = places[number][0], size[1] - places[-1][1] - 15 + places[number][1] - 4
        yield _mark(x, y, number) + _text(x + 13, y + 9, _named(one), "small")


def _legend(series: Sequence[Series], width: int) -> list[tuple[float, int]]:
    """Return where each label stands, from the left and from the first line of the legend."""
    places: list[tuple[float, int]] = []
    x, y = 10.0, 0
    for one in series:
        needs = 26 + len(_named(one)) * 6.2
        if x > 10 and x + needs > width:
            x, y = 10.0, y + 15
        places.append((x, y))
        x += needs
    return places or [(10.0, 0)]


def _named(one: Series) -> str:
    return one.label + (" (right)" if one.right else "")


def _line(points: Sequence[tuple[float, float] | None]) -> str:
    parts = []
    for before, point in pairwise([None, *points]):
        if point:
            parts.append(f"{'L' if before else 'M'}{point[0]:.1f} {point[1]:.1f}" + ("" if before else "h.1"))
    return "".join(parts)


def _ceiling(series: Sequence[Series], *, stacked: bool) -> float:
    columns = zip(*(one.values for one in series), strict=True)
    tops = [
        sum(value or 0 for value in column) if stacked else max(value or 0 for value in column)
        for column in columns
    ]
    largest = max(tops, default=0)
    step = 1.0
    while step * 10 < largest:
        step *= 10
    return next((step * factor for factor in (1, 2, 4, 6, 8, 10) if step * factor >= largest), largest) or 1


def _show(value: float | None) -> str:
    if value is None:
        return "-"
    if value and abs(value) < 1:
        return f"{value:.4g}"
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= unit:
            return f"{value / (1000 if name == 'k' else unit):.3g} {name}"
    return f"{value:,.0f}"


def _color(number: int) -> str:
    return _COLORS[number % len(_COLORS)]


def _mark(x: float, y: float, number: int) -> str:
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="9" height="9" rx="2" fill="{_color(number)}"/>'


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{named}{place}>{escape(text)}</text>'
