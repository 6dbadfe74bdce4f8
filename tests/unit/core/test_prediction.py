"""Answers put together from what was read and what the model said."""

import math
from dataclasses import replace

import pytest

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import WordWeight
from pigeonhole.documents import Document, MediaType, RefusalReason
from pigeonhole.ocr import Box, DocumentText, PageFailure, PageText, Word
from pigeonhole.prediction import (
    PageBox,
    ReadDocument,
    clean_document,
    rows_to_score,
    scored_answer,
    summarise_reading,
    unscored_answer,
    word_boxes,
)
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole.text import CleanText

pytestmark = pytest.mark.unit
MODEL = ModelIdentity("documents", "3", "run", "digest")
DOCUMENT = Document("abc", MediaType.PDF, 10, 3)


def page(number: int, text: str, engine: str = "tesseract", *confidences: float) -> PageText:
    words = tuple(
        Word(word, c, Box(n, 0, 1, 1)) for n, (word, c) in enumerate(zip(text.split(), confidences, strict=False))
    )
    return PageText(number, text, words, "fr", engine, "5", "full", 0, 0.0, 0.5, 100, 100)


def document(*pages: PageText, failures: tuple[PageFailure, ...] = ()) -> ReadDocument:
    plain = tuple(item.text for item in pages)
    joined = " ".join(text for text in plain if text)
    return ReadDocument(DocumentText(DOCUMENT, pages, failures), CleanText(joined, "fr", ()), plain)


def scored(*rows: tuple[float, float], reasons: tuple[tuple[WordWeight, ...], ...] = ()) -> ScoredTexts:
    return ScoredTexts(MODEL, ("cv", "invoice"), (0.5, 0.5), rows, None, reasons)


def test_one_page_is_scored_once() -> None:
    assert rows_to_score(document(page(0, "facture"))) == ("facture",)
    assert rows_to_score(document(page(0, ""), page(1, "facture"))) == ("facture",)


def test_several_pages_are_scored_together_and_one_by_one() -> None:
    assert rows_to_score(document(page(0, "a"), page(1, ""), page(2, "b"))) == ("a b", "a", "b")


def test_pages_get_their_own_rows_and_blank_ones_none() -> None:
    answer = scored_answer(
        document(page(0, "a"), page(1, ""), page(2, "b")), scored((0.4, 0.6), (0.9, 0.1), (0.2, 0.8)), "stable"
    )
    assert (answer.score.class_name, answer.score.confidence) == ("invoice", 0.6)
    assert [(item.page, item.class_name, item.p) for item in answer.pages] == [
        (1, "cv", 0.9),
        (2, None, None),
        (3, "invoice", 0.8),
    ]


def test_the_only_page_with_text_has_the_document_s_score() -> None:
    answer = scored_answer(document(page(0, ""), page(1, "b")), scored((0.2, 0.8)), "stable")
    assert [(item.page, item.class_name) for item in answer.pages] == [(1, None), (2, "invoice")]


def test_pages_that_failed_stand_in_their_place() -> None:
    failure = PageFailure(1, RefusalReason.TIMEOUT, "Page 2: too long.")
    answer = scored_answer(
        document(page(0, "a"), page(2, "b"), failures=(failure,)), scored((0.1, 0.9), (0.1, 0.9), (0.1, 0.9)), "stable"
    )
    assert [(item.page, item.failure) for item in answer.pages] == [(1, None), (2, "timeout"), (3, None)]


def test_a_row_of_nan_is_an_answer_without_a_class() -> None:
    answer = scored_answer(document(page(0, "a")), scored((math.nan, math.nan)), "stable")
    assert answer.score.class_name is None
    assert answer.score.abstained
    assert answer.pages[0].class_name is None


def test_a_document_without_text_is_unscored() -> None:
    answer = unscored_answer(document(page(0, "")), MODEL, "stable")
    assert answer.score.class_name is None
    assert answer.score.abstained
    assert (answer.model, answer.role) == (MODEL, "stable")
    assert [(item.page, item.class_name) for item in answer.pages] == [(1, None)]


def test_reading_is_summarised_over_its_pages() -> None:
    pages = (page(0, "a b", "tesseract", 0.4, 0.6), page(1, "c", "text-layer"), page(2, "d", "tesseract", 0.8))
    summary = summarise_reading(document(*pages).text, "en")
    assert summary.engine == "tesseract+text-layer"
    assert summary.confidence == pytest.approx(0.6)
    assert (summary.pages_read, summary.seconds, summary.language) == (3, 1.5, "en")


def test_a_summary_tells_whether_anything_was_left_unread() -> None:
    whole = DocumentText(DOCUMENT, (page(0, "a"),), ())
    assert summarise_reading(whole, "fr").view == "full"
    assert summarise_reading(replace(whole, complete=False), "fr").view == "lines"


def printed(*words: Word, number: int = 1) -> ReadDocument:
    text = " ".join(word.text for word in words)
    source = PageText(number, text, words, "fr", "tesseract", "5", "full", 0, 0.0, 0.5, 100, 100)
    return clean_document(DocumentText(DOCUMENT, (source,), ()))


def test_boxes_are_found_by_the_words_plain_form() -> None:
    read = printed(
        Word("FACTURES:", 0.9, Box(1, 2, 3, 4)),
        Word("d'employeur", 0.9, Box(5, 6, 7, 8)),
        Word("le", 0.9, Box(9, 9, 9, 9)),
        Word("2024", 0.9, Box(11, 12, 13, 14)),
        *(Word(word, 0.9, Box(0, 0, 0, 0)) for word in ["montant", "total", "à", "payer"]),
    )
    boxes = word_boxes(read)
    assert boxes["facture"] == (PageBox(2, 1, 2, 3, 4),)
    assert boxes["employeur"] == (PageBox(2, 5, 6, 7, 8),)
    assert boxes["0000"] == (PageBox(2, 11, 12, 13, 14),)
    assert set(boxes) == set(read.clean.tokens)


def test_a_page_of_endless_words_has_a_bounded_number_of_boxes() -> None:
    read = printed(
        *(Word("facture", 0.9, Box(n, 0, 1, 1)) for n in range(10_000)), Word("salaire", 0.9, Box(0, 0, 1, 1))
    )
    boxes = word_boxes(read)
    assert [box.left for box in boxes["facture"]] == list(range(20))
    assert "salaire" not in boxes


def test_reasons_take_the_boxes_of_their_word() -> None:
    read = printed(Word("facture", 0.9, Box(1, 2, 3, 4)), number=0)
    words = (WordWeight("facture", 0.5), WordWeight("tva", 0.2))
    answer = scored_answer(read, scored((0.1, 0.9), reasons=(words,)), "stable")
    assert [(reason.word, reason.weight, reason.boxes) for reason in answer.reasons] == [
        ("facture", 0.5, (PageBox(1, 1, 2, 3, 4),)),
        ("tva", 0.2, ()),
    ]
