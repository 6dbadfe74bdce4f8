"""A document is looked at first and read whole only when that was not enough."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import TrainedClassifier, TrainingParams, train_classifier
from pigeonhole.documents import Document, MediaType
from pigeonhole.ocr import DocumentText, PageText, View
from pigeonhole.prediction import Prediction, ReadDocument, clean_document, predict_document

pytestmark = pytest.mark.unit
IDENTITY = ModelIdentity("documents", "3", "run", "digest")
TEXTS = [
    "facture montant total",
    "facture tva total",
    "facture montant tva",
    "salaire net",
    "salaire brut",
    "congé net",
]
FULL = "facture montant total tva montant facture total"


class TwoViews:
    """Stands for a reader: `lines` is what a first look shows, and `views` tells which ones were asked for."""

    def __init__(self, lines: str, *, complete: bool = False) -> None:
        self.views: list[View] = []
        self._lines, self._complete = lines, complete

    def read(self, view: View) -> ReadDocument:
        self.views.append(view)
        text = self._lines if view == "lines" else FULL
        page = PageText(0, text, (), "fr", "tesseract", "5", view, 0, 0.0, 0.5, 100, 100)
        complete = view == "full" or self._complete
        return clean_document(DocumentText(Document("abc", MediaType.PNG, 10, 1), (page,), (), complete))


@pytest.fixture(scope="module")
def model() -> TrainedClassifier:
    labels = ["invoice"] * 3 + ["payslip"] * 3
    trained = train_classifier(TEXTS, labels, list("123456"), TrainingParams(max_features=200))
    return replace(trained, thresholds=(0.5, 0.5), stop_confidence=0.6)


@pytest.fixture
def predict(model: TrainedClassifier) -> Callable[..., Prediction]:
    def predict(reader: TwoViews, stop_confidence: float | None = 0.6) -> Prediction:
        asked = replace(model, stop_confidence=stop_confidence)
        return predict_document(reader.read, asked, IDENTITY, with_reasons=True)

    return predict


def test_a_telling_first_look_is_the_answer(predict: Callable[..., Prediction]) -> None:
    reader = TwoViews("facture total tva")
    answer = predict(reader)
    assert reader.views == ["lines"]
    assert (answer.score.class_name, answer.ocr.view) == ("invoice", "lines")
    assert answer.reasons[0].word in {"facture", "total", "tva"}


@pytest.mark.parametrize("lines", ["", "zzz", "montant brut"])
def test_a_first_look_that_says_too_little_is_followed_by_the_whole(
    predict: Callable[..., Prediction], lines: str
) -> None:
    reader = TwoViews(lines)
    answer = predict(reader)
    assert reader.views == ["lines", "full"]
    assert (answer.score.class_name, answer.ocr.view) == ("invoice", "full")


def test_a_model_that_needs_everything_takes_no_first_look(predict: Callable[..., Prediction]) -> None:
    reader = TwoViews("facture total tva")
    assert predict(reader, stop_confidence=None).ocr.view == "full"
    assert reader.views == ["full"]


def test_a_first_look_that_left_nothing_out_is_not_repeated(predict: Callable[..., Prediction]) -> None:
    reader = TwoViews("zzz", complete=True)
    answer = predict(reader)
    assert reader.views == ["lines"]
    assert (answer.score.class_name, answer.ocr.view) == (None, "full")
