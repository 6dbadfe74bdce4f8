"""Grain and surfaces from a bank of noise that is made once per process."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_PERIOD = 1024
_REACH = 3072
"""Pixels of the longest side that the bank covers: A3 at 185 dots per inch."""
_SPREAD = 32.0
"""Standard deviation of the bank in grey levels, around 128."""


@cache
def _bank() -> Pixels:
    """Noise of shape (4096, 4096) that repeats every 1024 pixels, the same in every process."""
    noise = np.random.default_rng(20_260_301).normal(128, _SPREAD, (_PERIOD, _PERIOD))
    repeats = _REACH // _PERIOD + 1
    return np.tile(noise.clip(0, 255).astype(np.uint8), (repeats, repeats))


def noise_field(height: int, width: int, place: int) -> Pixels:
    """Noise of shape (height, width), both at most 3072, cut from the bank at a place of its own."""
    top, left = place // _PERIOD % _PERIOD, place % _PERIOD
    return _bank()[top : top + height, left : left + width]


def develop(pixels: Pixels, black: float, white: float, sigma: float, place: int) -> Pixels:
    """The pixels in the contrast from `black` to `white`, with noise of this standard deviation in grey levels."""
    noise = noise_field(pixels.shape[0], pixels.shape[1], place)
    if pixels.ndim == 3:
        noise = np.asarray(cv2.cvtColor(noise, cv2.COLOR_GRAY2BGR), np.uint8)
    strength = sigma / _SPREAD
    return np.asarray(cv2.addWeighted(pixels, (white - black) / 255, noise, strength, black - 128 * strength), np.uint8)


def surface(height: int, width: int, channels: int, seed: int) -> Pixels:
    """A table top of shape (height, width) or (height, width, 3): grained like wood, or plain."""
    draw = np.random.default_rng(seed)
    colour = draw.uniform(30, 180) * draw.uniform(0.7, 1.1, channels)
    coarse = draw.normal(0, draw.uniform(2, 14), (int(draw.integers(3, 60)), int(draw.integers(3, 60)), 1))
    texture = (coarse + colour).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(texture, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
