"""The doctor's document is a PDF of one page whose text is taken as it is."""

import pypdfium2
import pytest

from pigeonhole.documents import DocumentLimits, inspect_document
from pigeonhole.ocr import OcrSettings
from pigeonhole.ocr.text_layer import is_usable_layer
from pigeonhole_frontends.platform_diagnosis.trial_document import trial_document

pytestmark = pytest.mark.unit


def test_it_is_a_document_of_one_page_with_a_text_that_can_be_trusted() -> None:
    data = trial_document("a1b2c3")
    assert inspect_document(data, DocumentLimits()).pages == 1
    with pypdfium2.PdfDocument(data) as document:
        text = document[0].get_textpage().get_text_range()
    assert is_usable_layer(text, OcrSettings())
    assert "INVOICE" in text
    assert "Reference a1b2c3" in text


def test_each_mark_makes_another_document() -> None:
    assert trial_document("a") != trial_document("b")
    assert trial_document("a") == trial_document("a")


def test_its_table_of_objects_leads_to_each_of_them() -> None:
    data = trial_document("x")
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n", 1)[0])
    assert data[start:].startswith(b"xref\n0 6\n")
    places = [int(line[:10]) for line in data[start:].splitlines()[3:8]]
    assert [data[place:].startswith(b"%d 0 obj" % number) for number, place in enumerate(places, 1)] == [True] * 5
