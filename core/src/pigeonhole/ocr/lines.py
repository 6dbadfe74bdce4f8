"""Find the lines of print on a page and pack some of them into few rows, which are quick to read.

Blank paper costs a recogniser nearly as much as print. Packed rows hold no blanks, so that for the same work they show
more of a page than its top does (docs/ocr.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pigeonhole.ocr.geometry import Matrix, chain, enclose
from pigeonhole.ocr.page_text import Box, Word
from pigeonhole.ocr.preparation import Gray, connected_ink

ROW_WIDTH = 1000
"""Pixels of a packed row."""
# The recogniser's work grows with the pixels along a line. Print of this height takes a fifth less of it than print of
# 30 pixels, and as many letters are sure; below, fewer are (docs/ocr.md).
_PRINT_HEIGHT = 18
_ROW_PITCH = 32
_GAP = 18
_MARGIN = 10
_FAINTEST_PRINT = 12
_INK_AND_PAPER_SHARES = (0.02, 0.8)

# Levels of gray by which ink is darker than what is around it: print, and rules that are too thin to be black.
_PRINT_CONTRAST = 28
_FAINT_CONTRAST = 14
_GLYPH_HEIGHTS = (4, 64)
_GLYPH_WIDTH = 110
_GLYPH_AREA = 6
_GLYPH_ASPECT = 6
_LINE_HEIGHTS = (5, 72)
_LINE_ASPECT = 1.2


@dataclass(frozen=True)
class Piece:
    """A piece of a line of print: where it was put, and the map from there to the page."""

    placed: Box
    to_page: Matrix


@dataclass(frozen=True)
class PackedLines:
    """Pieces of lines side by side in rows, dark on white."""

    pixels: Gray
    pieces: tuple[Piece, ...]

    def rows(self, start: int, stop: int | None = None) -> Gray:
        """Return the pixels of some rows, counted from 0; none where there are not so many."""
        top = start * _ROW_PITCH
        if all(piece.placed.top < top for piece in self.pieces):
            return self.pixels[:0]
        return self.pixels[top:] if stop is None else self.pixels[top : stop * _ROW_PITCH + _MARGIN]

    def on_page(self, words: Sequence[Word], row: int, shape: tuple[int, ...]) -> tuple[Word, ...]:
        """Return words with their places on the page, without those that lie between the pieces.

        Args:
            words: Words as they were read from the rows that start with `row`.
            row: The first of these rows.
            shape: Height and width of the page.
        """
        shifted = (replace(word.box, top=word.box.top + row * _ROW_PITCH) for word in words)
        placed = ((word, box, self._piece_at(box)) for word, box in zip(words, shifted, strict=True))
        return tuple(replace(word, box=enclose(box, piece.to_page, shape)) for word, box, piece in placed if piece)

    def _piece_at(self, box: Box) -> Piece | None:
        x, y = box.left + box.width / 2, box.top + box.height / 2
        return next((piece for piece in self.pieces if _holds(piece.placed, x, y)), None)


def erase_frames(sketch: Gray) -> Gray:
    """Return a page without frames, rules and photographs: without all connected ink that is larger than a letter.

    A page that is levelled must lose them before: levelling breaks a slanted rule into dashes of a letter's size.
    """
    labels, stats = connected_ink(_ink(sketch, _FAINT_CONTRAST))
    is_large = (stats[:, cv2.CC_STAT_WIDTH] > _GLYPH_WIDTH) | (stats[:, cv2.CC_STAT_HEIGHT] > _GLYPH_HEIGHTS[1])
    is_large[0] = False  # the paper
    if not is_large.any():
        return sketch
    around = cv2.dilate(is_large.astype(np.uint8)[labels], np.ones((3, 3), np.uint8))
    return np.asarray(np.where(around == 1, 255, sketch), np.uint8)


def find_lines(sketch: Gray) -> list[Box]:
    """Return the pieces of lines of print on an upright page, from the top to the bottom.

    Glyphs are connected ink of a letter's size; those whose gap is below 2.4 times the median glyph's height are
    joined.

    Args:
        sketch: The page evened out, its longer side about 1,000 pixels, which the sizes of glyphs are made for.
    """
    _, stats = connected_ink(_ink(sketch, _PRINT_CONTRAST))
    glyphs = stats[_are_glyphs(stats)]
    if not len(glyphs):
        return []
    print_only = np.zeros_like(sketch)
    for left, top, width, height in glyphs[:, :4].tolist():
        print_only[top : top + height, left : left + width] = 255
    reach = max(3, round(float(np.median(glyphs[:, cv2.CC_STAT_HEIGHT])) * 1.2))
    joined = cv2.morphologyEx(print_only, cv2.MORPH_CLOSE, np.ones((1, 2 * reach + 1), np.uint8))
    outlines, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = (Box(*cv2.boundingRect(outline)) for outline in outlines)
    return sorted(filter(_is_line, boxes), key=lambda box: (box.top, box.left))


def pack_lines(page: Gray, lines: Sequence[Box], to_page: Matrix, rows: int) -> PackedLines:
    """Return the first lines of a page, as many as fit into so many rows.

    Args:
        page: The pixels to take the print from.
        lines: Lines as `find_lines` finds them.
        to_page: The map from the image in which the lines were found to the page.
        rows: How many rows to fill.
    """
    pieces = tuple(_place(lines, to_page, rows))
    used = max((piece.placed.top + piece.placed.height for piece in pieces), default=0)
    pixels = np.full((used + _MARGIN, ROW_WIDTH + 2 * _MARGIN), 255, np.uint8)
    for piece in pieces:
        left, top = piece.placed.left, piece.placed.top
        pixels[top : top + piece.placed.height, left : left + piece.placed.width] = _cut(page, piece)
    return PackedLines(pixels, pieces)


def _ink(sketch: Gray, contrast: int) -> Gray:
    ink = cv2.adaptiveThreshold(sketch, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 23, contrast)
    return np.asarray(ink, np.uint8)


def _are_glyphs(stats: NDArray[np.int32]) -> NDArray[np.bool_]:
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    found = (height >= _GLYPH_HEIGHTS[0]) & (height <= _GLYPH_HEIGHTS[1]) & (width <= _GLYPH_WIDTH)
    found &= (stats[:, cv2.CC_STAT_AREA] >= _GLYPH_AREA) & (width < height * _GLYPH_ASPECT)
    found[0] = False  # the paper
    return np.asarray(found, np.bool_)


def _is_line(box: Box) -> bool:
    return _LINE_HEIGHTS[0] <= box.height <= _LINE_HEIGHTS[1] and box.width >= box.height * _LINE_ASPECT


def _place(lines: Sequence[Box], to_page: Matrix, rows: int) -> Iterator[Piece]:
    row, left = 0, 0
    for line in lines:
        margin = max(1.5, line.height * 0.15)
        scale = (line.height + 2 * margin) / _PRINT_HEIGHT
        # A line that is longer than a row loses its end.
        width = min(ROW_WIDTH, max(1, round((line.width + 2 * margin) / scale)))
        if left and left + width > ROW_WIDTH:
            row, left = row + 1, 0
        if row >= rows:
            return
        placed = Box(_MARGIN + left, _MARGIN + row * _ROW_PITCH, width, _PRINT_HEIGHT)
        left_edge, top_edge = line.left - margin - scale * placed.left, line.top - margin - scale * placed.top
        to_line = np.array([[scale, 0, left_edge], [0, scale, top_edge]])
        yield Piece(placed, chain(to_line, to_page))
        left += width + _GAP


def _cut(page: Gray, piece: Piece) -> Gray:
    """Return the print of a piece at its new size, its paper white and its ink black."""
    placed = piece.placed
    matrix = piece.to_page.copy()
    matrix[:, 2] += matrix[:, :2] @ (placed.left, placed.top)
    size = np.array([placed.width, placed.height])
    # Print that shrinks is cut out at its full size first, so that no stroke is skipped.
    shrinking = max(1.0, float(np.linalg.norm(matrix[:, 1])))
    fine = tuple(int(side) for side in np.ceil(size * shrinking))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    matrix[:, :2] /= shrinking
    cut = cv2.warpAffine(page, matrix, fine, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    if shrinking > 1:
        cut = cv2.resize(cut, (placed.width, placed.height), interpolation=cv2.INTER_AREA)
    return _stretch(np.asarray(cut, np.uint8))


def _stretch(cut: Gray) -> Gray:
    """Return a piece with black ink on white paper: what there is more of is the paper."""
    shares = np.cumsum(np.bincount(cut.ravel(), minlength=256)) / cut.size
    darkest, middle, brightest = (int(np.searchsorted(shares, share)) for share in (0.02, 0.5, 0.98))
    if brightest - darkest < _FAINTEST_PRINT:
        return np.full_like(cut, 255)
    if 2 * middle < darkest + brightest:
        cut, shares = 255 - cut, np.cumsum(np.bincount((255 - cut).ravel(), minlength=256)) / cut.size
    ink, paper = (int(np.searchsorted(shares, share)) for share in _INK_AND_PAPER_SHARES)
    levels = (np.arange(256, dtype=np.float32) - ink) * (255.0 / max(1, paper - ink))
    return np.asarray(np.clip(levels, 0, 255).astype(np.uint8)[cut], np.uint8)


def _holds(box: Box, x: float, y: float) -> bool:
    slack = (_ROW_PITCH - _PRINT_HEIGHT) / 2
    return (
        box.left - _GAP / 2 <= x < box.left + box.width + _GAP / 2
        and box.top - slack <= y < box.top + box.height + slack
    )
