"""The confusion matrix as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

_INCHES_A_CLASS = 0.52
_DOTS_AN_INCH = 150


def plot_confusion(labels: Sequence[str], confusion: Sequence[Sequence[int]], path: Path) -> None:
    """Write a PNG of a confusion matrix: a row for each true class, a column for each answer.

    Colour is the share of the row, so that a rare class reads as well as a frequent one; the figures are counts, and
    zeros are left out. The same matrix is always the same picture.
    """
    counts = np.array(confusion, np.int64).reshape(len(labels), len(labels))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    longest = max((len(label) for label in labels), default=0)
    side = max(2.4, _INCHES_A_CLASS * len(labels))
    margin = 0.9 + 0.075 * longest
    figure = Figure(figsize=(side + margin + 0.4, side + margin + 0.3), dpi=_DOTS_AN_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    _write_counts(axes, counts, shares)
    _label(axes, labels)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def _write_counts(axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    for row, column in np.argwhere(counts > 0):
        colour = "white" if shares[row, column] > 0.5 else "#1b2a41"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=10)


def _label(axes: Axes, labels: Sequence[str]) -> None:
    positions = range(len(labels))
    axes.set_xticks(positions, labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(positions, labels)
    axes.set_xticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#d7dde5", linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("answer")
    axes.set_ylabel("true class")
    axes.set_title("Documents of the holdout, by class")
    for spine in axes.spines.values():
        spine.set_visible(False)
