"""From content and layout to one page of marks."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from pigeonhole.synthetic import blocks
from pigeonhole.synthetic.blocks import Block, Content
from pigeonhole.synthetic.drawing import data_blocks, figures, tables, text_blocks
from pigeonhole.synthetic.drawing.layouts import Column, Layout, Panel
from pigeonhole.synthetic.drawing.lettering import specimen_marks
from pigeonhole.synthetic.drawing.marks import GREY, Box, Composed, Line, Mark
from pigeonhole.synthetic.drawing.style import Style

SCALES = (1.0, 0.92, 0.84, 0.76, 0.68, 0.6, 0.52)
GUTTER = 10.0

_COMPOSERS: dict[type[Any], Callable[[Any, float, Style], Composed]] = {
    blocks.Letterhead: text_blocks.compose_letterhead,
    blocks.Title: text_blocks.compose_title,
    blocks.Heading: text_blocks.compose_heading,
    blocks.Lines: text_blocks.compose_lines,
    blocks.Paragraphs: text_blocks.compose_paragraphs,
    blocks.Bullets: text_blocks.compose_bullets,
    blocks.CodeLines: text_blocks.compose_code_lines,
    blocks.Fields: data_blocks.compose_fields,
    blocks.Totals: data_blocks.compose_totals,
    blocks.Cells: data_blocks.compose_cells,
    blocks.Entries: data_blocks.compose_entries,
    blocks.Table: tables.compose_table,
    blocks.Figure: figures.compose_figure,
}


def compose_page(content: Content, layout: Layout, draw: random.Random) -> Composed:
    """The page with its panels, and on a specimen the word that says so."""
    skeleton = layout.skeleton
    page = Composed(skeleton.height)
    for panel in skeleton.panels:
        left, top, width, height = panel.box
        room = (width * skeleton.width, height * skeleton.height)
        part = _compose_panel(panel, content, layout, *room)
        page.parts.append((left * skeleton.width, top * skeleton.height, part))
    if content.specimen:
        page.parts.append((0.0, 0.0, Composed(0.0, specimen_marks(skeleton.width, skeleton.height, draw))))
    return page


def _compose_panel(panel: Panel, content: Content, layout: Layout, width: float, height: float) -> Composed:
    style = layout.style.inverted() if panel.fill == "accent" else layout.style
    inset_x, inset_y = panel.inset[0] * layout.skeleton.width, panel.inset[1] * layout.skeleton.height
    inner = (width - 2 * inset_x, height - 2 * inset_y)
    rows, foot = _fit(panel, content, style, *inner)
    composed = Composed(height, _panel_background(panel, layout.style, width, height))
    used = sum(row.height for row in rows)
    gap = min(max((inner[1] - used - foot.height) / (len(rows) + 1), 0.0), style.size * 1.6)
    top = inset_y
    for row in rows:
        composed.parts.append((inset_x, top, row))
        top += row.height + gap
    composed.parts.append((inset_x, height - inset_y - foot.height, foot))
    return composed


def _fit(panel: Panel, content: Content, style: Style, width: float, height: float) -> tuple[list[Composed], Composed]:
    """Rows and foot at the largest scale at which they fit; what never fits is left out from the end."""
    for scale in SCALES:
        smaller = style.scaled(scale)
        rows = [row for row in (_compose_row(columns, content, smaller, width) for columns in panel.rows) if row.height]
        foot = stack([block for slot in panel.foot for block in content.slots.get(slot, ())], width, smaller)
        if sum(row.height for row in rows) + foot.height + 2.0 * len(rows) <= height:
            return rows, foot
    while rows and sum(row.height for row in rows) + foot.height > height:
        rows.pop()
    return rows, foot


def _compose_row(columns: tuple[Column, ...], content: Content, style: Style, width: float) -> Composed:
    composed = Composed(0.0)
    left = 0.0
    for column in columns:
        across = width * column.share
        content_blocks = [block for slot in column.slots for block in content.slots.get(slot, ())]
        part = stack(content_blocks, across - (GUTTER if left + across < width - 1 else 0.0), style)
        composed.parts.append((left, 0.0, part))
        composed.height = max(composed.height, part.height)
        left += across
    return composed


def stack(content_blocks: Sequence[Block], width: float, style: Style) -> Composed:
    """Blocks below each other."""
    composed = Composed(0.0)
    for number, block in enumerate(content_blocks):
        if number:
            composed.height += style.size * 0.6
        part = _COMPOSERS[type(block)](block, width, style)
        composed.parts.append((0.0, composed.height, part))
        composed.height += part.height
    return composed


def _panel_background(panel: Panel, style: Style, width: float, height: float) -> list[Mark]:
    marks: list[Mark] = []
    if panel.fill in ("accent", "tint"):
        marks.append(Box(0, 0, width, height, fill=style.accent if panel.fill == "accent" else style.tint))
    if panel.frame == "line":
        marks.append(Box(0, 0, width, height, stroke=style.ink, line_width=0.8))
    if panel.frame == "rounded":
        marks.append(Box(0, 0, width, height, stroke=style.accent, line_width=1.2, radius=8))
    if panel.frame == "double":
        marks.append(Box(0, 0, width, height, stroke=style.accent, line_width=2.4))
        marks.append(Box(5, 5, width - 10, height - 10, stroke=style.accent, line_width=0.6))
    if panel.frame == "dashed":
        marks.append(Line(0, height + 6, width, height + 6, 0.7, GREY, dash=4))
        marks.append(Box(0, 0, width, height, stroke=GREY, line_width=0.5))
    if panel.frame == "card":
        marks.append(Box(0, 0, width, height, fill=style.tint, stroke=GREY, line_width=0.9, radius=10))
        marks += _guilloche(style, width, height)
    return marks


def _guilloche(style: Style, width: float, height: float) -> list[Mark]:
    """Fine parallel lines as on cards, too pale to disturb reading."""
    pale = (style.tint[0] * 0.94, style.tint[1] * 0.94, style.tint[2] * 0.94)
    count = int(height / 7)
    return [Line(6, 6 + 7 * i, width - 6, 3 + 7 * i, 0.4, pale) for i in range(1, count - 1)]
