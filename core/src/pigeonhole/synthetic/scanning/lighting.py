"""Uneven light as a small map that is stretched over the page."""

import cv2
import numpy as np

from pigeonhole.synthetic.scanning.conditions import Light
from pigeonhole.synthetic.scanning.grain import Pixels

_SIDE = 48


def shade(pixels: Pixels, light: Light) -> Pixels:
    """The pixels under this light."""
    if not (light.slope or light.shadow or light.fold):
        return pixels
    height, width = pixels.shape[:2]
    small = (255 * brightness(light)).astype(np.uint8)
    shades = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if pixels.ndim == 3:
        shades = cv2.cvtColor(shades, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.multiply(pixels, shades, scale=1 / 255), np.uint8)


def brightness(light: Light) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Brightness 0..1 of shape (48, 48)."""
    axis = np.linspace(-0.5, 0.5, _SIDE)
    x, y = np.meshgrid(axis, axis)
    slope = 1 - light.slope * (0.5 + x * np.cos(light.slope_angle) + y * np.sin(light.slope_angle)).clip(0, 1)
    across = x * np.cos(light.shadow_angle) + y * np.sin(light.shadow_angle) - light.shadow_place
    shadow = 1 - light.shadow / (1 + np.exp(-across / light.shadow_softness))
    fold = 1 - light.fold * np.exp(-(((y + 0.5 - light.fold_place) / 0.02) ** 2))
    return np.asarray(slope * shadow * fold).clip(0.05, 1.0)
