"""Where a rectangle of one image stands in another."""

import numpy as np
from numpy.typing import NDArray

from pigeonhole.ocr.page_text import Box

Matrix = NDArray[np.float64]
"""An affine map of points from one image to another, shape (2, 3)."""


def scaling(small: tuple[int, ...], large: tuple[int, ...]) -> Matrix:
    """Return the map from an image of one shape to the same image of another."""
    return np.array([[large[1] / small[1], 0, 0], [0, large[0] / small[0], 0]], np.float64)


def chain(first: Matrix, second: Matrix) -> Matrix:
    """Return the map that applies `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


def enclose(box: Box, matrix: Matrix, shape: tuple[int, ...]) -> Box:
    """Return the smallest upright box around a mapped one, inside an image of shape (height, width)."""
    right, bottom = box.left + box.width, box.top + box.height
    corners = np.array([[box.left, right, right, box.left], [box.top, box.top, bottom, bottom]], np.float64)
    points = matrix[:, :2] @ corners + matrix[:, 2:]
    height, width = shape
    low = np.clip(np.floor(points.min(axis=1)), 0, (width - 1, height - 1))
    high = np.clip(np.ceil(points.max(axis=1)), low + 1, (width, height))
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
