"""Turned, skewed and photographed pages lose nothing that the sorter would not lose in life."""

import cv2
import numpy as np
import pytest

from ocr.distortions import SKEWS, Pixels, lossless, photograph, skew, turn

pytestmark = pytest.mark.unit


def page(height: int = 300, width: int = 200) -> Pixels:
    pixels = np.full((height, width, 3), 255, np.uint8)
    cv2.putText(pixels, "FACTURE", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    return pixels


def test_four_turns_by_90_degrees_give_the_page_back() -> None:
    turned = page()
    for _ in range(4):
        turned = turn(turned, 90)
    assert np.array_equal(turned, page())
    assert np.array_equal(turn(turn(page(), 90), 270), page())
    assert np.array_equal(turn(turn(page(), 180), 180), page())


@pytest.mark.parametrize("degrees", SKEWS)
def test_a_skewed_page_keeps_its_ink_on_a_larger_white_sheet(degrees: int) -> None:
    black = np.zeros((300, 200, 3), np.uint8)
    skewed = skew(black, degrees)
    assert skewed.shape[0] > 300
    assert skewed.shape[1] > 200
    assert (skewed == 255).any()
    assert (255 - skewed[:, :, 0].astype(float)).sum() / 255 == pytest.approx(300 * 200, rel=0.01)


def test_a_skew_turns_by_the_degrees_that_it_names() -> None:
    bar = np.full((200, 400), 255, np.uint8)
    bar[98:102, 50:350] = 0
    ys, xs = np.nonzero(skew(bar, 10) < 128)
    slope = np.polyfit(xs, ys, 1)[0]
    assert np.degrees(np.arctan(slope)) == pytest.approx(-10, abs=0.5)


def test_a_photograph_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert photograph(page(), "a") == photograph(page(), "a")
    assert photograph(page(), "a") != photograph(page(), "b")


def test_a_photograph_is_a_jpeg_of_less_contrast_that_shows_the_whole_page() -> None:
    taken = cv2.imdecode(np.frombuffer(photograph(page(), "a"), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert max(taken.shape) > 1800
    assert np.ptp(cv2.GaussianBlur(taken, (0, 0), 5).astype(int)) < 170


def test_a_lossless_file_gives_the_same_pixels() -> None:
    assert np.array_equal(cv2.imdecode(np.frombuffer(lossless(page()), np.uint8), cv2.IMREAD_COLOR), page())
