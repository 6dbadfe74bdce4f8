"""The text classifier: how it is trained, calibrated, judged and asked."""

from importlib import import_module
from typing import TYPE_CHECKING

from pigeonhole.classifier.documents import TrainingDataError, TrainingDocuments
from pigeonhole.classifier.evaluation import ClassScores, Evaluation, evaluate_classifier, evaluate_probabilities
from pigeonhole.classifier.explanation import WordWeight, explain
from pigeonhole.classifier.model import TrainedClassifier
from pigeonhole.classifier.params import TrainingParams
from pigeonhole.classifier.progressive import BothViews, ServedAnswers, reads_enough, serve_views
from pigeonhole.classifier.scoring import Score, decide, not_scored, score_texts

if TYPE_CHECKING:
    from pigeonhole.classifier.cross_validation import CrossValidation, cross_validate
    from pigeonhole.classifier.training import train_classifier

__all__ = [
    "BothViews",
    "ClassScores",
    "CrossValidation",
    "Evaluation",
    "Score",
    "ServedAnswers",
    "TrainedClassifier",
    "TrainingDataError",
    "TrainingDocuments",
    "TrainingParams",
    "WordWeight",
    "cross_validate",
    "decide",
    "evaluate_classifier",
    "evaluate_probabilities",
    "explain",
    "not_scored",
    "reads_enough",
    "score_texts",
    "serve_views",
    "train_classifier",
]


_TRAINERS = {
    "CrossValidation": "cross_validation",
    "cross_validate": "cross_validation",
    "train_classifier": "training",
}


def __getattr__(name: str) -> object:
    """Import what trains only when it is asked for: it brings scikit-learn, which takes seconds."""
    if name in _TRAINERS:
        return getattr(import_module(f"{__name__}.{_TRAINERS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
