"""How well one colour stands out from another, by WCAG 2: 4.5 is what a text needs."""

from collections.abc import Sequence


def luminance(colour: Sequence[float]) -> float:
    """Return the relative luminance of a red, green and blue of 0 to 255."""
    parts = [value / 255 for value in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def of_hex(text: str) -> list[int]:
    """Return the red, green and blue of `#rrggbb`."""
    return [*bytes.fromhex(text.removeprefix("#"))]
