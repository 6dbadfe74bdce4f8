"""Composition of text: letterheads, titles, headings, lines, paragraphs, lists, machine-readable lines."""

from pigeonhole.synthetic.blocks import Bullets, CodeLines, Heading, Letterhead, Lines, Paragraphs, Title
from pigeonhole.synthetic.drawing.logos import logo_marks
from pigeonhole.synthetic.drawing.marks import GREY, WHITE, Box, Composed, Disc, Line, Mark, Text
from pigeonhole.synthetic.drawing.measuring import aligned_x, fitted_size, text_width, wrap, wrapped_size
from pigeonhole.synthetic.drawing.style import Style
from pigeonhole.synthetic.drawing.typefaces import FIXED_WIDTH

LONGEST_SPACED = 15
"""Characters of a title beyond which its letters are not spaced out."""


def set_lines(lines: list[str], font: str, size: float, style: Style, width: float, align: str = "left") -> Composed:
    """Lines of one font below each other."""
    step = size * style.leading
    marks: list[Mark] = [
        Text(aligned_x(line, font, size, width, align), size + number * step, line, font, size, style.ink)
        for number, line in enumerate(lines)
    ]
    return Composed(len(lines) * step, marks)


def set_text(text: str, font: str, size: float, style: Style, width: float, align: str = "left") -> Composed:
    """A text broken into lines, smaller when one of its words is wider than `width`."""
    size = wrapped_size(text, font, size, width)
    return set_lines(wrap(text, font, size, width), font, size, style, width, align)


def compose_letterhead(block: Letterhead, width: float, style: Style) -> Composed:
    """Name in the display face, lines below, logo beside or above it."""
    align = "centre" if style.letterhead == "centred" else "right" if style.letterhead == "right" else "left"
    mark_size = 0.0 if block.logo is None else style.size * 3.2
    beside = mark_size + 6 if block.logo is not None and style.letterhead == "beside" else 0.0
    above = mark_size + 3 if block.logo is not None and style.letterhead != "beside" else 0.0
    room = width - beside
    name_size = style.size * 1.45
    head = set_text(block.name, style.display.bold, name_size, style, room, align)
    small = min(wrapped_size(text, style.body.regular, style.size * 0.88, room) for text in (*block.lines, ""))
    lines = [line for text in block.lines for line in wrap(text, style.body.regular, small, room)]
    tail = set_lines(lines, style.body.regular, small, style, room, align)
    composed = Composed(max(above + head.height + tail.height, mark_size))
    composed.parts += [(beside, above, head), (beside, above + head.height, tail)]
    if block.logo is not None:
        left = {"left": 0.0, "centre": (width - mark_size) / 2, "right": width - mark_size}[align]
        composed.parts.append((left, 0.0, Composed(mark_size, logo_marks(block.logo, mark_size, style.accent))))
    return composed


def compose_title(block: Title, width: float, style: Style) -> Composed:
    """The title in one of the template's ways: plain, boxed, on a band, between rules, spaced out."""
    size = style.size * (1.5 if style.title == "plain" else 1.9)
    align = {"left": "left", "plain": "left", "right": "right"}.get(style.title, "centre")
    padding = size * 0.4 if style.title in ("boxed", "band", "ruled") else 0.0
    on_band = style.inverted() if style.title == "band" else style
    words = _title_words(block.text, size, on_band, width - 2 * padding, align)
    composed = Composed(words.height + 2 * padding, is_title=True)
    composed.marks += _title_frame(style, width, composed.height)
    composed.parts.append((padding, padding, words))
    if block.subtitle:
        below = set_text(block.subtitle, style.body.regular, style.size * 1.05, style, width, align)
        composed.parts.append((0.0, composed.height + 2, below))
        composed.height += below.height + 2
    return composed


def _title_words(text: str, size: float, style: Style, width: float, align: str) -> Composed:
    font = style.display.bold
    if style.title != "spaced" or len(text) > LONGEST_SPACED:
        return set_text(text, font, size, style, width, align)
    line = "   ".join(" ".join(word) for word in text.upper().split())
    return set_lines([line], font, fitted_size(line, font, size, width), style, width, align)


def _title_frame(style: Style, width: float, height: float) -> list[Mark]:
    if style.title == "boxed":
        return [Box(0, 0, width, height, stroke=style.accent, line_width=1.1)]
    if style.title == "band":
        return [Box(0, 0, width, height, fill=style.accent)]
    if style.title == "ruled":
        return [Line(0, 0, width, 0, 1.0, style.accent), Line(0, height, width, height, 1.0, style.accent)]
    return []


def compose_heading(block: Heading, width: float, style: Style) -> Composed:
    """The name of a part, with the rule or band of the template."""
    size = style.size * 1.15
    text = block.text.upper() if style.heading in ("caps", "band") else block.text
    height = size * 1.7
    size = fitted_size(text, style.display.bold, size, width - 6)
    if style.heading == "band":
        mark = Text(4, size * 1.2, text, style.display.bold, size, style.ink)
        return Composed(height, [Box(0, size * 0.15, width, size * 1.45, fill=style.tint), mark])
    marks: list[Mark] = [Text(0, size * 1.2, text, style.display.bold, size, style.accent)]
    if style.heading == "ruled":
        marks.append(Line(0, size * 1.5, width, size * 1.5, 0.7, style.accent))
    if style.heading == "underlined":
        end = text_width(text, style.display.bold, size)
        marks.append(Line(0, size * 1.4, end, size * 1.4, 0.6, style.ink))
    return Composed(height, marks)


def compose_lines(block: Lines, width: float, style: Style) -> Composed:
    """Lines as they are; the first in bold when it is a name."""
    composed = Composed(0.0)
    for number, text in enumerate(block.lines):
        font = style.body.bold if block.strong_first and number == 0 else style.body.regular
        part = set_text(text, font, style.size, style, width, block.align)
        composed.parts.append((0.0, composed.height, part))
        composed.height += part.height
    return composed


def compose_paragraphs(block: Paragraphs, width: float, style: Style) -> Composed:
    """Running text; small print in grey."""
    size = style.size * (0.78 if block.small else 1.0)
    composed = Composed(0.0)
    for text in block.texts:
        part = set_text(text, style.body.regular, size, style, width, block.align)
        composed.parts.append((0.0, composed.height, part))
        composed.height += part.height + size * 0.35
    return composed


def compose_bullets(block: Bullets, width: float, style: Style) -> Composed:
    """Items behind dots."""
    composed = Composed(0.0)
    indent = style.size
    for item in block.items:
        part = set_text(item, style.body.regular, style.size, style, width - indent)
        composed.marks.append(Disc(3, composed.height + style.size * 0.68, 1.3, 1.3, fill=style.accent))
        composed.parts.append((indent, composed.height, part))
        composed.height += part.height
    return composed


def compose_code_lines(block: CodeLines, width: float, style: Style) -> Composed:
    """Fixed-width lines that fill the width, on white."""
    longest = max(len(line) for line in block.lines)
    size = min(style.size * 1.25, width / (longest * 0.6 + 1))
    step = size * 1.45
    marks: list[Mark] = [Box(0, 0, width, step * len(block.lines) + size * 0.6, fill=WHITE)]
    marks += [
        Text(size * 0.3, size * 1.2 + number * step, line, FIXED_WIDTH, size) for number, line in enumerate(block.lines)
    ]
    marks.append(Line(0, 0, width, 0, 0.3, GREY))
    return Composed(step * len(block.lines) + size * 0.6, marks)
