"""The seven figures and what stands beside them: pure arithmetic on what was measured."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from figures import Figure
from serving_bench.comparison import CALLERS, latency_ratio, throughput_ratio
from serving_bench.contenders import RIVALS
from serving_bench.load import Turn
from serving_bench.overload import count_statuses
from serving_bench.results import Comparison, Overload, Results
from serving_bench.single import Answered


def all_figures(results: Results) -> list[Figure]:
    """Return the seven figures in the order of the table."""
    values = {
        "overhead_p50_ms": (_median([each.overhead for each in results.cold]), 10.0),
        "cached_p50_ms": (_median([each.milliseconds for each in results.cached]), 15.0),
        "liveness_p95_ms_under_load": (percentile(results.overload.liveness_ms, 95), 50.0),
    }
    return [
        *(figure for rival in RIVALS for figure in _against(results.comparison, rival)),
        *(Figure(name, value, "ms", goal, "min") for name, (value, goal) in values.items()),
    ]


def describe(results: Results) -> dict[str, Any]:
    """Return all that stands beside the figures, as JSON values."""
    return {
        "comparison": describe_comparison(results.comparison),
        "single": {
            "cold": describe_cold(results.cold),
            "cached": {"answer_ms": _percentiles([each.milliseconds for each in results.cached])},
        },
        "overload": describe_overload(results.overload),
    }


def describe_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return the medians of every server's rounds, and the rounds."""
    servers = dict.fromkeys(turn.server for turn in comparison.turns)
    return {
        "left_out": dict(comparison.left_out),
        "largest_difference": comparison.largest_difference,
        "servers": {
            server: {f"callers_{callers}": median_turn(comparison.turns, server, callers) for callers in CALLERS}
            for server in servers
        },
        "turns": [_rounded(asdict(turn)) for turn in comparison.turns],
    }


def describe_cold(answers: Sequence[Answered]) -> dict[str, Any]:
    """Return percentiles of documents read for the first time, and how many were answered by which view."""
    by_view = {view: [each for each in answers if each.view == view] for view in ("lines", "full")}
    return {
        "documents": len(answers),
        "answer_ms": _percentiles([each.milliseconds for each in answers]),
        "ocr_ms": _percentiles([each.ocr_milliseconds for each in answers]),
        "overhead_ms": _percentiles([each.overhead for each in answers]),
        "overhead_p50_ms_by_view": {view: _median([each.overhead for each in some]) for view, some in by_view.items()},
        "documents_by_view": {view: len(some) for view, some in by_view.items()},
    }


def describe_overload(overload: Overload) -> dict[str, Any]:
    """Return how every request ended, what liveness took, and the course of memory."""
    ok = [each.milliseconds for each in overload.outcomes if each.status == 200]
    refused = [each.milliseconds for each in overload.outcomes if each.status == 503]
    return {
        "planned": overload.planned,
        "sent": len(overload.outcomes),
        "seconds": round(overload.seconds, 1),
        "capacity_per_second": round(overload.capacity_per_second, 2),
        "statuses": count_statuses(overload.outcomes),
        "improper": sum(not each.is_proper for each in overload.outcomes),
        "answered_ms": _percentiles(ok),
        "refused_ms": _percentiles(refused),
        "liveness_ms": _percentiles(overload.liveness_ms),
        "liveness_probes": len(overload.liveness_ms),
        "liveness_failed": overload.liveness_failed,
        "memory_mb": {
            **_rounded(asdict(overload.memory)),
            "last_third_by_middle_third": round(overload.memory.growth, 3),
        },
        "memory_samples_mb": [round(sample) for sample in overload.memory_mb],
    }


def median_turn(turns: Sequence[Turn], server: str, callers: int) -> dict[str, float]:
    """Return the medians of a server's turns with so many callers."""
    some = [turn for turn in turns if turn.server == server and turn.callers == callers]
    return {
        name: round(statistics.median(getattr(turn, name) for turn in some), 2)
        for name in ("requests_per_second", "p50_ms", "p95_ms")
    }


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return a percentile, None of nothing."""
    return float(np.percentile(values, percent)) if values else None


def _against(comparison: Comparison, rival: str) -> list[Figure]:
    reason = comparison.left_out.get(rival, "it was not measured")
    return [
        Figure(f"rps_vs_{rival}", throughput_ratio(comparison.turns, rival), "x", 1.0, "max", reason),
        Figure(f"p95_vs_{rival}", latency_ratio(comparison.turns, rival), "x", 1.0, "max", reason),
    ]


def _percentiles(values: Sequence[float]) -> dict[str, float | None]:
    found = {f"p{percent}": percentile(values, percent) for percent in (50, 95, 99, 100)}
    return {name: None if value is None else round(value, 2) for name, value in found.items()}


def _median(values: Sequence[float]) -> float | None:
    return percentile(values, 50)


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in values.items()}
