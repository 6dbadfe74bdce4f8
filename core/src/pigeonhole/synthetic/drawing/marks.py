"""Marks on a page: text, lines and shapes, in points, y growing downwards."""

from dataclasses import dataclass, field
from typing import TypeAlias

Colour: TypeAlias = tuple[float, float, float]
Point: TypeAlias = tuple[float, float]
WHITE: Colour = (1.0, 1.0, 1.0)
BLACK: Colour = (0.05, 0.05, 0.07)
GREY: Colour = (0.45, 0.45, 0.48)


@dataclass(frozen=True, slots=True)
class Text:
    """A string whose baseline starts at (x, y); `angle` turns it anticlockwise, in degrees.

    `spacing` is put between the characters, in points. `readable` is false for words that a reader of the page cannot
    make out because they are covered or cut off.
    """

    x: float
    y: float
    words: str
    font: str
    size: float
    colour: Colour = BLACK
    angle: float = 0.0
    alpha: float = 1.0
    readable: bool = True
    spacing: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line, dashed when `dash` is above 0."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float = 0.5
    colour: Colour = BLACK
    dash: float = 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with its top left corner at (x, y)."""

    x: float
    y: float
    width: float
    height: float
    fill: Colour | None = None
    stroke: Colour | None = None
    line_width: float = 0.6
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, closed and filled when `fill` is set."""

    points: tuple[Point, ...]
    colour: Colour = BLACK
    width: float = 0.8
    fill: Colour | None = None
    alpha: float = 1.0


@dataclass(frozen=True, slots=True)
class Disc:
    """An ellipse around (x, y)."""

    x: float
    y: float
    radius_x: float
    radius_y: float
    fill: Colour | None = None
    stroke: Colour | None = None
    line_width: float = 0.8


Mark: TypeAlias = Text | Line | Box | Stroke | Disc


@dataclass
class Composed:
    """Marks of one part, its height, and the parts inside it with their offsets."""

    height: float
    marks: list[Mark] = field(default_factory=list)
    parts: list[tuple[float, float, "Composed"]] = field(default_factory=list)
    is_title: bool = False
