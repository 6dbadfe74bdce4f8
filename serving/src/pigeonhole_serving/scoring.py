"""Ask a classifier about plain texts."""

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import TrainedClassifier, WordWeight, decide, explain
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole_serving.protocol.texts import ScoreRequest


def score_request(model: TrainedClassifier, identity: ModelIdentity, request: ScoreRequest) -> ScoredTexts:
    """Return the model's numbers, with the words that speak for each text's likeliest class when asked for."""
    rows = tuple(tuple(row) for row in model.probabilities(request.texts).tolist())
    reasons: tuple[tuple[WordWeight, ...], ...] = ()
    if request.explain:
        reasons = tuple(
            _explain_row(model, text, row, request.explain) for text, row in zip(request.texts, rows, strict=True)
        )
    return ScoredTexts(identity, model.classes, model.thresholds, rows, model.stop_confidence, reasons)


def _explain_row(model: TrainedClassifier, text: str, row: tuple[float, ...], top: int) -> tuple[WordWeight, ...]:
    best = decide(model.classes, model.thresholds, row).class_name
    return explain(model, text, best, top=top) if best is not None else ()
