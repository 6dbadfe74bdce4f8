"""Composition of drawn figures: portrait, signature, codes, stamps, emblems, charts."""

import math
import random

from pigeonhole.synthetic.blocks import Figure
from pigeonhole.synthetic.drawing.logos import logo_marks
from pigeonhole.synthetic.drawing.marks import BLACK, GREY, WHITE, Box, Colour, Composed, Disc, Line, Mark, Stroke, Text
from pigeonhole.synthetic.drawing.measuring import text_width
from pigeonhole.synthetic.drawing.style import Style
from pigeonhole.synthetic.draws import child_draw

PEN: Colour = (0.1, 0.15, 0.5)
STAMP: Colour = (0.25, 0.25, 0.62)


def compose_figure(block: Figure, width: float, style: Style) -> Composed:
    """Draw the figure of this kind; the seed decides its details."""
    draw = child_draw("figure", block.kind, block.seed)
    match block.kind:
        case "photo":
            return _portrait(draw, width, style)
        case "signature":
            return _signature(draw, width, style)
        case "qr":
            return _square_code(draw, width, style)
        case "barcode":
            return _bar_code(draw, width, style)
        case "chart":
            return _chart(draw, width, style)
        case "chip":
            return _chip(width, style)
        case "emblem":
            side = style.size * 3.5
            return Composed(side + 3, logo_marks(block.seed, side, style.accent))
        case "seal" | "stamp":
            return _seal(block.words, width, style)


def _portrait(draw: random.Random, width: float, style: Style) -> Composed:
    """A head and shoulders in grey: a placeholder, nobody's face."""
    across = min(width, style.size * 8)
    tall = across * 1.28
    tone = draw.uniform(0.45, 0.7)
    hair: Colour = (tone * 0.5, tone * 0.45, tone * 0.4)
    skin: Colour = (tone * 1.2, tone * 1.1, tone)
    cloth: Colour = (tone * 0.6, tone * 0.62, tone * 0.75)
    middle = across / 2
    shoulders = (
        (across * 0.08, tall),
        (across * 0.16, tall * 0.78),
        (across * 0.38, tall * 0.7),
        (across * 0.62, tall * 0.7),
        (across * 0.84, tall * 0.78),
        (across * 0.92, tall),
    )
    marks: list[Mark] = [
        Box(0, 0, across, tall, fill=(0.88, 0.89, 0.91)),
        Disc(middle, tall * 0.36, across * 0.25, tall * 0.24, fill=hair),
        Stroke(shoulders, cloth, 0.5, fill=cloth),
        Box(across * 0.41, tall * 0.56, across * 0.18, tall * 0.17, fill=skin),
        Disc(middle, tall * 0.42, across * 0.19, tall * 0.2, fill=skin),
        Box(0, 0, across, tall, stroke=GREY, line_width=0.7),
    ]
    return Composed(tall + 4, marks)


def _signature(draw: random.Random, width: float, style: Style) -> Composed:
    """A pen line of a few loops."""
    across = min(width * 0.7, style.size * draw.uniform(9, 14))
    tall = style.size * draw.uniform(2.4, 3.6)
    loops = draw.randint(3, 6)
    phase = draw.uniform(0, 2)
    points = []
    for step in range(60):
        share = step / 59
        swing = math.sin(share * loops * 2 * math.pi + phase) * (1 - share * 0.6)
        x = across * share + math.cos(share * loops * 2 * math.pi) * style.size * 0.8
        points.append((x + style.size, tall * (0.5 - 0.45 * swing)))
    flourish = ((points[-1][0], points[-1][1]), (across * 0.3, tall * 0.95), (across * 1.05, tall * 0.8))
    ink = draw.choice((PEN, BLACK))
    return Composed(tall + 3, [Stroke(tuple(points), ink, 1.0), Stroke(flourish, ink, 0.8)])


def _square_code(draw: random.Random, width: float, style: Style) -> Composed:
    """Modules and finder squares of a square code; it encodes nothing."""
    modules = 21
    side = min(width, style.size * 6) / modules
    marks: list[Mark] = []
    for row in range(modules):
        start = None
        for column in range(modules + 1):
            dark = column < modules and not _in_finder(row, column, modules) and draw.random() < 0.48
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                marks.append(Box(start * side, row * side, (column - start) * side, side, fill=BLACK))
                start = None
    for left, top in ((0, 0), (modules - 7, 0), (0, modules - 7)):
        marks += [
            Box(left * side, top * side, 7 * side, 7 * side, fill=BLACK),
            Box((left + 1) * side, (top + 1) * side, 5 * side, 5 * side, fill=WHITE),
            Box((left + 2) * side, (top + 2) * side, 3 * side, 3 * side, fill=BLACK),
        ]
    return Composed(modules * side + 4, marks)


def _in_finder(row: int, column: int, modules: int) -> bool:
    near, far = 8, modules - 8
    return (row < near and (column < near or column >= far)) or (row >= far and column < near)


def _bar_code(draw: random.Random, width: float, style: Style) -> Composed:
    across, tall = min(width, style.size * 14), style.size * 2.6
    marks: list[Mark] = []
    x = 0.0
    while x < across - 3:
        bar = draw.choice((0.7, 0.7, 1.4, 2.1))
        marks.append(Box(x, 0, bar, tall, fill=BLACK))
        x += bar + draw.choice((0.7, 1.4, 2.1))
    return Composed(tall + 4, marks)


def _chart(draw: random.Random, width: float, style: Style) -> Composed:
    """Twelve bars of a year's consumption."""
    tall = style.size * 6
    step = min(width, style.size * 22) / 12
    marks: list[Mark] = [Line(0, tall, step * 12, tall, 0.6, style.ink)]
    for month in range(12):
        high = tall * (0.35 + 0.5 * abs(math.cos(month / 12 * math.pi)) * draw.uniform(0.6, 1.1))
        marks.append(Box(step * month + 1, tall - high, step * 0.7, high, fill=style.accent if month < 11 else GREY))
    return Composed(tall + 5, marks)


def _chip(width: float, style: Style) -> Composed:
    across, tall = min(width, style.size * 3.2), style.size * 2.5
    gold: Colour = (0.86, 0.74, 0.4)
    marks: list[Mark] = [Box(0, 2, across, tall, fill=gold, stroke=GREY, radius=3)]
    marks += [Line(0, 2 + tall * part, across, 2 + tall * part, 0.4, GREY) for part in (0.33, 0.66)]
    marks.append(Line(across / 2, 2, across / 2, 2 + tall, 0.4, GREY))
    return Composed(tall + 6, marks)


def _seal(words: str, width: float, style: Style) -> Composed:
    """A round stamp with the issuer's name across."""
    radius = min(width / 2, style.size * 3.6)
    size = min(style.size * 0.8, 1.6 * radius / max(1.0, text_width(words, style.body.bold, 1.0)))
    half = text_width(words, style.body.bold, size) / 2
    marks: list[Mark] = [
        Disc(radius, radius, radius, radius, stroke=STAMP, line_width=1.3),
        Disc(radius, radius, radius * 0.86, radius * 0.86, stroke=STAMP, line_width=0.5),
        Text(radius - half, radius + size * 0.35, words, style.body.bold, size, STAMP),
        Line(radius * 0.35, radius * 0.7, radius * 1.65, radius * 0.7, 0.5, STAMP),
        Line(radius * 0.35, radius * 1.3, radius * 1.65, radius * 1.3, 0.5, STAMP),
    ]
    return Composed(radius * 2 + 3, marks)
