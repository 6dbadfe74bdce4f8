"""A model's figures: each with the number of documents behind it, or with the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pigeonhole_api.quality.intervals import wilson_interval
from pigeonhole_api.quality.stability import (
    MAJOR,
    MODERATE,
    Counts,
    chance_level,
    cut_bins,
    stability_index,
)

NoShareReason = Literal["no-decisions"]
NoDriftReason = Literal["too-few-documents", "too-few-reference-documents"]
Verdict = Literal["stable", "moderate", "shifted"]


@dataclass(frozen=True)
class ShareFigure:
    """The share of n decisions that were for the model, within its 95 % interval; all None without decisions."""

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: NoShareReason | None = None


@dataclass(frozen=True)
class DriftFigure:
    """The stability index of n documents against a reference, and what it exceeds by chance in 5 % of cases."""

    n: int
    reference_n: int
    value: float | None = None
    chance: float | None = None
    reason: NoDriftReason | None = None


def share_figure(hits: int, n: int) -> ShareFigure:
    """Return the share of hits among n decisions."""
    if n == 0:
        return ShareFigure(0, reason="no-decisions")
    return ShareFigure(n, hits / n, *wilson_interval(hits, n))


def compare_mixes(current: Counts, reference: Counts, *, fewest: int) -> DriftFigure:
    """Return how far a mix of classes, or of other names, is from a reference.

    Args:
        current: Documents by name.
        reference: The same of the reference.
        fewest: Documents that each of the two must have for a figure.
    """
    n, reference_n = sum(current.values()), sum(reference.values())
    if n < fewest:
        return DriftFigure(n, reference_n, reason="too-few-documents")
    if reference_n < fewest:
        return DriftFigure(n, reference_n, reason="too-few-reference-documents")
    return DriftFigure(n, reference_n, stability_index(current, reference), chance_level(current, reference))


def compare_numbers(current: Mapping[float, int], reference: Mapping[float, int], *, fewest: int) -> DriftFigure:
    """Return the same of numbers, counts by value, in bins that the reference fills equally."""
    bins = cut_bins(reference)
    return compare_mixes(bins.count(current), bins.count(reference), fewest=fewest)


def judge(value: float, chance: float) -> Verdict:
    """Return what an index means: beyond a limit, and beyond what chance explains."""
    if value <= chance or value < MODERATE:
        return "stable"
    return "shifted" if value > MAJOR else "moderate"
