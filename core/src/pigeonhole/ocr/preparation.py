"""Make a page easy to read: dark print on light paper, level, evenly lit.

Measured on generated scans of 1600 pixels (docs/ocr.md): finding the tilt takes about 12 ms, levelling 5 ms.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pigeonhole.ocr.geometry import Matrix, chain
from pigeonhole.pages import fit_long_side

Gray = NDArray[np.uint8]
"""A gray image of shape (height, width), 0 black and 255 white."""

# In pixels of a page at a quarter of its size.
_AROUND = 17
_STROKE = (6, 10)
# In levels of gray.
_NEARER = 30
_DARK = 140
_CONTRAST = 60
_TILT_SIDE = 700
_LARGEST_GLYPH = 60
_MIN_INK_POINTS = 200
_MAX_INK_POINTS = 6_000
_MAX_SKEW = 12.0
_NEGLIGIBLE_SKEW = 0.3


@dataclass(frozen=True)
class Tilt:
    """How to lay a page upright: level it by `skew` degrees, then turn it clockwise by 0, 90, 180 or 270 degrees."""

    skew: float = 0.0
    turn: int = 0

    def turned(self, degrees: int) -> "Tilt":
        """Return the tilt with so many more degrees to turn."""
        return Tilt(self.skew, (self.turn + degrees) % 360)


@dataclass(frozen=True)
class Upright:
    """A page laid upright, and the map from it to the page as it came."""

    pixels: Gray
    to_page: Matrix


def even_out(gray: Gray) -> Gray:
    """Return a page with dark print on evenly light paper."""
    small = _quarter(gray)
    light = _light_print(small)
    if light.any():
        height, width = gray.shape
        inverted = cv2.resize(light, (width, height), interpolation=cv2.INTER_NEAREST) == 1
        gray = np.asarray(np.where(inverted, 255 - gray, gray), np.uint8)
        small = np.asarray(np.where(light == 1, 255 - small, small), np.uint8)
    return _divide_background(gray, small)


def _quarter(gray: Gray) -> Gray:
    """Return a page at a quarter of its size; up to three pixels at its edges are left out.

    Without these OpenCV averages blocks of sixteen pixels, in a tenth of the time that fractions of pixels take.
    """
    height, width = (max(4, side // 4 * 4) for side in gray.shape)
    return np.asarray(
        cv2.resize(gray[:height, :width], (width // 4, height // 4), interpolation=cv2.INTER_AREA), np.uint8
    )


def _light_print(small: Gray) -> Gray:
    """Return where a page at a quarter of its size holds light print on dark, as the heads of invoices often do.

    An area's print is light where its mean is nearer to its darkest point than to its brightest; paper in a shadow is
    dark as well, and its mean is near the brightest.
    """
    around = np.ones((_AROUND, _AROUND), np.uint8)
    brightest, darkest, mean = (
        np.asarray(found, np.int16)
        for found in (cv2.dilate(small, around), cv2.erode(small, around), cv2.blur(small, around.shape))
    )
    light = (2 * mean < brightest + darkest - _NEARER) & (mean < _DARK) & (brightest - darkest > _CONTRAST)
    # Only areas wider and higher than any letter's stroke, each without holes.
    opened = cv2.morphologyEx(light.astype(np.uint8), cv2.MORPH_OPEN, np.ones(_STROKE, np.uint8))
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), np.uint8)


def _divide_background(gray: Gray, small: Gray) -> Gray:
    """Even out shadows and faint print: divide by the paper's brightness around each point."""
    height, width = gray.shape
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((7, 7), np.uint8)), 21)
    even = cv2.divide(gray, cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), scale=255)
    if int(even.max()) - int(even.min()) < _CONTRAST:
        return np.asarray(even, np.uint8)  # blank paper, whose noise must not become print
    return np.asarray(cv2.normalize(even, even, 0, 255, cv2.NORM_MINMAX), np.uint8)


def find_tilt(gray: Gray) -> Tilt:
    """Return how the lines of a page run, by the sharpest profile of ink across all angles; never upside down.

    Postl, "Detection of linear oblique structures and skew scan in digitized documents", ICPR 1986: along the right
    angle, rows of print and the gaps between them alternate most sharply. A page with hardly any print lies level.
    """
    xs, ys = _ink_points(gray)
    if len(xs) < _MIN_INK_POINTS:
        return Tilt()
    level, level_sharpness = _sharpest_angle(ys, -xs)
    upward, upward_sharpness = _sharpest_angle(xs, ys)
    skew, turn = (upward, 90) if upward_sharpness > level_sharpness else (level, 0)
    return Tilt(skew if abs(skew) >= _NEGLIGIBLE_SKEW else 0.0, turn)


def lay_upright(gray: Gray, tilt: Tilt) -> Upright:
    """Level and turn a page."""
    level, to_page = (gray, np.eye(2, 3)) if tilt.skew == 0 else _levelled(gray, tilt.skew)
    turned = np.ascontiguousarray(np.rot90(level, -tilt.turn // 90)) if tilt.turn else level
    return Upright(turned, chain(_turning_back(tilt.turn, turned.shape), to_page))


def connected_ink(ink: Gray) -> tuple[NDArray[np.integer], NDArray[np.int32]]:
    """Return a label for each pixel and OpenCV's statistics for each label, of which 0 is the paper."""
    try:
        # Labels of 16 bits take a third of the time.
        _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_16U)
    except cv2.error:  # more specks than 16 bits can count
        _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return np.asarray(labels), np.asarray(stats, np.int32)


def _ink_points(gray: Gray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the places of print on the page made small, without rules, frames and photographs."""
    small = fit_long_side(gray, _TILT_SIDE)
    ink = cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 12)
    labels, stats = connected_ink(np.asarray(ink, np.uint8))
    is_glyph = (stats[:, cv2.CC_STAT_WIDTH] < _LARGEST_GLYPH) & (stats[:, cv2.CC_STAT_HEIGHT] < _LARGEST_GLYPH)
    is_glyph[0] = False  # the paper
    found = cv2.findNonZero(ink)
    if found is None:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    xs, ys = found.reshape(-1, 2).T
    of_glyphs = is_glyph[labels[ys, xs]]
    xs, ys = xs[of_glyphs], ys[of_glyphs]
    if len(xs) > _MAX_INK_POINTS:
        chosen = np.random.default_rng(0).choice(len(xs), _MAX_INK_POINTS, replace=False)
        xs, ys = xs[chosen], ys[chosen]
    return xs.astype(np.float32), ys.astype(np.float32)


def _sharpest_angle(across: NDArray[np.float32], along: NDArray[np.float32]) -> tuple[float, float]:
    # Whole degrees are told apart by every third point of print.
    few_across, few_along = across[::3], along[::3]
    best = max(np.arange(-_MAX_SKEW, _MAX_SKEW + 1), key=lambda angle: _sharpness(few_across, few_along, angle))
    for step in (0.5, 0.25, 0.125):
        best = max((best - step, best, best + step), key=lambda angle: _sharpness(across, along, angle))
    return float(best), _sharpness(across, along, best)


def _sharpness(across: NDArray[np.float32], along: NDArray[np.float32], degrees: float) -> float:
    radians = np.deg2rad(degrees)
    places = across * np.cos(radians) + along * np.sin(radians)
    profile = np.bincount((places - places.min()).astype(np.int32)).astype(np.float64)
    return float(np.square(np.diff(profile)).sum())


def _levelled(gray: Gray, skew: float) -> tuple[Gray, Matrix]:
    height, width = gray.shape
    turning = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    cosine, sine = abs(turning[0, 0]), abs(turning[0, 1])
    size = (round(height * sine + width * cosine), round(height * cosine + width * sine))
    turning[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    level = cv2.warpAffine(gray, turning, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(level, np.uint8), np.asarray(cv2.invertAffineTransform(turning), np.float64)


def _turning_back(turn: int, shape: tuple[int, ...]) -> Matrix:
    """Return the matrix from points of an image of this shape to the image before it was turned clockwise."""
    height, width = shape
    matrices: dict[int, list[list[float]]] = {
        0: [[1, 0, 0], [0, 1, 0]],
        90: [[0, 1, 0], [-1, 0, width]],
        180: [[-1, 0, width], [0, -1, height]],
        270: [[0, -1, height], [1, 0, 0]],
    }
    return np.array(matrices[turn], np.float64)
