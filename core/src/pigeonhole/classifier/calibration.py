"""Make probabilities honest: one temperature for all logits, found on documents the model did not see.

Temperature scaling: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017. It changes
no ranking, and for a linear model it is a division of the weights, so the served model needs no extra step.

The truth is smoothed as in Platt, "Probabilistic Outputs for Support Vector Machines", 1999, section 2.2: with n
documents of a class the target is (n + 1) / (n + 2) and never 1. Without it, a small and easy set of examples would
drive the temperature to nothing and every probability to certainty.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

_LOG_RANGE = (-4.0, 4.0)


def class_logits(linear: LogisticRegression, features: object) -> NDArray[np.float64]:
    """Return logits of shape (rows, classes); for two classes the first column is 0."""
    logits = np.asarray(linear.decision_function(features), np.float64)
    if logits.ndim == 1:
        return np.column_stack([np.zeros_like(logits), logits])
    return logits


@dataclass(frozen=True)
class Temperature:
    """A temperature and the cross-entropy that its probabilities have against the smoothed truth."""

    value: float
    cross_entropy: float


def fit_temperature(
    logits: NDArray[np.float64], labels: NDArray[np.int64], weights: NDArray[np.float64]
) -> Temperature:
    """Return the temperature whose probabilities are closest to the smoothed truth.

    Args:
        logits: Out-of-fold logits, shape (rows, classes).
        labels: Columns of the true classes, shape (rows,).
        weights: How much of a document each row is, shape (rows,): the views of one document are one piece of evidence.
    """
    targets = smoothed_targets(labels, logits.shape[1], weights)

    def cross_entropy(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-np.average((targets * scaled).sum(axis=1), weights=weights))

    found = minimize_scalar(cross_entropy, bounds=_LOG_RANGE, method="bounded")
    return Temperature(float(np.exp(found.x)), float(found.fun))


def smoothed_targets(labels: NDArray[np.int64], classes: int, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return target probabilities of shape (rows, classes): the true class's, the rest shared by the others."""
    counts = np.bincount(labels, weights, minlength=classes)
    doubt = 1 / (counts[labels] + 2)
    targets = np.repeat((doubt / (classes - 1))[:, None], classes, axis=1)
    targets[np.arange(len(labels)), labels] = 1 - doubt
    return targets


def divide_weights(linear: LogisticRegression, temperature: float) -> None:
    """Divide the weights of a fitted model by the temperature, in place."""
    linear.coef_ = linear.coef_ / temperature
    linear.intercept_ = linear.intercept_ / temperature
