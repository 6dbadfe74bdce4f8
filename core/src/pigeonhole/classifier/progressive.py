"""Progressive reading: answer from a first look at a document, or read all of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pigeonhole.classifier.scoring import Score

Probabilities = NDArray[np.float64]
"""Shape (documents, classes); a row of NaN was not scored."""


def reads_enough(score: Score, stop_confidence: float | None) -> bool:
    """Tell whether the answer from the lines view stands, so that nothing more is read.

    Args:
        score: What the model says of the lines view.
        stop_confidence: The model's; None means that documents are always read whole.
    """
    if stop_confidence is None or score.confidence is None:
        return False
    return score.confidence >= stop_confidence


@dataclass(frozen=True)
class BothViews:
    """What a model says of documents by their lines view and by their full text.

    `shorter` marks the documents whose lines view holds less than their text, shape (documents,); of the others both
    rows are equal.
    """

    lines: Probabilities
    full: Probabilities
    shorter: NDArray[np.bool_]


@dataclass(frozen=True)
class ServedAnswers:
    """The answers that people get, and what decides them.

    `read_on` marks the documents that have a shorter view and were read whole, shape (documents,).
    """

    probabilities: Probabilities
    read_on: NDArray[np.bool_]
    thresholds: tuple[float, ...]
    stop_confidence: float | None


def serve_views(views: BothViews, stop_confidence: float | None) -> tuple[Probabilities, NDArray[np.bool_]]:
    """Return the probabilities that serving answers with, and which documents it read on: `reads_enough`, for all."""
    read_on = views.shorter.copy()
    if stop_confidence is not None:
        # A row of NaN compares as False: what was not scored is never sure.
        read_on &= ~(views.lines.max(axis=1) >= stop_confidence)
    stopped = views.shorter & ~read_on
    return np.where(stopped[:, None], views.lines, views.full), read_on


def are_sure(probabilities: Probabilities, thresholds: tuple[float, ...]) -> NDArray[np.bool_]:
    """Tell of each answer whether it reaches the threshold of its class, shape (documents,)."""
    return np.asarray(probabilities.max(axis=1) >= np.asarray(thresholds)[probabilities.argmax(axis=1)], np.bool_)
