"""What the progressive way is charged, and which model sorts a document."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ocr.corpus import BenchDocument
from ocr.results import Measured, ReadText
from ocr.sorting import TRAINED, FoldModels, sort_page
from pigeonhole.classifier import TrainedClassifier, TrainingParams, train_classifier
from pigeonhole.documents import document_sha256

pytestmark = pytest.mark.unit
MakeDocument = Callable[..., BenchDocument]
INVOICE, PAYSLIP = "facture montant total règlement client", "bulletin paie salaire brut cotisations employeur"
SECONDS = {"naive": 2.0, "full": 0.5, "lines": 0.125}


@pytest.fixture(scope="module")
def classifier() -> TrainedClassifier:
    texts = [f"{text} {number}" for number in range(6) for text in (INVOICE, PAYSLIP)]
    labels = ["invoice", "payslip"] * 6
    trained = train_classifier(texts, labels, texts, TrainingParams(regularisation=(10.0,)))
    return replace(trained, thresholds=(0.5, 0.5), stop_confidence=0.5)


def read(make_document: MakeDocument, *, lines: str, full: str, complete: bool = False) -> Measured:
    texts = {"naive": ReadText(full, True), "full": ReadText(full, True), "lines": ReadText(lines, complete)}
    return Measured(make_document("a"), SECONDS, texts)


def models(classifier: TrainedClassifier) -> FoldModels:
    return FoldModels(dict.fromkeys(TRAINED, (classifier,)), {document_sha256(b"a"): 0})


def test_a_first_look_that_is_enough_costs_itself_alone(
    make_document: MakeDocument, classifier: TrainedClassifier
) -> None:
    page = sort_page(models(classifier), read(make_document, lines=INVOICE, full=PAYSLIP))
    assert (page.read_on, page.answers["progressive"]) == (False, "invoice")
    assert page.reading["progressive"] == 0.125
    assert page.sorting["progressive"] == page.sorting["lines"]


def test_reading_on_costs_both_readings_and_both_sortings(
    make_document: MakeDocument, classifier: TrainedClassifier
) -> None:
    always_on = replace(classifier, stop_confidence=None)
    page = sort_page(models(always_on), read(make_document, lines=INVOICE, full=PAYSLIP))
    assert (page.read_on, page.answers["progressive"]) == (True, "payslip")
    assert page.reading["progressive"] == 0.625
    assert page.sorting["progressive"] > page.sorting["lines"]


def test_where_the_first_look_shows_everything_nothing_is_read_on(
    make_document: MakeDocument, classifier: TrainedClassifier
) -> None:
    always_on = replace(classifier, stop_confidence=None)
    row = read(make_document, lines=PAYSLIP, full=PAYSLIP, complete=True)
    page = sort_page(models(always_on), row)
    assert (page.read_on, page.reading["progressive"]) == (False, 0.125)


def test_a_document_is_sorted_by_the_model_of_the_fold_that_holds_it_out(
    make_document: MakeDocument, classifier: TrainedClassifier
) -> None:
    seen, held_out = replace(classifier, temperature=1.0), replace(classifier, temperature=2.0)
    folds = FoldModels({"naive": (seen, held_out)}, {document_sha256(b"a"): 1, document_sha256(b"b"): 0})
    assert folds.model("naive", make_document("a")) is held_out
    assert folds.model("naive", make_document("b")) is seen
