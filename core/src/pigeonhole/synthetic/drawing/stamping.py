"""Ink and paper that somebody put on a finished page: office stamps, stickers over a title."""

import math
import random

from pigeonhole.synthetic.drawing.marks import GREY, Box, Colour, Line, Mark, Stroke, Text
from pigeonhole.synthetic.drawing.measuring import text_width
from pigeonhole.synthetic.drawing.sheets import Sheet

INKS: tuple[Colour, ...] = ((0.16, 0.18, 0.52), (0.6, 0.12, 0.16), (0.12, 0.34, 0.2), (0.2, 0.2, 0.24))
_FONT = "Helvetica-Bold"


def stamp_marks(words: str, x: float, y: float, size: float, draw: random.Random) -> tuple[Mark, ...]:
    """A framed stamp centred at (x, y), turned a little; its words can be read."""
    ink, angle = draw.choice(INKS), draw.uniform(-14, 14)
    half = text_width(words, _FONT, size) / 2
    pad = size * 0.5
    corners = ((-half - pad, size * 0.75), (half + pad, size * 0.75), (half + pad, -size), (-half - pad, -size))
    outline = tuple(_turned(point, x, y, angle) for point in (*corners, corners[0]))
    start = _turned((-half, size * 0.25), x, y, angle)
    return (Stroke(outline, ink, size * 0.09), Text(*start, words, _FONT, size, ink, angle=angle, alpha=0.8))


def _turned(point: tuple[float, float], x: float, y: float, angle: float) -> tuple[float, float]:
    """The point, turned anticlockwise on a page whose y grows downwards, and moved to (x, y)."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return (x + point[0] * cosine + point[1] * sine, y - point[0] * sine + point[1] * cosine)


def stamped_over(sheet: Sheet, words: str, draw: random.Random) -> Sheet:
    """The sheet with its title hidden in half: by heavy strokes of a stamp, or by a sticker."""
    if sheet.title_box is None:
        return sheet
    left, top, right, bottom = sheet.title_box
    cover = _sticker if draw.random() < 0.5 else _scrawl
    return sheet.without_title(0.0, cover(left, top, right, bottom, words, draw))


def _sticker(left: float, top: float, right: float, bottom: float, words: str, draw: random.Random) -> tuple[Mark, ...]:
    """A label that covers the beginning or the end of the title."""
    width = max((right - left) * draw.uniform(0.6, 0.85), 40.0)
    x = left - 3 if draw.random() < 0.5 else right + 3 - width
    tone = draw.uniform(0.85, 0.98)
    size = min((bottom - top) * 0.5, (width - 8) / max(1.0, text_width(words, _FONT, 1.0)))
    return (
        Box(x, top - 2, width, bottom - top + 4, fill=(tone, tone, tone * 0.92), stroke=GREY, line_width=0.4),
        Text(x + 4, (top + bottom) / 2 + size * 0.35, words, _FONT, size),
    )


def _scrawl(left: float, top: float, right: float, bottom: float, words: str, draw: random.Random) -> tuple[Mark, ...]:
    """A stamp across the title whose bars run through its letters."""
    size = (bottom - top) * draw.uniform(0.7, 1.0)
    ink = draw.choice(INKS)
    bars = tuple(
        Line(left - 4, y, right + 4, y + draw.uniform(-3, 3), size * 0.16, ink)
        for y in (top + (bottom - top) * part for part in (0.3, 0.52, 0.74))
    )
    return (*bars, *stamp_marks(words, (left + right) / 2, (top + bottom) / 2, size, draw))
