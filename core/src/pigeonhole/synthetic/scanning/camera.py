"""A page photographed on a table: where its corners come to lie in the frame."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pigeonhole.synthetic.scanning.conditions import Conditions
from pigeonhole.synthetic.scanning.grain import Pixels, surface


def photograph(page: Pixels, conditions: Conditions) -> Pixels:
    """The page in perspective, turned by the skew, on a table that fills the rest of the frame."""
    height, width = page.shape[:2]
    size = (round(width / conditions.cover), round(height / conditions.cover))
    homography = cv2.getPerspectiveTransform(_corners(width, height), _seen_corners(width, height, size, conditions))
    table = surface(size[1], size[0], 1 if page.ndim == 2 else 3, conditions.surface)
    seen = cv2.warpPerspective(page, homography, size, table, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(seen, np.uint8)


def _corners(width: float, height: float) -> NDArray[np.float32]:
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def _seen_corners(width: int, height: int, size: tuple[int, int], conditions: Conditions) -> NDArray[np.float32]:
    """The page's corners in the frame: around its middle, shifted one by one, turned by the skew."""
    shifts = np.array(conditions.corners, np.float64) * (width, height)
    centred = _corners(width, height) - (width / 2, height / 2) + shifts
    angle = np.radians(conditions.skew)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(centred @ rotation + np.array(size) / 2, np.float32)
