"""Documents and pages of the bench, made up."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ocr.corpus import BenchDocument, Kind
from ocr.results import SortedPage
from pigeonhole.documents import document_sha256

MakeDocument = Callable[..., BenchDocument]
MakePage = Callable[..., SortedPage]


@pytest.fixture
def make_document() -> MakeDocument:
    def make(name: str, class_name: str = "invoice", kind: Kind = "image", group: str | None = None) -> BenchDocument:
        return BenchDocument(
            Path(class_name) / f"{name}.jpg", class_name, document_sha256(name.encode()), group or name, kind
        )

    return make


@pytest.fixture
def make_page(make_document: MakeDocument) -> MakePage:
    def make(
        name: str,
        reading: Mapping[str, float],
        *,
        class_name: str = "invoice",
        kind: Kind = "image",
        sorting: float = 0.0,
        answer: str | None = "invoice",
        turned: bool = False,
    ) -> SortedPage:
        document = make_document(name, class_name, kind)
        answers = dict.fromkeys(("naive", "full", "lines", "progressive"), answer)
        return SortedPage(document, reading, dict.fromkeys(reading, sorting), answers, read_on=False, turned=turned)

    return make
