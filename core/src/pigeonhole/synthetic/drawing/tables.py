"""Composition of tables: widths by content, amounts to the right, rules by template."""

from pigeonhole.synthetic.blocks import Table
from pigeonhole.synthetic.drawing.marks import GREY, WHITE, Box, Composed, Line, Mark, Text
from pigeonhole.synthetic.drawing.measuring import fitted_size, text_width
from pigeonhole.synthetic.drawing.style import Style

PADDING = 4.0


def compose_table(block: Table, width: float, style: Style) -> Composed:
    """A header and rows; the first column is left aligned, the others to the right."""
    size = style.size * (0.95 if len(block.columns) < 5 else 0.85)
    widths = _column_widths(block, width, size, style)
    step = size * 1.75
    height = step * (len(block.rows) + 1)
    marks = _background(style, width, step, len(block.rows))
    marks += _row_marks(block.columns, widths, size * 1.2, size, style, header=True)
    for number, row in enumerate(block.rows, start=1):
        marks += _row_marks(row, widths, number * step + size * 1.2, size, style, header=False)
    marks += _rules(style, widths, step, height)
    return Composed(height + size * 0.5, marks)


def _column_widths(block: Table, width: float, size: float, style: Style) -> list[float]:
    """Each column but the first gets what its widest cell needs, at most its even share of three quarters."""
    most = width * 0.75 / max(1, len(block.columns) - 1)
    widths = []
    for position in range(1, len(block.columns)):
        cells = [block.columns[position], *(row[position] for row in block.rows)]
        needed = max(text_width(cell, style.body.bold, size) for cell in cells) + 2 * PADDING
        widths.append(min(max(needed, width * 0.1), most))
    return [width - sum(widths), *widths]


def _background(style: Style, width: float, step: float, rows: int) -> list[Mark]:
    if style.table == "filled":
        return [Box(0, 0, width, step, fill=style.accent)]
    if style.table == "tinted":
        return [Box(0, 0, width, step, fill=style.tint)]
    if style.table == "zebra":
        return [Box(0, step * number, width, step, fill=style.tint) for number in range(0, rows + 1, 2)]
    return []


def _row_marks(
    cells: tuple[str, ...], widths: list[float], base: float, size: float, style: Style, *, header: bool
) -> list[Mark]:
    font = style.body.bold if header else style.body.regular
    ink = WHITE if header and style.table == "filled" else style.ink
    marks: list[Mark] = []
    left = 0.0
    for position, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        small = fitted_size(cell, font, size, width - 2 * PADDING)
        x = left + PADDING if position == 0 else left + width - PADDING - text_width(cell, font, small)
        marks.append(Text(x, base, cell, font, small, ink))
        left += width
    return marks


def _rules(style: Style, widths: list[float], step: float, height: float) -> list[Mark]:
    width = sum(widths)
    marks: list[Mark] = []
    if style.table in ("grid", "columns"):
        left = 0.0
        marks.append(Box(0, 0, width, height, stroke=style.ink, line_width=0.6))
        for column in widths[:-1]:
            left += column
            marks.append(Line(left, 0, left, height, 0.4, style.ink))
    if style.table in ("grid", "ruled"):
        count = round(height / step)
        marks += [Line(0, step * number, width, step * number, 0.3, GREY) for number in range(1, count)]
    if style.table in ("columns", "open", "tinted", "ruled"):
        marks.append(Line(0, step, width, step, 0.9, style.accent))
    if style.table in ("open", "filled", "zebra"):
        marks.append(Line(0, height, width, height, 0.7, style.accent))
    return marks
