"""Count what a document brought, and show who answers."""

from pigeonhole.artefact import ModelIdentity
from pigeonhole.ocr import DocumentText, View
from pigeonhole.prediction import Prediction
from pigeonhole_serving.metrics import (
    CONFIDENCE,
    MODEL_INFO,
    OCR_PAGES,
    OCR_SECONDS,
    PREDICTION_SECONDS,
    PREDICTIONS,
    ROUTING_GENERATION,
    ROUTING_WEIGHT,
)
from pigeonhole_serving.routing import Role, Routing

_MODELS: dict[str, tuple[str, str, str, str]] = {}
"""The labels that `pigeonhole_model_info` shows for each role."""


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


def publish_model(model: ModelIdentity, role: str) -> None:
    """Show the model that plays a role now as `pigeonhole_model_info`, instead of the one that did before."""
    labels = (model.name, model.version, model.digest, role)
    if _MODELS.get(role) != labels:
        retire_model(role)
        _MODELS[role] = labels
        MODEL_INFO.labels(*labels).set(1)


def retire_model(role: str) -> None:
    """Show no model in a role any more."""
    if role in _MODELS:
        MODEL_INFO.remove(*_MODELS.pop(role))


def publish_routing(routing: Routing) -> None:
    """Show the routing in force."""
    ROUTING_GENERATION.set(routing.generation)
    ROUTING_WEIGHT.set(routing.candidate.weight if routing.candidate else 0)
    if routing.candidate is None:
        retire_model(Role.CANDIDATE)


def _result(prediction: Prediction) -> str:
    if prediction.score.class_name is None:
        return "not-scored"
    return "abstained" if prediction.score.abstained else "confident"
