"""How much of a reading can be trusted, and tesseract's table."""

import pytest

from pigeonhole.ocr import Box, Recognition, Word
from pigeonhole.ocr.engines.tsv import parse_tsv
from pigeonhole.ocr.page_reading import PageReading
from pigeonhole.ocr.preparation import Tilt

pytestmark = pytest.mark.unit


def reading(*words: tuple[str, float]) -> PageReading:
    found = tuple(Word(text, confidence, Box(0, 0, 10, 10)) for text, confidence in words)
    return PageReading(Recognition(" ".join(text for text, _ in words), found), "full", Tilt())


def test_a_page_of_sure_words_is_the_right_way_up() -> None:
    assert reading(("Facture", 0.95), ("numero", 0.9), ("x9!", 0.2)).is_right_way_up
    assert reading(("Facture", 0.9), ("aanydej", 0.4), ("olawnu", 0.3), ("siup", 0.3)).is_right_way_up


def test_a_page_of_guesses_is_not() -> None:
    assert not reading(("aanydej", 0.4), ("olawnu", 0.3), ("le", 0.8)).is_right_way_up


def test_digits_prove_nothing_since_they_can_be_read_upside_down() -> None:
    assert not reading(("80966000", 0.95), ("0806", 0.9), ("anydej", 0.3)).is_right_way_up


def test_a_page_with_hardly_any_letters_is_nearly_blank() -> None:
    assert reading(("xy", 0.1), ("2024", 0.9)).is_nearly_blank
    assert not reading(("aanydej", 0.4), ("olawnu", 0.3)).is_nearly_blank


def test_two_readings_of_one_page_follow_one_another() -> None:
    both = reading(("Facture", 0.9)).followed_by(reading(("Total", 0.8)))
    assert both.recognition.text == "Facture\nTotal"
    assert len(both.recognition.words) == 2
    assert reading(("Facture", 0.9)).followed_by(reading()).recognition.text == "Facture"


def test_the_table_gives_words_and_lines() -> None:
    rows = [
        "1\t1\t0\t0\t0\t0\t0\t0\t100\t50\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t5\t30\t12\t96.5\tFacture",
        "5\t1\t1\t1\t1\t2\t45\t5\t20\t12\t81\tn°\u20281",
        "5\t1\t1\t1\t2\t1\t10\t25\t30\t12\t-1\tTotal",
        "5\t1\t1\t1\t2\t2\t50\t25\t30\t12\t95\t ",
    ]
    found = parse_tsv("\n".join(rows))
    assert found.text == "Facture n°\u20281\nTotal"
    assert [word.confidence for word in found.words] == [0.965, 0.81, 0.0]
    assert found.words[0].box == Box(10, 5, 30, 12)
