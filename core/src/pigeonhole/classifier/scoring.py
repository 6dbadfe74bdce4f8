"""From probabilities to an answer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pigeonhole.classifier.model import TrainedClassifier


@dataclass(frozen=True)
class Score:
    """An answer for one text.

    `probabilities` holds every class, the likeliest first, and sums to 1. `abstained` means that a person should look:
    the confidence is below the class's threshold, or the text could not be scored. A text that could not be scored has
    no class, no confidence, no margin, no threshold and no probabilities.
    """

    class_name: str | None
    confidence: float | None
    probabilities: tuple[tuple[str, float], ...]
    margin: float | None
    abstained: bool
    threshold: float | None


def not_scored() -> Score:
    """Return the answer for a text that says nothing to the model."""
    return Score(None, None, (), None, abstained=True, threshold=None)


def decide(classes: Sequence[str], thresholds: Sequence[float], probabilities: Sequence[float]) -> Score:
    """Return the answer for one row of probabilities; a row with NaN was not scored.

    Raises:
        ValueError: The three sequences differ in length.
    """
    row = [float(p) for p in probabilities]
    if not len(classes) == len(thresholds) == len(row):
        raise ValueError(f"{len(classes)} classes, {len(thresholds)} thresholds and {len(row)} probabilities")
    if not row or any(map(math.isnan, row)):
        return not_scored()
    order = sorted(range(len(row)), key=row.__getitem__, reverse=True)
    best = order[0]
    confidence = row[best]
    return Score(
        class_name=classes[best],
        confidence=confidence,
        probabilities=tuple((classes[column], row[column]) for column in order),
        margin=confidence - row[order[1]] if len(order) > 1 else confidence,
        abstained=confidence < thresholds[best],
        threshold=float(thresholds[best]),
    )


def score_texts(model: TrainedClassifier, texts: Sequence[str]) -> list[Score]:
    """Return an answer for each plain text."""
    probabilities: NDArray[np.float64] = model.probabilities(texts)
    return [decide(model.classes, model.thresholds, row.tolist()) for row in probabilities]
