"""The text classifier: how it is trained, calibrated, judged and asked."""

from pigeonhole.classifier.evaluation import ClassScores, Evaluation, evaluate_classifier, evaluate_probabilities
from pigeonhole.classifier.explanation import WordWeight, explain
from pigeonhole.classifier.model import TrainedClassifier
from pigeonhole.classifier.params import TrainingParams
from pigeonhole.classifier.scoring import Score, decide, not_scored, score_texts
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
