"""Pages are made level, even and dark on light."""

import random

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pigeonhole.ocr.geometry import chain, enclose, scaling
from pigeonhole.ocr.page_text import Box
from pigeonhole.ocr.preparation import Tilt, even_out, find_tilt, lay_upright

pytestmark = pytest.mark.unit


def page(lines: int = 24) -> NDArray[np.uint8]:
    """A page of drawn lines of letters."""
    pixels = np.full((1000, 760), 255, np.uint8)
    draw = random.Random(3)
    for row in range(lines):
        text = " ".join("".join(draw.choices("aceimnorstu", k=draw.randint(2, 9))) for _ in range(draw.randint(3, 6)))
        cv2.putText(pixels, text, (90, 90 + 36 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 0, 2)
    return pixels


def turned(pixels: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """The page turned clockwise on a larger sheet."""
    height, width = pixels.shape
    side = int(np.hypot(height, width)) + 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return cv2.warpAffine(pixels, matrix, (side, side), borderValue=255)


@pytest.mark.parametrize("degrees", [-10.0, -3.5, -0.5, 0.0, 1.25, 7.0, 10.0])
def test_the_skew_of_a_page_is_found_to_a_quarter_degree(degrees: float) -> None:
    tilt = find_tilt(turned(page(), degrees))
    assert tilt.turn == 0
    assert abs(tilt.skew - degrees) <= 0.25


@pytest.mark.parametrize("degrees", [-8.0, 0.0, 4.0])
def test_lines_that_run_upwards_are_turned_level(degrees: float) -> None:
    sideways = turned(np.ascontiguousarray(np.rot90(page())), degrees)
    tilt = find_tilt(sideways)
    assert tilt.turn == 90
    upright = lay_upright(sideways, tilt)
    assert find_tilt(upright.pixels) == Tilt()


def test_a_blank_page_lies_level() -> None:
    assert find_tilt(np.full((500, 400), 255, np.uint8)) == Tilt()


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [0.0, 5.0])
def test_a_place_on_the_upright_page_is_found_on_the_page_as_it_came(turn: int, skew: float) -> None:
    pixels = np.full((300, 200), 255, np.uint8)
    cv2.circle(pixels, (60, 90), 6, 0, -1)
    upright = lay_upright(pixels, Tilt(skew, turn))
    y, x = (int(values.mean()) for values in np.nonzero(upright.pixels < 100))
    box = enclose(Box(x - 2, y - 2, 4, 4), upright.to_page, pixels.shape)
    assert abs(box.left + box.width / 2 - 60) <= 2
    assert abs(box.top + box.height / 2 - 90) <= 2


def test_a_map_that_follows_another_applies_last() -> None:
    shift = np.array([[1, 0, 10], [0, 1, 0]], np.float64)
    assert enclose(Box(1, 1, 2, 2), chain(scaling((1, 1), (2, 2)), shift), (100, 100)) == Box(12, 2, 4, 4)


def test_a_place_beside_the_page_is_moved_onto_it() -> None:
    assert enclose(Box(95, 50, 20, 10), scaling((1, 1), (1, 1)), (100, 100)) == Box(95, 50, 5, 10)


def test_light_print_on_a_dark_band_becomes_dark_on_light() -> None:
    pixels = np.full((400, 600), 250, np.uint8)
    pixels[40:120] = 40
    cv2.putText(pixels, "FACTURE", (60, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 240, 3)
    cv2.putText(pixels, "Total", (60, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 0, 3)
    dark = even_out(pixels)
    assert np.median(dark[40:120]) > 200
    assert dark[60:110, 60:240].min() < 40
    assert np.median(dark[200:]) > 200
    assert dark[250:310, 60:240].min() < 40


def test_bold_letters_are_no_dark_area() -> None:
    pixels = np.full((300, 900), 255, np.uint8)
    cv2.putText(pixels, "FACTURE", (20, 160), cv2.FONT_HERSHEY_SIMPLEX, 4, 0, 14)
    letters = pixels < 128
    assert np.array_equal(even_out(pixels) < 128, letters)


def test_a_shadow_across_the_page_is_evened_out() -> None:
    shadow = np.linspace(90, 250, 760, dtype=np.float64)[None, :] / 255
    shaded = (page() * shadow).astype(np.uint8)
    paper = even_out(shaded)[:60]
    assert int(paper.max()) - int(paper.min()) < 30
    assert even_out(shaded).min() < 40


def test_the_noise_of_blank_paper_does_not_become_print() -> None:
    noise = np.random.default_rng(0).normal(248, 2, (600, 400)).clip(0, 255).astype(np.uint8)
    assert even_out(noise).min() > 200
    assert even_out(np.full((600, 400), 255, np.uint8)).min() == 255


def test_a_strip_is_scaled_along_each_side_by_itself() -> None:
    assert enclose(Box(1000, 10, 90, 10), scaling((28, 1100), (40, 1600)), (40, 1600)).left == 1454
