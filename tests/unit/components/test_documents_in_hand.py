"""A document of the step `ocr` is in hand until both its readings are done."""

from concurrent.futures import Future
from threading import Thread

import pytest

from pigeonhole.documents import DocumentRefused, RefusalReason
from pigeonhole_components.ocr import InHand
from pigeonhole_components.reading import ReadText

pytestmark = pytest.mark.unit


def read(text: str, *, complete: bool) -> ReadText:
    return ReadText(text, complete, (), ())


def test_a_document_that_is_refused_holds_its_place_until_the_other_reading_is_done() -> None:
    lines: Future[ReadText] = Future()
    full: Future[ReadText] = Future()
    rows: list[object] = []
    waiting = Thread(target=lambda: rows.append(InHand("abc", lines, full).row()))
    waiting.start()
    lines.set_exception(DocumentRefused(RefusalReason.TIMEOUT, "too slow"))
    waiting.join(0.3)
    assert not rows
    full.set_exception(DocumentRefused(RefusalReason.TIMEOUT, "too slow"))
    waiting.join(10)
    assert rows == [
        {
            "sha256": "abc",
            "text": "",
            "lines_text": "",
            "pages": [],
            "failures": [],
            "refused": {"reason": "timeout", "detail": "too slow"},
        }
    ]


@pytest.mark.parametrize(("complete", "lines_text"), [(True, "whole"), (False, "a look")])
def test_a_first_look_at_all_there_is_has_the_text_of_the_whole(complete: bool, lines_text: str) -> None:
    lines: Future[ReadText] = Future()
    full: Future[ReadText] = Future()
    lines.set_result(read("a look", complete=complete))
    full.set_result(read("whole", complete=True))
    row = InHand("abc", lines, full).row()
    assert (row["text"], row["lines_text"]) == ("whole", lines_text)
