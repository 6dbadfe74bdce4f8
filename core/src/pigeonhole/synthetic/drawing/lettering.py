"""The word SPECIMEN in pen strokes.

Identity papers must show it, and no other class does. As text it would stand in the text layer and give the class away
to any text classifier; as strokes across the page, people see it and text readers pass over it.
"""

import math
import random

from pigeonhole.synthetic.drawing.marks import Colour, Mark, Point, Stroke

_INK: Colour = (0.45, 0.38, 0.42)
_ALPHA = 0.38
_STEP = 1.3
"""Distance between two letters, in their width."""
_LETTERS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "S": (((1, 0.15), (0.8, 0), (0.2, 0), (0, 0.2), (0.2, 0.5), (0.8, 0.5), (1, 0.8), (0.8, 1), (0.2, 1), (0, 0.85)),),
    "P": (((0, 1), (0, 0), (0.75, 0), (1, 0.15), (1, 0.4), (0.75, 0.55), (0, 0.55)),),
    "E": (((1, 0), (0, 0), (0, 1), (1, 1)), ((0, 0.5), (0.8, 0.5))),
    "C": (((1, 0.15), (0.8, 0), (0.2, 0), (0, 0.2), (0, 0.8), (0.2, 1), (0.8, 1), (1, 0.85)),),
    "I": (((0.5, 0), (0.5, 1)),),
    "M": (((0, 1), (0, 0), (0.5, 0.6), (1, 0), (1, 1)),),
    "N": (((0, 1), (0, 0), (1, 1), (1, 0)),),
}


def specimen_marks(width: float, height: float, draw: random.Random) -> list[Mark]:
    """The word across the middle of a page of this size in points, rising to the right."""
    word = "SPECIMEN"
    letter = width * draw.uniform(0.058, 0.07)
    angle = math.radians(draw.uniform(12, 26 if width <= height else 18))
    middle = (width / 2, height * draw.uniform(0.46, 0.58))
    length = letter * (_STEP * (len(word) - 1) + 1)
    marks: list[Mark] = []
    for number, character in enumerate(word):
        left = number * letter * _STEP - length / 2
        for line in _LETTERS[character]:
            flat = ((left + x * letter, (y - 0.5) * letter * 1.5) for x, y in line)
            points = tuple(_raised(point, middle, angle) for point in flat)
            marks.append(Stroke(points, _INK, letter * 0.14, alpha=_ALPHA))
    return marks


def _raised(point: Point, middle: Point, angle: float) -> Point:
    x, y = point
    return (
        middle[0] + x * math.cos(angle) + y * math.sin(angle),
        middle[1] - x * math.sin(angle) + y * math.cos(angle),
    )
