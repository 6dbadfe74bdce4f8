"""Train a classifier: choose by cross-validation, fit on everything, calibrate."""

import hashlib
from collections.abc import Sequence

import numpy as np
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pigeonhole.classifier.calibration import divide_weights
from pigeonhole.classifier.cross_validation import cross_validate, figures
from pigeonhole.classifier.documents import TrainingDocuments
from pigeonhole.classifier.fitting import new_linear, new_vectorizer
from pigeonhole.classifier.model import CLASSIFIER, VECTORIZER, TrainedClassifier
from pigeonhole.classifier.params import TrainingParams


def train_classifier(
    texts: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str],
    params: TrainingParams,
    *,
    lines_texts: Sequence[str] | None = None,
) -> TrainedClassifier:
    """Train on plain texts: those of whole documents, and those of their lines views.

    The same examples and parameters give the same model to the last bit.

    Temperature, thresholds, stop confidence and the cross-validation figures come from documents that the model of
    their fold did not see, and no group (a template, a person) stands on both sides of a fold.

    Args:
        texts: Plain texts of whole documents, as `clean_text` makes them.
        labels: The class of each document.
        groups: The group of each document.
        params: The parameters.
        lines_texts: The plain text of each document's lines view, equal to its text where there is none shorter; None
            when that is so for all.

    Raises:
        TrainingDataError: Fewer than two classes, or a class with fewer than two groups.
    """
    documents = TrainingDocuments.of(texts, labels, groups, lines_texts)
    found = cross_validate(documents, params)
    return TrainedClassifier(
        pipeline=_fit(documents, params, found.strength, found.temperature),
        classes=documents.classes,
        thresholds=found.served.thresholds,
        temperature=found.temperature,
        params_digest=hashlib.sha256(params.model_dump_json().encode()).hexdigest(),
        stop_confidence=found.served.stop_confidence,
        cross_validation=figures(documents, found),
    )


def _fit(documents: TrainingDocuments, params: TrainingParams, strength: float, temperature: float) -> Pipeline:
    rows = documents.rows(range(len(documents.texts)))
    names = np.array(documents.classes)[rows.columns]
    pipeline = Pipeline([(VECTORIZER, new_vectorizer(params)), (CLASSIFIER, new_linear(params, strength))])
    # One thread, for the same reason as in the cross-validation.
    with threadpool_limits(1, user_api="blas"):
        pipeline.fit(rows.texts, names, **{f"{CLASSIFIER}__sample_weight": rows.weights})
    divide_weights(pipeline.named_steps[CLASSIFIER], temperature)
    return pipeline
