"""How good a classifier is on documents it did not see."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pigeonhole.classifier.model import TrainedClassifier
from pigeonhole.classifier.progressive import BothViews, serve_views

_BINS = 10
_RESAMPLES = 200


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class; `support` counts its documents."""

    class_name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """Scores over a set of documents.

    `expected_calibration_error` is the mean distance between confidence and share of right answers over 10 bins of
    equal width; `calibration_noise` is what that error would be on average if every confidence were exactly right,
    which is far from 0 on few documents; `brier` is the mean squared distance of the probabilities from the truth,
    summed over classes; `accuracy_when_confident` leaves out the abstained documents (0 when all were);
    `confusion[i][j]` counts documents of class i that were answered j; a document that could not be scored is answered
    with no class and counts as wrong.
    """

    documents: int
    accuracy: float
    macro_f1: float
    expected_calibration_error: float
    calibration_noise: float
    brier: float
    abstention_rate: float
    accuracy_when_confident: float
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    per_class: tuple[ClassScores, ...]

    def metrics(self) -> dict[str, float]:
        """Return the scores that are single numbers."""
        return {
            "documents": float(self.documents),
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "expected_calibration_error": self.expected_calibration_error,
            "brier": self.brier,
            "abstention_rate": self.abstention_rate,
            "accuracy_when_confident": self.accuracy_when_confident,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as JSON values, with `class` as the key of a class's name."""
        per_class = [{"class": scores.class_name, **_without_name(scores)} for scores in self.per_class]
        return {
            "metrics": self.metrics(),
            "labels": list(self.labels),
            "confusion": [list(row) for row in self.confusion],
            "per_class": per_class,
        }


def evaluate_classifier(
    model: TrainedClassifier, texts: Sequence[str], labels: Sequence[str], *, lines_texts: Sequence[str] | None = None
) -> Evaluation:
    """Return the scores of the answers that people would get for documents whose classes are known.

    Args:
        model: The classifier.
        texts: The plain texts of whole documents.
        labels: Their classes.
        lines_texts: The plain texts of their lines views, where the model may stop; None means that there are none.
    """
    probabilities = full = model.probabilities(texts)
    if lines_texts is not None and model.stop_confidence is not None:
        shorter = np.not_equal(np.asarray(lines_texts, object), np.asarray(texts, object)).astype(np.bool_)
        views = BothViews(model.probabilities(lines_texts), full, shorter)
        probabilities, _ = serve_views(views, model.stop_confidence)
    return evaluate_probabilities(model.classes, model.thresholds, probabilities, labels)


def evaluate_probabilities(
    classes: Sequence[str], thresholds: Sequence[float], probabilities: NDArray[np.float64], labels: Sequence[str]
) -> Evaluation:
    """Return the scores of probabilities of shape (documents, classes); rows of NaN were not scored.

    A label that the model does not know is a class of its own, of which no document is answered rightly.
    """
    names = (*classes, *sorted(set(labels) - set(classes)))
    truth = np.array([names.index(label) for label in labels], np.int64)
    answers = likeliest_columns(probabilities)
    scored = answers >= 0
    filled = np.where(scored[:, None], probabilities, 0.0)
    confidences = filled.max(axis=1, initial=0.0)
    right = np.asarray(np.equal(answers, truth), np.bool_)
    confident = scored & (confidences >= np.asarray(thresholds)[answers])
    per_class = tuple(_class_scores(name, truth == column, answers == column) for column, name in enumerate(names))
    return Evaluation(
        documents=len(truth),
        accuracy=_mean(right),
        macro_f1=macro_f1(answers, truth),
        expected_calibration_error=_calibration_error(confidences[scored], right[scored]),
        calibration_noise=_calibration_noise(confidences[scored]),
        brier=_brier(filled, truth, len(names)),
        abstention_rate=_mean(~confident),
        accuracy_when_confident=_mean(right[confident]),
        labels=names,
        confusion=_confusion(truth, answers, len(names)),
        per_class=per_class,
    )


def likeliest_columns(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the column of each row's likeliest class, shape (documents,); -1 for a row of NaN."""
    scored = np.atleast_1d(np.isfinite(probabilities).all(axis=1))
    filled = np.where(scored[:, None], probabilities, 0.0)
    return np.asarray(np.where(scored, filled.argmax(axis=1), -1), np.int64)


def macro_f1(answers: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Return the mean F1 of the classes that have documents; both of shape (documents,), an answer of -1 is none."""
    return _mean(np.array([_class_scores("", truth == column, answers == column).f1 for column in np.unique(truth)]))


def _without_name(scores: ClassScores) -> dict[str, Any]:
    return {key: value for key, value in asdict(scores).items() if key != "class_name"}


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _class_scores(name: str, is_true: NDArray[np.bool_], is_answered: NDArray[np.bool_]) -> ClassScores:
    hits = int((is_true & is_answered).sum())
    precision = hits / answered if (answered := int(is_answered.sum())) else 0.0
    recall = hits / support if (support := int(is_true.sum())) else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return ClassScores(name, precision, recall, f1, support)


def _calibration_error(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bins = np.minimum((confidences * _BINS).astype(int), _BINS - 1)
    gaps = [
        (bins == number).mean() * abs(confidences[bins == number].mean() - right[bins == number].mean())
        for number in np.unique(bins)
    ]
    return float(sum(gaps))


def _calibration_noise(confidences: NDArray[np.float64]) -> float:
    """Return the mean calibration error of answers that are right exactly as often as their confidences say.

    Consistency resampling: Bröcker and Smith, "Increasing the Reliability of Reliability Diagrams", 2007.
    """
    draws = np.random.default_rng(0).random((_RESAMPLES, len(confidences))) < confidences
    return _mean(np.array([_calibration_error(confidences, right) for right in draws]))


def _brier(probabilities: NDArray[np.float64], truth: NDArray[np.int64], classes: int) -> float:
    target = np.eye(classes)[truth]
    padded = np.zeros_like(target)
    padded[:, : probabilities.shape[1]] = probabilities
    return _mean(((padded - target) ** 2).sum(axis=1))


def _confusion(truth: NDArray[np.int64], answers: NDArray[np.int64], classes: int) -> tuple[tuple[int, ...], ...]:
    counts = np.zeros((classes, classes), np.int64)
    answered = answers >= 0
    np.add.at(counts, (truth[answered], answers[answered]), 1)
    return tuple(tuple(int(count) for count in row) for row in counts)
