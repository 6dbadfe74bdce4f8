"""Predict in this process, without a model server."""

from collections.abc import Callable

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import TrainedClassifier, explain, reads_enough
from pigeonhole.ocr import View
from pigeonhole.prediction.answers import rows_to_score, scored_answer, unscored_answer
from pigeonhole.prediction.prediction import Prediction
from pigeonhole.prediction.reading import ReadDocument
from pigeonhole.scored_texts import ScoredTexts

_ROLE = "stable"
_TOP_WORDS = 8


def predict_document(
    read: Callable[[View], ReadDocument], model: TrainedClassifier, identity: ModelIdentity, *, with_reasons: bool
) -> Prediction:
    """Return the answer for one document, as a model server with this model would.

    The document is looked at first, where the model knows from which confidence on that is enough, and read whole when
    it is not.

    Args:
        read: Reads the document in a view; what it raises is raised.
        model: The classifier.
        identity: Which model it is.
        with_reasons: Whether to name the words that spoke for the class.
    """
    if model.stop_confidence is not None:
        first = read("lines")
        answer = _answer(first, model, identity, with_reasons=with_reasons)
        if first.text.complete or reads_enough(answer.score, model.stop_confidence):
            return answer
    return _answer(read("full"), model, identity, with_reasons=with_reasons)


def _answer(read: ReadDocument, model: TrainedClassifier, identity: ModelIdentity, *, with_reasons: bool) -> Prediction:
    """Return the answer for what was read of a document."""
    if not read.clean.text:
        return unscored_answer(read, identity, _ROLE)
    rows = rows_to_score(read)
    probabilities = model.probabilities(rows)
    likeliest = model.classes[int(probabilities[0].argmax())]
    scored = ScoredTexts(
        model=identity,
        classes=model.classes,
        thresholds=model.thresholds,
        probabilities=tuple(tuple(row) for row in probabilities.tolist()),
        stop_confidence=model.stop_confidence,
        reasons=(explain(model, rows[0], likeliest, top=_TOP_WORDS),) if with_reasons else (),
    )
    return scored_answer(read, scored, _ROLE)
