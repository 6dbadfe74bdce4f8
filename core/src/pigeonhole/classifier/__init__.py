"""The text classifier: how it is trained, calibrated, judged and asked."""

from typing import TYPE_CHECKING

from pigeonhole.classifier.evaluation import ClassScores, Evaluation, evaluate_classifier, evaluate_probabilities
from pigeonhole.classifier.explanation import WordWeight, explain
from pigeonhole.classifier.model import TrainedClassifier
from pigeonhole.classifier.params import TrainingParams
from pigeonhole.classifier.scoring import Score, decide, not_scored, score_texts

if TYPE_CHECKING:
    from pigeonhole.classifier.training import TrainingDataError, train_classifier

__all__ = [
    "ClassScores",
    "Evaluation",
    "Score",
    "TrainedClassifier",
    "TrainingDataError",
    "TrainingParams",
    "WordWeight",
    "decide",
    "evaluate_classifier",
    "evaluate_probabilities",
    "explain",
    "not_scored",
    "score_texts",
    "train_classifier",
]


def __getattr__(name: str) -> object:
    """Import what trains only when it is asked for: it brings scikit-learn, which takes seconds."""
    if name in ("TrainingDataError", "train_classifier"):
        from pigeonhole.classifier import training

        return getattr(training, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
