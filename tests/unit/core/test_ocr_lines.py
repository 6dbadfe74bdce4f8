"""Lines of print are found and packed, and what is read from the rows is found on the page again."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pigeonhole.ocr.geometry import scaling
from pigeonhole.ocr.lines import ROW_WIDTH, erase_frames, find_lines, pack_lines
from pigeonhole.ocr.page_text import Box, Word
from pigeonhole.ocr.preparation import Tilt, lay_upright

pytestmark = pytest.mark.unit


def page(texts: list[str], *, ink: int = 0, paper: int = 255) -> NDArray[np.uint8]:
    pixels = np.full((1100, 780), paper, np.uint8)
    for row, text in enumerate(texts):
        cv2.putText(pixels, text, (60, 80 + 50 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, ink, 2)
    return pixels


def test_every_line_is_found_from_the_top_to_the_bottom() -> None:
    lines = find_lines(page(["Facture numero", "Montant total", "Date de paiement"]))
    assert len(lines) == 3
    assert [abs(line.top - (62 + 50 * row)) < 8 for row, line in enumerate(lines)] == [True] * 3
    assert all(abs(line.left - 60) < 8 for line in lines)


def test_columns_are_pieces_of_their_own() -> None:
    pixels = page(["Total"])
    cv2.putText(pixels, "1234", (500, 80), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 0, 2)
    assert [line.left > 400 for line in find_lines(pixels)] == [False, True]


def test_frames_rules_and_photographs_are_no_print() -> None:
    pixels = page(["Facture numero"])
    cv2.rectangle(pixels, (20, 20), (760, 1000), 0, 3)
    cv2.line(pixels, (30, 300), (750, 300), 0, 2)
    pixels[500:800, 200:500] = np.random.default_rng(0).integers(0, 120, (300, 300))
    assert [line.top < 100 for line in find_lines(pixels) if line.width > 60] == [True]


def test_frames_of_a_slanted_page_are_erased_and_its_print_is_not() -> None:
    plain = lay_upright(page(["Facture numero", "Montant total"]), Tilt(-9.0)).pixels
    pixels = page(["Facture numero", "Montant total"])
    for row in (52, 102):
        cv2.rectangle(pixels, (40, row), (400, row + 40), 150, 1)
    framed = lay_upright(pixels, Tilt(-9.0)).pixels
    assert np.abs(framed.astype(int) - plain).max() > 60
    assert np.abs(erase_frames(framed).astype(int) - plain).max() <= 60


def test_a_page_without_frames_is_left_as_it_is() -> None:
    pixels = page(["Facture numero"])
    assert np.array_equal(erase_frames(pixels), pixels)


def test_a_page_without_print_has_no_lines() -> None:
    assert find_lines(np.full((300, 200), 255, np.uint8)) == []
    assert pack_lines(np.full((300, 200), 255, np.uint8), [], scaling((1, 1), (1, 1)), 3).pieces == ()


def test_noise_of_more_specks_than_sixteen_bits_is_looked_at() -> None:
    noise = np.full((1100, 1100), 255, np.uint8)
    noise[::2, ::2] = 0
    assert isinstance(find_lines(noise), list)


def test_no_more_rows_are_packed_than_asked_for() -> None:
    texts = ["Une ligne assez longue de la facture"] * 18
    pixels = page(texts)
    lines = find_lines(pixels)
    two, three = (pack_lines(pixels, lines, scaling((1, 1), (1, 1)), rows) for rows in (2, 3))
    assert len({piece.placed.top for piece in two.pieces}) == 2
    assert len({piece.placed.top for piece in three.pieces}) == 3
    assert all(piece.placed.left + piece.placed.width <= ROW_WIDTH + 12 for piece in three.pieces)
    assert three.rows(3).size == 0
    assert three.rows(2).min() < 20


def test_print_is_black_on_white_whatever_it_was() -> None:
    for ink, paper in ((90, 170), (230, 60), (40, 100), (200, 125)):
        pixels = page(["Facture numero"], ink=ink, paper=paper)
        lines = find_lines(pixels if ink < paper else 255 - pixels)
        rows = pack_lines(pixels, lines, scaling((1, 1), (1, 1)), 1).pixels
        assert rows.min() < 20
        assert np.median(rows) == 255


def test_a_word_of_the_rows_is_found_where_it_stands_on_the_page() -> None:
    sketch = page(["Facture", "Montant", "Total"])
    large = cv2.resize(sketch, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    lines = find_lines(sketch)
    packed = pack_lines(large, lines, scaling((1, 1), (2, 2)), 3)
    words = [Word(str(number), 1.0, piece.placed) for number, piece in enumerate(packed.pieces)]
    found = packed.on_page(words, 0, large.shape)
    for line, word in zip(lines, found, strict=True):
        assert abs(word.box.left - 2 * line.left) <= 12
        assert abs(word.box.top - 2 * line.top) <= 12
        assert abs(word.box.height - 2 * line.height) <= 24


def test_a_word_between_the_pieces_is_dropped() -> None:
    pixels = page(["Facture"])
    packed = pack_lines(pixels, find_lines(pixels), scaling((1, 1), (1, 1)), 1)
    assert packed.on_page([Word("x", 1.0, Box(1300, 14, 20, 20))], 0, pixels.shape) == ()


def test_rows_are_counted_where_a_reading_starts() -> None:
    pixels = page(["Une ligne assez longue de la facture"] * 12)
    packed = pack_lines(pixels, find_lines(pixels), scaling((1, 1), (1, 1)), 3)
    second = next(piece for piece in packed.pieces if piece.placed.top > packed.pieces[0].placed.top)
    inside = Box(second.placed.left, packed.pieces[0].placed.top, second.placed.width, second.placed.height)
    whole = packed.on_page([Word("x", 1.0, second.placed)], 0, pixels.shape)
    assert packed.on_page([Word("x", 1.0, inside)], 1, pixels.shape) == whole


def test_a_piece_of_as_much_black_as_white_is_packed() -> None:
    pixels = np.full((400, 400), 255, np.uint8)
    pixels[100:120:2, 50:200] = 0
    rows = pack_lines(pixels, [Box(50, 100, 150, 20)], scaling((1, 1), (1, 1)), 1).pixels
    assert set(np.unique(rows)) >= {0, 255}


def test_a_piece_without_print_is_white() -> None:
    pixels = np.full((400, 400), 255, np.uint8)
    pixels[100, 60:64] = 0
    assert pack_lines(pixels, [Box(50, 100, 150, 20)], scaling((1, 1), (1, 1)), 1).pixels.min() == 255


def test_a_single_row_has_no_second_one() -> None:
    pixels = page(["Facture"])
    packed = pack_lines(pixels, find_lines(pixels), scaling((1, 1), (1, 1)), 3)
    assert packed.rows(0, 1).min() < 20
    assert packed.rows(1).size == 0
