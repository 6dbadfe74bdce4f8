"""Two models side by side: a pure computation over their metrics and confusion matrices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Matrix = Sequence[Sequence[int]]

NEITHER_IS_BETTER = frozenset({"documents"})
LESS_IS_BETTER = frozenset({"expected_calibration_error", "brier", "abstention_rate"})


@dataclass(frozen=True)
class MetricChange:
    """One metric of both models, and whether the second one's is better; None when neither is."""

    name: str
    before: float
    after: float
    better: bool | None

    @property
    def change(self) -> float:
        """Return the second value less the first."""
        return self.after - self.before


def compare_metrics(before: Mapping[str, float], after: Mapping[str, float]) -> list[MetricChange]:
    """Return the metrics that both models have, in the order of the first."""
    return [
        MetricChange(name, value, after[name], _better(name, value, after[name]))
        for name, value in before.items()
        if name in after
    ]


def on_same_labels(labels: Sequence[str], confusion: Matrix, wanted: Sequence[str]) -> list[list[int]]:
    """Return a confusion matrix over other labels: those it does not know get zeros."""
    place = {label: index for index, label in enumerate(labels)}
    return [
        [confusion[place[row]][place[column]] if row in place and column in place else 0 for column in wanted]
        for row in wanted
    ]


def joined_labels(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return the labels of either model, each once, sorted."""
    return sorted({*first, *second})


def _better(name: str, before: float, after: float) -> bool | None:
    if before == after or name in NEITHER_IS_BETTER:
        return None
    return (after < before) == (name in LESS_IS_BETTER)
