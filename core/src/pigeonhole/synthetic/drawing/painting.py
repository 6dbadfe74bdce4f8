"""From sheets on paper to a PDF with a text layer."""

import io
import math
from collections.abc import Sequence
from dataclasses import replace

from reportlab import rl_config
from reportlab.pdfgen.canvas import FILL_EVEN_ODD, Canvas

from pigeonhole.synthetic.drawing.marks import WHITE, Box, Disc, Line, Mark, Stroke, Text
from pigeonhole.synthetic.drawing.paper import Leaf, Placed, Pose

# Binary streams: base 85 makes files a quarter larger and takes time.
rl_config.useA85 = 0


def paint_pdf(leaves: Sequence[Leaf], *, filler: bytes = b"") -> bytes:
    """A PDF with a text layer, one page a leaf; the same leaves give the same bytes.

    `filler` is kept in a stream that nothing shows. The size of a born-digital PDF follows from how much is written on
    it, and so from its class; a filler of random length hides that.
    """
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1, pageCompression=1)
    mark_synthetic(canvas)
    for leaf in leaves:
        canvas.setPageSize((leaf.width, leaf.height))
        _paint_leaf(canvas, leaf)
        canvas.showPage()
    canvas.beginForm("filler")
    canvas.addLiteral(f"% {filler.hex()}")
    canvas.endForm()
    canvas.save()
    return buffer.getvalue()


def paint_pose(leaf: Leaf, pose: Pose) -> bytes:
    """A PDF page for rendering only: the leaf as it lies on the glass.

    Turning the drawing costs nothing; turning its pixels would be the most expensive step of a scan.
    """
    buffer = io.BytesIO()
    width, height = (leaf.height, leaf.width) if pose.quarter_turns % 2 else (leaf.width, leaf.height)
    canvas = Canvas(buffer, invariant=1, pageCompression=0, pagesize=(width, height))
    if pose.skew or pose.cover < 1:
        _paint_lid(canvas, pose, width, height)
    canvas.translate(width / 2, height / 2)
    canvas.rotate(90 * pose.quarter_turns + pose.skew)
    canvas.scale(pose.cover, pose.cover)
    canvas.translate(-leaf.width / 2, -leaf.height / 2)
    _paint_leaf(canvas, leaf)
    canvas.save()
    return buffer.getvalue()


def _paint_lid(canvas: Canvas, pose: Pose, width: float, height: float) -> None:
    """The lid around the paper: the page with a hole in it, which is faster than paper painted over a lid."""
    path = canvas.beginPath()
    path.rect(0, 0, width, height)
    angle = math.radians(pose.skew)
    cosine, sine = math.cos(angle) * pose.cover, math.sin(angle) * pose.cover
    corners = [(x * width / 2, y * height / 2) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    turned = [(width / 2 + x * cosine - y * sine, height / 2 + x * sine + y * cosine) for x, y in corners]
    path.moveTo(*turned[0])
    for point in turned[1:]:
        path.lineTo(*point)
    path.close()
    canvas.setFillColorRGB(pose.lid, pose.lid, pose.lid)
    canvas.drawPath(path, stroke=0, fill=1, fillMode=FILL_EVEN_ODD)


def _paint_leaf(canvas: Canvas, leaf: Leaf) -> None:
    for number, placed in enumerate(leaf.placed):
        _paint_placed(canvas, placed, leaf.height, covers=number > 0)


def mark_synthetic(canvas: Canvas) -> None:
    """Say in the document information that nothing in the file is real."""
    canvas.setCreator("pigeonhole.synthetic")
    canvas.setKeywords("synthetic: true")


def _paint_placed(canvas: Canvas, placed: Placed, height: float, *, covers: bool) -> None:
    """Paint a sheet at its place; `covers` hides with white paper what lies below it."""
    across, tall = placed.size
    canvas.saveState()
    canvas.translate(placed.x + (across if placed.turned else 0.0), height - placed.y - tall)
    if placed.turned:
        canvas.rotate(90)
    canvas.scale(placed.scale, placed.scale)
    sheet = placed.sheet
    if covers:
        _paint(canvas, Box(0, 0, sheet.width, sheet.height, fill=WHITE), sheet.height)
    for mark in sheet.marks:
        _paint(canvas, mark, sheet.height)
    canvas.restoreState()


def _paint(canvas: Canvas, mark: Mark, height: float) -> None:
    match mark:
        case Text():
            _paint_text(canvas, mark, height)
        case Box():
            _paint_box(canvas, mark, height)
        case Line():
            canvas.setStrokeColorRGB(*mark.colour)
            canvas.setLineWidth(mark.width)
            canvas.setDash([mark.dash, mark.dash] if mark.dash else [])
            canvas.line(mark.x1, height - mark.y1, mark.x2, height - mark.y2)
            canvas.setDash([])
        case Disc():
            _paint_disc(canvas, mark, height)
        case Stroke():
            _paint_stroke(canvas, mark, height)


def _paint_text(canvas: Canvas, mark: Text, height: float) -> None:
    canvas.setFont(mark.font, mark.size)
    canvas.setFillColorRGB(*mark.colour)
    if not mark.angle and mark.alpha >= 1:
        canvas.drawString(mark.x, height - mark.y, mark.words, charSpace=mark.spacing)
        return
    canvas.saveState()
    canvas.setFillAlpha(mark.alpha)
    canvas.translate(mark.x, height - mark.y)
    canvas.rotate(mark.angle)
    canvas.drawString(0, 0, mark.words)
    canvas.restoreState()


def _paint_box(canvas: Canvas, mark: Box, height: float) -> None:
    _set_colours(canvas, mark)
    low = height - mark.y - mark.height
    stroke, fill = int(mark.stroke is not None), int(mark.fill is not None)
    if mark.radius:
        canvas.roundRect(mark.x, low, mark.width, mark.height, mark.radius, stroke=stroke, fill=fill)
    else:
        canvas.rect(mark.x, low, mark.width, mark.height, stroke=stroke, fill=fill)


def _paint_disc(canvas: Canvas, mark: Disc, height: float) -> None:
    _set_colours(canvas, mark)
    left, right = mark.x - mark.radius_x, mark.x + mark.radius_x
    low, high = height - mark.y - mark.radius_y, height - mark.y + mark.radius_y
    stroke, fill = int(mark.stroke is not None), int(mark.fill is not None)
    canvas.ellipse(left, low, right, high, stroke=stroke, fill=fill)


def _set_colours(canvas: Canvas, mark: Box | Disc) -> None:
    if mark.fill is not None:
        canvas.setFillColorRGB(*mark.fill)
    if mark.stroke is not None:
        canvas.setStrokeColorRGB(*mark.stroke)
        canvas.setLineWidth(mark.line_width)


def _paint_stroke(canvas: Canvas, mark: Stroke, height: float) -> None:
    if mark.alpha < 1:
        canvas.saveState()
        canvas.setStrokeAlpha(mark.alpha)
        _paint_stroke(canvas, replace(mark, alpha=1.0), height)
        canvas.restoreState()
        return
    canvas.setStrokeColorRGB(*mark.colour)
    canvas.setLineWidth(mark.width)
    path = canvas.beginPath()
    path.moveTo(mark.points[0][0], height - mark.points[0][1])
    for x, y in mark.points[1:]:
        path.lineTo(x, height - y)
    if mark.fill is not None:
        canvas.setFillColorRGB(*mark.fill)
        path.close()
    canvas.drawPath(path, stroke=1, fill=int(mark.fill is not None))
