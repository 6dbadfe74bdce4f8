"""What pages go through on their way to a sorter: turned, skewed, photographed with a telephone."""

import random
from collections.abc import Callable, Mapping
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Distortion = Callable[[Pixels], Pixels]

TURNS = (90, 180, 270)
SKEWS = (-10, -5, 5, 10)
_CLOCKWISE = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

_PHOTO_SIDE = 1800
"""Pixels of a photograph's longer side: a page on a telephone's picture that was sent on by a messenger."""
_BEND = 0.05
_MARGIN = 0.06
_CONTRAST = 0.45
_SHADOW = 0.45
_BLUR = 1.0
_NOISE = 6.0
_JPEG_QUALITY = 55


def turn(pixels: Pixels, degrees: int) -> Pixels:
    """Return the page turned clockwise by 90, 180 or 270 degrees."""
    return np.asarray(cv2.rotate(pixels, _CLOCKWISE[degrees]), np.uint8)


def skew(pixels: Pixels, degrees: float) -> Pixels:
    """Return the page turned by some degrees on white paper that is large enough to lose nothing."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = round(height * sine + width * cosine), round(height * cosine + width * sine)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    white = (255, 255, 255)
    turned = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderValue=white)
    return np.asarray(turned, np.uint8)


def photograph(pixels: Pixels, seed: str) -> bytes:
    """Return the page as a telephone's JPEG: in perspective on a table, pale, in a shadow, blurred and noisy.

    Args:
        pixels: The page, blue first, shape (height, width, 3).
        seed: Decides the corners, the table and the shadow.
    """
    draw = random.Random(seed)
    page = fit(pixels, _PHOTO_SIDE / max(pixels.shape[:2]))
    pale = 128 + (_on_table(page, draw).astype(np.float32) - 128) * _CONTRAST
    shaded = pale * _shadow(pale.shape[:2], draw)[:, :, None]
    blurred = cv2.GaussianBlur(shaded, (0, 0), _BLUR)
    noise = np.random.default_rng(draw.randrange(2**32)).standard_normal(blurred.shape, np.float32)
    taken = np.clip(blurred + _NOISE * noise, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", taken, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes())


def lossless(pixels: Pixels) -> bytes:
    """Return the pixels as a file without loss, so that nothing but the distortion differs."""
    return bytes(cv2.imencode(".bmp", pixels)[1].tobytes())


def untouched(pixels: Pixels) -> Pixels:
    """Return the page as it is."""
    return pixels


TURNED: Mapping[str, Distortion] = {f"turned {degrees}": partial(turn, degrees=degrees) for degrees in TURNS}
SKEWED: Mapping[str, Distortion] = {f"skewed {degrees:+d}": partial(skew, degrees=degrees) for degrees in SKEWS}


def fit(pixels: Pixels, scale: float) -> Pixels:
    """Return the page at another scale."""
    height, width = pixels.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)


def _on_table(page: Pixels, draw: random.Random) -> Pixels:
    """Return the page with its corners shifted, on a table of one colour that shows around it."""
    height, width = page.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    bend = np.array([[draw.uniform(-_BEND, _BEND), draw.uniform(-_BEND, _BEND)] for _ in range(4)])
    frame = round(width * (1 + 2 * _MARGIN)), round(height * (1 + 2 * _MARGIN))
    seen = (corners + bend * (width, height) + np.array(frame) * _MARGIN / (1 + 2 * _MARGIN)).astype(np.float32)
    table = tuple(draw.uniform(40, 150) for _ in range(3))
    matrix = cv2.getPerspectiveTransform(corners, seen)
    return np.asarray(cv2.warpPerspective(page, matrix, frame, flags=cv2.INTER_LINEAR, borderValue=table), np.uint8)


def _shadow(shape: tuple[int, ...], draw: random.Random) -> NDArray[np.float32]:
    """Return the brightness, shape (height, width): a hand's soft shadow that falls across from one side."""
    angle, place, softness = draw.uniform(0, 2 * np.pi), draw.uniform(-0.25, 0.25), draw.uniform(0.05, 0.2)
    y, x = np.meshgrid(np.linspace(-0.5, 0.5, shape[0]), np.linspace(-0.5, 0.5, shape[1]), indexing="ij")
    across = x * np.cos(angle) + y * np.sin(angle) - place
    return np.asarray(1 - _SHADOW / (1 + np.exp(-across / softness)), np.float32)
