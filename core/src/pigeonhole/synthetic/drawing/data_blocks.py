"""Composition of fields, totals, boxed digits and stations of a life."""

from pigeonhole.synthetic.blocks import Cells, Entries, Entry, Fields, Totals
from pigeonhole.synthetic.drawing.marks import GREY, Box, Composed, Line, Mark, Text
from pigeonhole.synthetic.drawing.measuring import fitted_size, text_width
from pigeonhole.synthetic.drawing.style import Style
from pigeonhole.synthetic.drawing.text_blocks import set_text
from pigeonhole.synthetic.drawing.typefaces import FIXED_WIDTH

NARROW = 150.0


def compose_fields(block: Fields, width: float, style: Style) -> Composed:
    """Labels and values: on one line, in two columns, stacked, in a grid, with dots, or in a strip of boxes."""
    if style.fields == "strip" and width > 60 * len(block.pairs):
        return _strip(block, width, style)
    if style.fields == "grid":
        return _grid(block, width, style)
    if style.fields == "stacked" or width < NARROW:
        return _stacked(block, width, style)
    return _beside(block, width, style)


def _stacked(block: Fields, width: float, style: Style) -> Composed:
    composed = Composed(0.0)
    small = style.size * 0.78
    columns = 2 if width > 2 * NARROW else 1
    room = width / columns
    for start in range(0, len(block.pairs), columns):
        height = 0.0
        for column, (label, value) in enumerate(block.pairs[start : start + columns]):
            left = room * column
            size = fitted_size(label, style.body.regular, small, room - 6)
            composed.marks.append(Text(left, composed.height + small, label, style.body.regular, size, _soft(style)))
            part = set_text(value, style.body.bold, style.size, style, room - 6)
            composed.parts.append((left, composed.height + small * 1.15, part))
            height = max(height, small * 1.15 + part.height)
        composed.height += height + style.size * 0.25
    return composed


def _beside(block: Fields, width: float, style: Style) -> Composed:
    """Values aligned in a second column ("columns"), after a colon ("inline") or behind dots ("leaders")."""
    composed = Composed(0.0)
    widest = max(text_width(f"{label} : ", style.body.regular, style.size) for label, _ in block.pairs)
    for label, value in block.pairs:
        own = text_width(f"{label} : ", style.body.regular, style.size)
        start = min(own if style.fields == "inline" else widest + style.size, width * 0.6)
        text = label if style.fields == "leaders" else f"{label} :"
        size = fitted_size(text, style.body.regular, style.size, start - 4)
        composed.marks.append(Text(0, composed.height + style.size, text, style.body.regular, size, style.ink))
        if style.fields == "leaders" and start - own > 4:
            base = composed.height + style.size
            composed.marks.append(Line(own, base, start - 3, base, 0.5, GREY, dash=1.2))
        part = set_text(value, style.body.bold, style.size, style, width - start)
        composed.parts.append((start, composed.height, part))
        composed.height += part.height
    return composed


def _grid(block: Fields, width: float, style: Style) -> Composed:
    composed = Composed(0.0)
    split = width * 0.42
    for label, value in block.pairs:
        names = set_text(label, style.body.regular, style.size * 0.92, style, split - 8)
        part = set_text(value, style.body.bold, style.size, style, width - split - 8)
        height = max(part.height, names.height) + style.size * 0.4
        composed.marks.append(Box(0, composed.height, split, height, fill=_grid_fill(style), stroke=GREY))
        composed.marks.append(Box(split, composed.height, width - split, height, stroke=GREY))
        composed.parts += [(4, composed.height + 1, names), (split + 4, composed.height + 1, part)]
        composed.height += height
    return composed


def _grid_fill(style: Style) -> tuple[float, float, float] | None:
    return None if style.ink == style.accent else style.tint


def _strip(block: Fields, width: float, style: Style) -> Composed:
    room = width / len(block.pairs)
    small = style.size * 0.76
    parts = [
        (room * number + 3, small * 1.6, set_text(value, style.body.bold, style.size * 0.95, style, room - 6))
        for number, (_, value) in enumerate(block.pairs)
    ]
    height = small * 1.8 + max(part.height for _, _, part in parts) + 2
    marks: list[Mark] = []
    for number, (label, _) in enumerate(block.pairs):
        marks.append(Box(room * number, 0, room, height, stroke=style.accent, line_width=0.5))
        size = fitted_size(label, style.body.regular, small, room - 5)
        marks.append(Text(room * number + 3, small * 1.15, label, style.body.regular, size, _soft(style)))
    return Composed(height, marks, parts)


def _soft(style: Style) -> tuple[float, float, float]:
    return style.ink if style.ink[0] > 0.9 else GREY


def compose_totals(block: Totals, width: float, style: Style) -> Composed:
    """Amounts aligned to the right; the last one strong, in a box or on a band as the template has it."""
    composed = Composed(0.0)
    step = style.line * 1.15
    for number, (label, value) in enumerate(block.pairs):
        last = number == len(block.pairs) - 1
        font = style.body.bold if last else style.body.regular
        size = style.size * (1.12 if last else 1.0)
        ink = style.ink
        if last and style.totals == "band":
            composed.marks.append(Box(0, composed.height, width, step, fill=style.accent))
            ink = style.inverted().ink
        if last and style.totals == "ruled":
            composed.marks.append(Line(0, composed.height, width, composed.height, 0.9, style.ink))
        base = composed.height + size * 1.05
        small = fitted_size(label, font, size, width - text_width(value, font, size) - 12)
        composed.marks.append(Text(4, base, label, font, small, ink))
        composed.marks.append(Text(width - text_width(value, font, size) - 4, base, value, font, size, ink))
        composed.height += step
    if style.totals == "boxed":
        composed.marks.append(Box(0, -2, width, composed.height + 2, stroke=style.ink))
    return composed


def compose_cells(block: Cells, width: float, style: Style) -> Composed:
    """Digits in boxes, groups side by side and wrapped when they need more room."""
    side = min(style.size * 1.35, (width - 6) / max(len(value) for _, value in block.groups))
    marks: list[Mark] = []
    left = top = 0.0
    for label, value in block.groups:
        needed = max(side * len(value), text_width(label, style.body.regular, style.size * 0.8))
        if left > 0 and left + needed > width:
            left, top = 0.0, top + side * 2.6
        marks.append(Text(left, top + style.size * 0.8, label, style.body.regular, style.size * 0.8, style.ink))
        base = top + style.size * 1.1
        marks += [
            Box(left + side * number, base, side, side * 1.15, stroke=style.ink, line_width=0.4)
            for number in range(len(value))
        ]
        marks.append(_spaced(value, left, base + side * 0.9, side, style))
        left += needed + style.size
    return Composed(top + side * 2.6, marks)


def _spaced(value: str, left: float, base: float, side: float, style: Style) -> Text:
    """The characters as one string in a fixed-width font, spaced so that each stands in the middle of its box."""
    size = side * 1.05
    advance = text_width("0", FIXED_WIDTH, size)
    x = left + (side - advance) / 2
    return Text(x, base, value, FIXED_WIDTH, size, style.ink, spacing=side - advance)


def compose_entries(block: Entries, width: float, style: Style) -> Composed:
    """Periods beside or above what was done, by the template's way with fields."""
    composed = Composed(0.0)
    beside = style.size * 7.5 if style.fields in ("columns", "grid", "leaders") and width > 2 * NARROW else 0.0
    for entry in block.items:
        part = _entry(entry, width - beside, style, with_period=not beside)
        if beside:
            text = Text(0, composed.height + style.size, entry.period, style.body.bold, style.size * 0.95, style.accent)
            composed.marks.append(text)
        composed.parts.append((beside, composed.height, part))
        composed.height += part.height + style.size * 0.5
    return composed


def _entry(entry: Entry, width: float, style: Style, *, with_period: bool) -> Composed:
    heading = f"{entry.period}  {entry.heading}" if with_period else entry.heading
    composed = Composed(0.0)
    rows = [
        (heading, style.body.bold, style.size),
        (entry.place, style.body.italic, style.size * 0.95),
        *((f"- {detail}", style.body.regular, style.size * 0.95) for detail in entry.details),
    ]
    for text, font, size in rows:
        part = set_text(text, font, size, style, width)
        composed.parts.append((0.0, composed.height, part))
        composed.height += part.height
    return composed
