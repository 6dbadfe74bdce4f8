"""Train a classifier: cross-validate, calibrate, choose penalty and thresholds, fit on everything."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pigeonhole.classifier.calibration import class_logits, divide_weights, fit_temperature
from pigeonhole.classifier.evaluation import evaluate_probabilities
from pigeonhole.classifier.model import CLASSIFIER, VECTORIZER, TrainedClassifier
from pigeonhole.classifier.params import TrainingParams
from pigeonhole.classifier.thresholds import choose_thresholds
from pigeonhole.errors import PigeonholeError

_LOGIT_OF_UNSEEN_CLASS = -30.0
_MAX_ITERATIONS = 2000


class TrainingDataError(PigeonholeError):
    """The examples do not allow a training."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, code="training-data", hint=hint)


def train_classifier(
    texts: Sequence[str], labels: Sequence[str], groups: Sequence[str], params: TrainingParams
) -> TrainedClassifier:
    """Train on plain texts.

    The same examples and parameters give the same model to the last bit.

    Temperature, thresholds and the cross-validation figures come from documents that the model of their fold did not
    see, and no group (a template, a person) stands on both sides of a fold.

    Args:
        texts: Plain texts as `clean_text` makes them.
        labels: The class of each text.
        groups: The group of each text.
        params: The parameters.

    Raises:
        TrainingDataError: Fewer than two classes, or a class with fewer than two groups.
    """
    classes = tuple(sorted(set(labels)))
    _check(classes, labels, groups)
    # More threads of BLAS add up in another order, and spin: on two busy cores they took 25 times as long.
    with threadpool_limits(1, user_api="blas"):
        return _train(texts, labels, groups, classes, params)


def _train(
    texts: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str],
    classes: tuple[str, ...],
    params: TrainingParams,
) -> TrainedClassifier:
    columns = np.array([classes.index(label) for label in labels], np.int64)
    logits_by_strength = _out_of_fold_logits(texts, columns, groups, params)
    temperatures = {strength: fit_temperature(logits, columns) for strength, logits in logits_by_strength.items()}
    strength = min(temperatures, key=lambda tried: temperatures[tried].cross_entropy)
    temperature = temperatures[strength].value
    probabilities = softmax(logits_by_strength[strength] / temperature, axis=1)
    thresholds = choose_thresholds(
        probabilities, columns, target_precision=params.target_precision, minimum=params.min_threshold
    )
    evaluation = evaluate_probabilities(classes, thresholds, probabilities, labels)
    pipeline = Pipeline([(VECTORIZER, _vectorizer(params)), (CLASSIFIER, _linear(params, strength))])
    pipeline.fit(list(texts), list(labels))
    divide_weights(pipeline.named_steps[CLASSIFIER], temperature)
    digest = hashlib.sha256(params.model_dump_json().encode()).hexdigest()
    return TrainedClassifier(pipeline, classes, thresholds, temperature, digest, evaluation.metrics())


def _vectorizer(params: TrainingParams) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(params.ngram_min, params.ngram_max),
        max_features=params.max_features,
        sublinear_tf=True,
        lowercase=False,
    )


def _linear(params: TrainingParams, strength: float) -> LogisticRegression:
    class_weight = "balanced" if params.class_weight == "balanced" else None
    return LogisticRegression(C=strength, class_weight=class_weight, max_iter=_MAX_ITERATIONS)


def _check(classes: Sequence[str], labels: Sequence[str], groups: Sequence[str]) -> None:
    if len(classes) < 2:
        raise TrainingDataError(
            f"classes: {len(classes)} with readable documents; a training needs at least 2.",
            hint="Give a folder with one sub-folder of documents for each class.",
        )
    for name in classes:
        count = len({group for group, label in zip(groups, labels, strict=True) if label == name})
        if count < 2:
            raise TrainingDataError(
                f"class '{name}': {count} independent example with readable text; a training needs at least 2.",
                hint="Add examples of the class, 20 or more for a usable result.",
            )


def _fold_count(columns: NDArray[np.int64], groups: Sequence[str], wanted: int) -> int:
    smallest = min(
        len({groups[int(row)] for row in np.flatnonzero(columns == column)}) for column in np.unique(columns)
    )
    return max(2, min(wanted, smallest))


def _out_of_fold_logits(
    texts: Sequence[str], columns: NDArray[np.int64], groups: Sequence[str], params: TrainingParams
) -> dict[float, NDArray[np.float64]]:
    """Return logits of shape (texts, classes), each row by a model that did not see its group, for each strength."""
    shape = (len(texts), int(columns.max()) + 1)
    logits = {strength: np.full(shape, _LOGIT_OF_UNSEEN_CLASS) for strength in params.regularisation}
    folds = StratifiedGroupKFold(_fold_count(columns, groups, params.folds), shuffle=True, random_state=params.seed)
    for seen, held_out in folds.split(columns, columns, list(groups)):
        present = np.unique(columns[seen])
        if len(held_out) == 0 or len(present) < 2:
            continue
        vectorizer = _vectorizer(params)
        features = vectorizer.fit_transform([texts[row] for row in seen])
        held_out_features = vectorizer.transform([texts[row] for row in held_out])
        for strength, rows in logits.items():
            linear = _linear(params, strength).fit(features, columns[seen])
            fold = class_logits(linear, held_out_features)
            rows[np.ix_(held_out, present)] = fold - fold.mean(axis=1, keepdims=True)
    return logits
