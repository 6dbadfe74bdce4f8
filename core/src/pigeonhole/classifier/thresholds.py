"""From which confidence on an answer needs no review."""

import numpy as np
from numpy.typing import NDArray

NEVER = 1.0
"""The threshold of a class whose confident answers are not right often enough: every answer goes to review."""


def choose_thresholds(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], *, target_precision: float, minimum: float
) -> tuple[float, ...]:
    """Return a threshold a class: the lowest from which its answers reach the target precision.

    Args:
        probabilities: Out-of-fold probabilities, shape (rows, classes); rows of NaN were not scored and do not count.
        labels: Columns of the true classes, shape (rows,).
        target_precision: Share of right answers among those at or above the threshold.
        minimum: The lowest threshold to return.
    """
    scored = np.isfinite(probabilities).all(axis=1)
    answers = np.where(scored, probabilities.argmax(axis=1), -1)
    confidences = probabilities.max(axis=1)
    return tuple(
        _threshold(confidences[answers == column], labels[answers == column] == column, target_precision, minimum)
        for column in range(probabilities.shape[1])
    )


def _threshold(
    confidences: NDArray[np.float64], right: NDArray[np.bool_], target_precision: float, minimum: float
) -> float:
    if len(confidences) == 0:
        return NEVER
    order = np.argsort(-confidences, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Answers of equal confidence stand or fall together, so only the last of each run is a possible threshold.
    ends = np.append(np.diff(confidences[order]) != 0, True)
    reached = np.flatnonzero((precision >= target_precision) & ends)
    if len(reached) == 0:
        return NEVER
    return float(max(minimum, confidences[order][reached[-1]]))
