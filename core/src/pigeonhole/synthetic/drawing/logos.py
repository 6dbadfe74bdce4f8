"""Logos made of simple shapes; none resembles a company's on purpose."""

import math
from collections.abc import Callable

from pigeonhole.synthetic.drawing.marks import WHITE, Box, Colour, Disc, Mark, Stroke
from pigeonhole.synthetic.draws import child_draw


def logo_marks(seed: int, size: float, colour: Colour) -> list[Mark]:
    """A logo in a square of `size` points; the seed chooses the shape."""
    draw = child_draw("logo", seed)
    return draw.choice(_SHAPES)(size, colour, draw.uniform(0.3, 0.7))


def _rings(size: float, colour: Colour, part: float) -> list[Mark]:
    half = size / 2
    return [
        Disc(half, half, half, half, fill=colour),
        Disc(half, half, half * part, half * part, fill=WHITE),
        Disc(half, half, half * part * 0.5, half * part * 0.5, fill=colour),
    ]


def _bars(size: float, colour: Colour, part: float) -> list[Mark]:
    heights = (part, 1.0, 0.6)
    step = size / 3
    return [Box(step * i, size * (1 - h), step * 0.8, size * h, fill=colour) for i, h in enumerate(heights)]


def _triangle(size: float, colour: Colour, part: float) -> list[Mark]:
    inner = ((size * part, size), (size * 0.5, size * part), (size * 0.85, size))
    return [
        Stroke(((0, size), (size / 2, 0), (size, size)), colour, 0.5, fill=colour),
        Stroke(inner, WHITE, 0.5, fill=WHITE),
    ]


def _tiles(size: float, colour: Colour, part: float) -> list[Mark]:
    side = size * 0.46
    pale: Colour = (colour[0] * part + 1 - part, colour[1] * part + 1 - part, colour[2] * part + 1 - part)
    corners = (
        (0.0, 0.0, colour),
        (size - side, 0.0, pale),
        (0.0, size - side, pale),
        (size - side, size - side, colour),
    )
    return [Box(x, y, side, side, fill=fill, radius=1.5) for x, y, fill in corners]


def _wave(size: float, colour: Colour, part: float) -> list[Mark]:
    points = tuple(
        (size * step / 16, size * (0.5 + part * 0.5 * math.sin(step / 16 * 2 * math.pi))) for step in range(17)
    )
    lower = tuple((x, y + size * 0.25) for x, y in points)
    return [Stroke(points, colour, size * 0.1), Stroke(lower, colour, size * 0.06)]


def _shield(size: float, colour: Colour, part: float) -> list[Mark]:
    outline = ((0.0, 0.0), (size, 0.0), (size, size * 0.6), (size / 2, size), (0.0, size * 0.6))
    return [
        Stroke(outline, colour, 0.8, fill=colour),
        Box(size * 0.42, size * 0.1, size * 0.16, size * part, fill=WHITE),
        Box(size * 0.2, size * 0.3, size * 0.6, size * 0.14, fill=WHITE),
    ]


_SHAPES: tuple[Callable[[float, Colour, float], list[Mark]], ...] = (_rings, _bars, _triangle, _tiles, _wave, _shield)
