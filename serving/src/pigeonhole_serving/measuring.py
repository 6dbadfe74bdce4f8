"""Count what a document brought."""

from pigeonhole.ocr import DocumentText, View
from pigeonhole.prediction import Prediction
from pigeonhole_serving.answering_models import publish_model
from pigeonhole_serving.metrics import (
    CONFIDENCE,
    OCR_PAGES,
    OCR_SECONDS,
    PREDICTION_SECONDS,
    PREDICTIONS,
)


def count_pages(text: DocumentText, view: View) -> None:
    """Count the pages of a document that was read in a view, and the time each took."""
    for page in text.pages:
        OCR_PAGES.labels(page.engine, view, "ok").inc()
        OCR_SECONDS.labels(page.engine, view).observe(page.seconds)
    for failure in text.failures:
        OCR_PAGES.labels("none", view, failure.reason.value).inc()


def count_prediction(prediction: Prediction, seconds: float) -> None:
    """Count an answer by model, role, class and result."""
    model, score = prediction.model, prediction.score
    labels = (model.name, model.version)
    PREDICTIONS.labels(*labels, prediction.role, score.class_name or "none", _result(prediction)).inc()
    PREDICTION_SECONDS.labels(*labels).observe(seconds)
    if score.confidence is not None:
        CONFIDENCE.labels(*labels, prediction.role).observe(score.confidence)
    publish_model(model, prediction.role)


def _result(prediction: Prediction) -> str:
    if prediction.score.class_name is None:
        return "not-scored"
    return "abstained" if prediction.score.abstained else "confident"
