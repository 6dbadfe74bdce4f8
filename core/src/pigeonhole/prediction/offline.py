"""Predict in this process, without a model server."""

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import TrainedClassifier, explain
from pigeonhole.ocr import DocumentReader
from pigeonhole.prediction.answers import ScoredTexts, rows_to_score, scored_answer, unscored_answer
from pigeonhole.prediction.prediction import Prediction
from pigeonhole.prediction.reading import read_document

_ROLE = "stable"
_TOP_WORDS = 8


def predict_document(
    reader: DocumentReader,
    model: TrainedClassifier,
    identity: ModelIdentity,
    data: bytes,
    *,
    with_reasons: bool = False,
) -> Prediction:
    """Return the answer for one document, as a model server with this model would.

    Raises:
        DocumentRefused: The document cannot be accepted or no page of it can be read.
        EngineFailure: The OCR engine is missing or broken.
    """
    read = read_document(reader, data, with_boxes=with_reasons)
    if not read.clean.text:
        return unscored_answer(read, identity, _ROLE)
    rows = rows_to_score(read)
    probabilities = model.probabilities(rows)
    likeliest = model.classes[int(probabilities[0].argmax())]
    reasons = (explain(model, rows[0], likeliest, top=_TOP_WORDS),) if with_reasons else ()
    scored = ScoredTexts(
        model=identity,
        classes=model.classes,
        thresholds=model.thresholds,
        probabilities=tuple(tuple(row) for row in probabilities.tolist()),
        reasons=reasons,
    )
    return scored_answer(read, scored, _ROLE)
