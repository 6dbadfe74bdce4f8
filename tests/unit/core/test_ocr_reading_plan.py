"""Which pages of a document are read."""

from dataclasses import replace

import pytest

from pigeonhole.documents import Document, DocumentLimits, DocumentRefused, MediaType, RefusalReason
from pigeonhole.ocr import TEXT_LAYER, OcrSettings, PageFailure, PageText, ReadingProgress, View, gather

pytestmark = pytest.mark.unit

SETTINGS = OcrSettings(pages=3)
LIMITS = DocumentLimits(max_pages=10)


def document(pages: int) -> Document:
    return Document("0" * 64, MediaType.PDF, 1000, pages)


def page(
    number: int, text: str = "une page avec du texte", *, engine: str = "tesserocr", view: View = "full"
) -> PageText:
    return PageText(number, text, (), "fr", engine, "5", view, 0, 0.0, 0.1, 100, 100)


def read(outcomes: list[PageText | PageFailure], view: View, pages: int) -> int:
    """How many of the outcomes are asked for."""
    progress = ReadingProgress()
    for number, outcome in enumerate(outcomes):
        if progress.is_enough(document(pages), view, SETTINGS, LIMITS):
            return number
        progress = progress.after(outcome, SETTINGS)
    assert progress.is_enough(document(pages), view, SETTINGS, LIMITS)
    return len(outcomes)


def test_a_whole_reading_ends_after_so_many_pages_with_text() -> None:
    assert read([page(number) for number in range(8)], "full", 8) == 3


def test_blank_pages_and_failed_ones_do_not_count() -> None:
    outcomes = [page(0, ""), PageFailure(1, RefusalReason.UNREADABLE, "x"), *(page(number) for number in range(2, 6))]
    assert read(outcomes, "full", 6) == 5


def test_no_page_beyond_the_limit_is_read() -> None:
    assert read([page(number, "") for number in range(20)], "full", 20) == 10


def test_a_first_look_ends_after_one_recognised_page_with_text() -> None:
    assert read([page(0, "", view="lines"), page(1, view="lines"), page(2)], "lines", 3) == 2


def test_a_first_look_takes_all_text_layers() -> None:
    layers = [page(number, engine=TEXT_LAYER) for number in range(4)]
    assert read(layers, "lines", 4) == 3
    assert read([layers[0], page(1, view="lines"), page(2)], "lines", 3) == 2


def test_a_first_look_that_left_nothing_out_is_complete() -> None:
    layer = page(0, engine=TEXT_LAYER)
    assert gather(document(1), [layer], SETTINGS, LIMITS).complete
    assert not gather(document(1), [replace(layer, engine="tesserocr", view="lines")], SETTINGS, LIMITS).complete
    assert gather(document(1), [replace(layer, engine="tesserocr")], SETTINGS, LIMITS).complete
    assert not gather(document(2), [replace(layer, engine="tesserocr")], SETTINGS, LIMITS).complete


def test_a_document_without_a_readable_page_is_refused_for_the_first_reason() -> None:
    failures = [PageFailure(0, RefusalReason.TIMEOUT, "slow"), PageFailure(1, RefusalReason.UNREADABLE, "x")]
    with pytest.raises(DocumentRefused) as caught:
        gather(document(2), failures, SETTINGS, LIMITS)
    assert caught.value.reason is RefusalReason.TIMEOUT


def test_pages_and_failures_are_kept_apart() -> None:
    failure = PageFailure(0, RefusalReason.TIMEOUT, "slow")
    text = gather(document(2), [failure, page(1)], SETTINGS, LIMITS)
    assert (text.failures, [read.page for read in text.pages]) == ((failure,), [1])
