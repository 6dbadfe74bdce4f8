"""How far a share of a few documents may be from that of all."""

from math import sqrt

_Z = 1.959964
"""The normal distribution's 97.5 % quantile: an interval between both tails holds 95 %."""


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, of which n > 0 documents were drawn and `hits` have it.

    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927. Unlike p ± 1.96 standard
    errors it is right for few documents and for shares near 0 and 1, where that one would have no width at all.
    """
    share, square = hits / n, _Z * _Z / n
    centre = (share + square / 2) / (1 + square)
    half = _Z * sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return max(0.0, centre - half), min(1.0, centre + half)
