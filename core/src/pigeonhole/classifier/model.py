"""A classifier after training."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pigeonhole.classifier.quick_scoring import QuickScorer

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

VECTORIZER = "tfidf"
"""The pipeline's first step: character n-grams within words."""
CLASSIFIER = "classifier"
"""The pipeline's last step: a multinomial logistic regression."""


@dataclass(frozen=True)
class TrainedClassifier:
    """A calibrated pipeline, its classes in the order of its columns, and what was chosen with it.

    `thresholds` holds, for each class, the confidence from which an answer needs no review; `temperature` was divided
    into the linear weights already; `stop_confidence` is the confidence from which the lines view of a document is
    enough, or None when documents are always read whole; `cross_validation` holds the out-of-fold figures.
    """

    pipeline: "Pipeline"
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    temperature: float
    params_digest: str
    stop_confidence: float | None = None
    cross_validation: Mapping[str, float] = field(default_factory=dict)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return calibrated probabilities of shape (texts, classes); a row of NaN for a text with no known n-gram."""
        if self._quick is not None:
            return np.array([self._quick.probabilities(text) for text in texts]).reshape(len(texts), len(self.classes))
        features = self.pipeline.named_steps[VECTORIZER].transform(texts)
        scored = np.asarray(self.pipeline.named_steps[CLASSIFIER].predict_proba(features), np.float64)
        scored[np.diff(features.indptr) == 0] = np.nan
        return scored

    @cached_property
    def _quick(self) -> QuickScorer | None:
        vectorizer, linear = self.pipeline.named_steps[VECTORIZER], self.pipeline.named_steps[CLASSIFIER]
        return QuickScorer(vectorizer, linear) if QuickScorer.fits(vectorizer) else None

    @cached_property
    def digest(self) -> str:
        """Return the sha256 of everything that decides an answer: vocabulary, weights, classes, thresholds, stop."""
        vectorizer, linear = self.pipeline.named_steps[VECTORIZER], self.pipeline.named_steps[CLASSIFIER]
        digest = hashlib.sha256()
        head: dict[str, Any] = {
            "classes": self.classes,
            "thresholds": self.thresholds,
            "ngrams": vectorizer.ngram_range,
            "vocabulary": sorted((term, int(column)) for term, column in vectorizer.vocabulary_.items()),
        }
        if self.stop_confidence is not None:
            # Left out otherwise: models from before there was such a thing keep the digest they are known by.
            head["stop_confidence"] = self.stop_confidence
        digest.update(json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode())
        for weights in (vectorizer.idf_, linear.coef_, linear.intercept_):
            digest.update(np.ascontiguousarray(weights, "<f8").tobytes())
        return digest.hexdigest()
