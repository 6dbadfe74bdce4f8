"""Whether two samples come from the same mix: the population stability index of their counts."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

Counts = Mapping[str, int]
"""How many documents of a sample fall into each bin."""

MODERATE: Final = 0.1
MAJOR: Final = 0.25
"""The customary limits: below 0.1 nothing to speak of, above 0.25 a shift to act on (Siddiqi, "Credit Risk
Scorecards", 2006). They are a convention and know nothing of the size of the samples: see `chance_level`."""

_BINS = 10
_Z = 1.644854
"""The normal distribution's 95 % quantile."""


def stability_index(current: Counts, reference: Counts) -> float:
    """Return the population stability index of two samples, neither of them empty.

    It is the sum over all bins of (a - e) ln(a / e), with a and e the bin's shares of the two samples (Siddiqi, "Credit
    Risk Scorecards", 2006; the symmetric divergence of Jeffreys, 1946, and of Kullback and Leibler, 1951). It is 0 for
    equal shares, never negative, and the same when the samples are exchanged.

    Smoothing: an empty bin would make it infinite, so a share counts as at least that of half a document of the smaller
    sample, in both samples alike. Bins that neither sample fills more than that add nothing.
    """
    totals = sum(current.values()), sum(reference.values())
    least = 0.5 / min(totals)
    index = 0.0
    for name in sorted({*current, *reference}):
        actual = max(least, current.get(name, 0) / totals[0])
        expected = max(least, reference.get(name, 0) / totals[1])
        index += (actual - expected) * log(actual / expected)
    return index


def chance_level(current: Counts, reference: Counts) -> float:
    """Return the index that two samples of one mix exceed in 5 % of cases, by chance alone.

    With sizes n and m and B bins the index is then about (1/n + 1/m) times a chi-squared of B - 1 degrees of freedom
    (Yurdakul, "Statistical Properties of Population Stability Index", 2018), whose quantile is taken by Wilson and
    Hilferty's approximation (1931). With 100 documents each and 10 bins that is 0.34: beyond the limit of 0.25.
    """
    freedom = sum(1 for name in {*current, *reference} if current.get(name) or reference.get(name)) - 1
    if freedom < 1:
        return 0.0
    spread = 2 / (9 * freedom)
    quantile = freedom * (1 - spread + _Z * sqrt(spread)) ** 3
    return quantile * (1 / sum(current.values()) + 1 / sum(reference.values()))


@dataclass(frozen=True)
class Bins:
    """Bins of numbers: values that each are one of their own, and between edges all others.

    A bin reaches from above one edge up to the next, and includes that; the last one has no end.
    """

    own: frozenset[float]
    edges: tuple[float, ...]

    def count(self, values: Mapping[float, int]) -> Counts:
        """Return how many documents of a sample, counts by value, lie in each bin."""
        counted: Counter[str] = Counter()
        for value, count in values.items():
            name = f"={value}" if value in self.own else str(bisect_left(self.edges, value))
            counted[name] += count
        return counted


def cut_bins(reference: Mapping[float, int], bins: int = _BINS) -> Bins:
    """Return bins that each hold a tenth of a sample, counts by value, or a little more.

    A value that a tenth of the documents have is a bin of its own, lest a sample that has but this value hides where
    another one has moved to. What lies beyond all values of the sample has a bin that the sample leaves empty.
    """
    total = sum(reference.values())
    own = frozenset(value for value, count in reference.items() if count * bins >= total)
    edges: list[float] = []
    held = 0
    for value in sorted(reference.keys() - own):
        held += reference[value]
        if held * bins >= total:
            edges.append(value)
            held = 0
    return Bins(own, tuple(edges))
