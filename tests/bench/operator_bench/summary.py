"""The figures and what stands beside them: arithmetic on what was measured."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from figures import Figure

# The limits, but for the calls: a mark of our own, a fifth of what a look at each thing a minute would be.
RSS_GOAL, CALLS_GOAL, REACTION_GOAL = 120.0, 200.0, 2.0


@dataclass(frozen=True)
class Results:
    """What was measured: memory in MB, calls by name over `rest_seconds`, and seconds of each reaction."""

    deployments: int
    settled_seconds: float
    rest_mb: float
    peak_mb: float
    rest_seconds: float
    rest_cpu_seconds: float
    calls: Counter[str]
    reactions: Sequence[float]


def all_figures(results: Results) -> list[Figure]:
    """Return the figures in the order of the table."""
    per_minute = results.calls.total() / results.rest_seconds * 60
    return [
        Figure("rss_mb", results.peak_mb, "MB", RSS_GOAL, "min"),
        Figure("api_calls_per_minute_500", per_minute, "calls/min", CALLS_GOAL, "min"),
        Figure("reaction_seconds", slowest_but_five_per_cent(results.reactions), "s", REACTION_GOAL, "min"),
    ]


def slowest_but_five_per_cent(seconds: Sequence[float]) -> float:
    """Return the 95th percentile: the least value that 95 % do not exceed."""
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]


def describe(results: Results) -> dict[str, Any]:
    """Return the rest of what was measured."""
    return {
        "deployments": results.deployments,
        "settled_seconds": round(results.settled_seconds, 1),
        "rest_mb": round(results.rest_mb, 1),
        "peak_mb": round(results.peak_mb, 1),
        "rest_cpu_percent": round(100 * results.rest_cpu_seconds / results.rest_seconds, 2),
        "calls_at_rest": dict(results.calls.most_common()),
        "rest_seconds": round(results.rest_seconds, 1),
        "reactions": [round(each, 3) for each in results.reactions],
    }
