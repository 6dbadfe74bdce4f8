"""Pixels of paper: rendered by pdfium, then seen through a device."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import cv2
import numpy as np
import pypdfium2 as pdfium

from pigeonhole.synthetic.drawing.painting import paint_pose
from pigeonhole.synthetic.drawing.paper import Leaf, Pose
from pigeonhole.synthetic.scanning.camera import photograph
from pigeonhole.synthetic.scanning.conditions import Conditions
from pigeonhole.synthetic.scanning.grain import Pixels, develop
from pigeonhole.synthetic.scanning.lighting import shade

_SHINE = 0.06
"""How much of a page shows through on its blank back."""
_THRESHOLD = 0.7
"""Where a bilevel scanner parts ink from paper, between their grey levels 0 and 1."""


def scan_leaves(leaves: Sequence[Leaf], conditions: Conditions) -> Iterator[Pixels]:
    """Yield each page as 8-bit pixels: (height, width), or (height, width, 3) in BGR; 0 or 255 alone when bilevel."""
    pose = _pose(conditions)
    before: Pixels | None = None
    for number, leaf in enumerate(leaves):
        if leaf.placed or before is None:
            page = before = _render(paint_pose(leaf, pose), conditions)
        else:
            page = _back_of(before)
        yield _take(page, conditions, number)


def _pose(conditions: Conditions) -> Pose:
    """How the paper lies before the device looks; a camera adds skew and surroundings by itself."""
    if conditions.photographed:
        return Pose(conditions.quarter_turns)
    return Pose(conditions.quarter_turns, conditions.skew, conditions.cover, conditions.lid)


def _render(pdf: bytes, conditions: Conditions) -> Pixels:
    colour = conditions.mode == "colour"
    with (
        closing(pdfium.PdfDocument(pdf)) as document,
        closing(document[0]) as page,
        closing(page.render(scale=conditions.dpi / 72, grayscale=not colour)) as bitmap,
    ):
        pixels = np.array(bitmap.to_numpy(), np.uint8)
    return pixels[:, :, :3] if colour else pixels.reshape(pixels.shape[:2])


def _back_of(front: Pixels) -> Pixels:
    """A blank page on which its front shines through, mirrored."""
    return np.asarray(cv2.convertScaleAbs(cv2.flip(front, 1), alpha=_SHINE, beta=255 * (1 - _SHINE)), np.uint8)


def _take(page: Pixels, conditions: Conditions, number: int) -> Pixels:
    """One page, seen by the device under its light, with its blur and its noise."""
    seen = photograph(page, conditions) if conditions.photographed else page
    if conditions.mode != "bilevel":
        seen = shade(seen, conditions.light)
    if conditions.blur > 0.3:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), conditions.blur), np.uint8)
    seen = develop(seen, conditions.black, conditions.white, conditions.noise, conditions.noise_place + number)
    if conditions.mode == "bilevel":
        level = conditions.black + _THRESHOLD * (conditions.white - conditions.black)
        seen = np.asarray(cv2.threshold(seen, level, 255, cv2.THRESH_BINARY)[1], np.uint8)
    return seen
