"""What the device does to a page."""

import random

import numpy as np
import pytest

from pigeonhole.synthetic.drawing.marks import Box
from pigeonhole.synthetic.drawing.paper import Leaf, Placed
from pigeonhole.synthetic.drawing.sheets import Sheet
from pigeonhole.synthetic.scanning import Conditions, draw_conditions, scan_leaves
from pigeonhole.synthetic.scanning.conditions import Light
from pigeonhole.synthetic.scanning.grain import develop, noise_field, surface
from pigeonhole.synthetic.scanning.lighting import brightness, shade

pytestmark = pytest.mark.unit
DARK = Light(0.5, 0.0, 0.6, 1.0, 0.0, 0.1, 0.3, 0.5)
SHEET = Sheet(595.0, 842.0, (Box(100, 100, 200, 80, fill=(0.0, 0.0, 0.0)),))
PAGE = Leaf(595.0, 842.0, (Placed(SHEET, 0, 0, 1.0),))
BLANK = Leaf(595.0, 842.0)


def clean(**changes: object) -> Conditions:
    values = dict(draw_conditions(random.Random(1), 0.0).__dict__)
    return Conditions(**(values | {"dpi": 72.0, "mode": "grey", "noise": 0.0} | changes))


def scanned(*leaves: Leaf, **changes: object) -> list[np.ndarray]:
    return list(scan_leaves(leaves, clean(**changes)))


def test_at_difficulty_0_a_scan_is_straight_sharp_and_in_grey_or_colour() -> None:
    for seed in range(100):
        conditions = draw_conditions(random.Random(seed), 0.0)
        assert not conditions.photographed
        assert conditions.quarter_turns == 0
        assert conditions.skew == 0
        assert conditions.cover == 1
        assert conditions.blur == 0
        assert conditions.mode in ("grey", "colour")
        assert conditions.quality >= 90


def test_harder_scans_turn_skew_and_photograph() -> None:
    drawn = [draw_conditions(random.Random(seed), 0.8) for seed in range(300)]
    assert {conditions.quarter_turns for conditions in drawn} == {0, 1, 2, 3}
    assert {conditions.mode for conditions in drawn} == {"grey", "colour", "bilevel"}
    assert 0.25 < sum(conditions.photographed for conditions in drawn) / len(drawn) < 0.55
    assert max(abs(conditions.skew) for conditions in drawn) > 3


def test_a_clean_scan_shows_what_was_drawn() -> None:
    (page,) = scanned(PAGE)
    assert page.shape == (842, 595)
    assert page[140, 200] < 10
    assert page[400, 200] > 245


def test_quarter_turns_turn_the_page_anticlockwise() -> None:
    (upright,) = scanned(PAGE)
    for turns in (1, 2, 3):
        (turned,) = scanned(PAGE, quarter_turns=turns)
        expected = np.rot90(upright, turns)
        assert turned.shape == expected.shape
        assert np.abs(turned.astype(int) - expected).mean() < 2


def test_skew_shows_the_lid_in_the_corners() -> None:
    (page,) = scanned(PAGE, skew=5.0, cover=0.95, lid=0.2)
    assert page[2, 2] < 80
    assert page[420, 300] > 245


def test_a_photograph_shows_the_table_around_the_page() -> None:
    corners = ((0.05, 0.0), (0.0, 0.04), (-0.05, 0.0), (0.0, -0.04))
    (page,) = scanned(PAGE, photographed=True, cover=0.8, corners=corners, surface=3)
    assert page.shape == (round(842 / 0.8), round(595 / 0.8))
    assert page[5, 5] < 220
    assert page[600, 370] > 245


def test_a_blank_back_shows_its_front_faintly_and_mirrored() -> None:
    _, back = scanned(PAGE, BLANK)
    assert back.min() > 225
    assert back[140, 595 - 200] < back[140, 200]


def test_bilevel_scans_are_black_and_white() -> None:
    (page,) = scanned(PAGE, mode="bilevel", noise=6.0)
    assert set(np.unique(page)) == {0, 255}


def test_colour_scans_have_three_channels() -> None:
    (page,) = scanned(PAGE, mode="colour", light=DARK, photographed=True, cover=0.9)
    assert page.ndim == 3
    assert page.shape[2] == 3


def test_light_darkens_and_a_fold_is_a_line() -> None:
    page = np.full((200, 100), 240, np.uint8)
    assert shade(page, DARK).mean() < 200
    fold = brightness(Light(0, 0, 0, 0, 0, 0.1, 0.5, 0.5))
    assert fold[24].mean() < 0.7
    assert fold[4].mean() > 0.99


def test_grain_has_the_strength_asked_for_and_no_bias() -> None:
    page = np.full((900, 700), 128, np.uint8)
    grained = develop(page, 0, 255, 6.0, 12_345)
    assert grained.std() == pytest.approx(6, abs=0.5)
    assert grained.mean() == pytest.approx(128, abs=0.5)


def test_noise_and_surfaces_are_the_same_each_time_and_differ_by_place() -> None:
    assert np.array_equal(noise_field(50, 60, 7), noise_field(50, 60, 7))
    assert not np.array_equal(noise_field(50, 60, 7), noise_field(50, 60, 99_000))
    assert np.array_equal(surface(40, 30, 3, 5), surface(40, 30, 3, 5))
    assert surface(40, 30, 1, 5).shape == (40, 30)
