"""How right the answers are: pure functions of classes and answers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.int64]
_NONE = 0
"""The column of a document without an answer; classes count from 1."""


def macro_f1(truth: Sequence[str], answers: Sequence[str | None]) -> float:
    """Return the mean F1 over the classes that occur; a document without an answer is wrong."""
    return _macro_f1(*_columns(truth, answers))


def accuracy(truth: Sequence[str], answers: Sequence[str | None]) -> float:
    """Return the share of documents whose class is right."""
    return float(np.mean([answer == name for answer, name in zip(answers, truth, strict=True)]))


def delta_interval(
    truth: Sequence[str], ours: Sequence[str | None], rival: Sequence[str | None], *, seed: int, draws: int = 2000
) -> tuple[float, float]:
    """Return the 95 % interval of ours less the rival's macro-F1, by drawing the same documents again and again.

    Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979.
    """
    random = np.random.default_rng(seed)
    true, own, theirs = _columns(truth, ours, rival)
    drawn = (random.integers(0, len(true), len(true)) for _ in range(draws))
    deltas = [_macro_f1(true[rows], own[rows]) - _macro_f1(true[rows], theirs[rows]) for rows in drawn]
    low, high = np.quantile(deltas, (0.025, 0.975))
    return float(low), float(high)


def _columns(*answers: Sequence[str | None]) -> list[Columns]:
    names = {name for given in answers for name in given if name is not None}
    column: dict[str | None, int] = {None: _NONE}
    column |= {name: number for number, name in enumerate(sorted(names), start=1)}
    return [np.array([column[name] for name in given], np.int64) for given in answers]


def _macro_f1(true: Columns, answered: Columns) -> float:
    size = int(max(true.max(), answered.max())) + 1
    hits, supports = np.bincount(true[true == answered], minlength=size), np.bincount(true, minlength=size)
    occurs = supports > 0
    return float(np.mean(2 * hits[occurs] / (supports + np.bincount(answered, minlength=size))[occurs]))
