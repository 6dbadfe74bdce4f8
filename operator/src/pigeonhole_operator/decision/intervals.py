"""Intervals of shares: how far a share of few documents may be from the truth."""

from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
"""What is meant where nobody names a confidence."""


def wilson(hits: float, total: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the interval of a share of `hits` in `total`; (0, 1) when there is nothing to go by.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if total <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = min(max(hits / total, 0.0), 1.0)
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    # Without any hit, or with nothing but hits, the bound is exact; rounding would lift it off.
    low = 0.0 if share == 0 else max(centre - half, 0.0)
    high = 1.0 if share == 1 else min(centre + half, 1.0)
    return low, high


def difference(
    first: tuple[float, float], second: tuple[float, float], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the interval of the first share less the second, each as (hits, total).

    R. G. Newcombe, "Interval estimation for the difference between independent proportions", 1998, method 10.
    """
    if min(first[1], second[1]) <= 0:
        return -1.0, 1.0
    one, two = first[0] / first[1], second[0] / second[1]
    (low1, high1), (low2, high2) = wilson(*first, confidence), wilson(*second, confidence)
    below = sqrt((one - low1) ** 2 + (high2 - two) ** 2)
    above = sqrt((high1 - one) ** 2 + (two - low2) ** 2)
    return one - two - below, one - two + above
