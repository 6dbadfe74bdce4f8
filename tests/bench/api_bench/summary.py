"""The figures and what stands beside them: pure arithmetic on what was measured."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from api_bench.results import (
    DATABASES,
    POSTGRESQL,
    PROCRASTINATE,
    SQLITE,
    Claims,
    Drain,
    Fairness,
    Intake,
    Results,
)
from figures import Figure

_DRAIN_GOALS = {SQLITE: 500.0, POSTGRESQL: 300.0}


def all_figures(results: Results) -> list[Figure]:
    """Return the figures in the order of the table."""
    intake, fairness = results.intake, results.fairness
    ratio = drain_ratio(results.drains)
    declared = statistics.median(intake.declared_ms) / intake.declared_documents
    return [
        Figure("upload_files_per_second", intake.uploaded.files_per_second, "files/s", 200.0, "max"),
        Figure("api_rss_mb", intake.peak_mb, "MB", 150.0, "min"),
        Figure("submit_ms_per_document", declared, "ms", 1.0, "min"),
        *(_claim_figure(results, database) for database in DATABASES),
        *(_drain_figure(results, database) for database in DATABASES),
        Figure("drain_vs_procrastinate", ratio, "x", 1.0, "max", _reason(results, PROCRASTINATE)),
        Figure("fairness_wait_seconds", max(wait.started_seconds for wait in fairness.waits), "s", 2.0, "min"),
        Figure("split_gain", split_gain(fairness), "x", 1.25, "min"),
    ]


def drain_rate(drains: Sequence[Drain], queue: str) -> float | None:
    """Return a queue's documents a second: the median of the rounds; None without any."""
    rates = _rates(drains, queue)
    return statistics.median(rates) if rates else None


def drain_ratio(drains: Sequence[Drain]) -> float | None:
    """Return how many times Procrastinate's rate ours on PostgreSQL is: the median of the rounds; None without any."""
    ours, theirs = _rates(drains, POSTGRESQL), _rates(drains, PROCRASTINATE)
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True)) if theirs else None


def split_gain(fairness: Fairness) -> float:
    """Return how many times its share a sender has with the most jobs, by that with one."""
    by_jobs = sorted(fairness.shares, key=lambda shares: shares.jobs)
    return by_jobs[-1].ratio / by_jobs[0].ratio


def describe(results: Results) -> dict[str, Any]:
    """Return all that stands beside the figures, as JSON values."""
    return {
        "left_out": dict(results.left_out),
        "intake": describe_intake(results.intake),
        "claims": {name: describe_claims(claims) for name, claims in results.claims.items()},
        "drains": describe_drains(results.drains),
        "fairness": describe_fairness(results.fairness),
    }


def describe_intake(intake: Intake) -> dict[str, Any]:
    """Return what was uploaded and checked."""
    return {
        "files": len(intake.uploaded.seconds),
        "megabytes": round(intake.uploaded.megabytes, 1),
        "seconds": round(max(intake.uploaded.seconds), 2),
        "stored": "every file is queued, and the storage holds its bytes",
        "visible": "every job was shown and listed right after its answer",
        "declared_ms": [round(each, 1) for each in intake.declared_ms],
        "memory_mb": {"peak": round(intake.peak_mb, 1), "course": [round(each, 1) for each in intake.memory_mb]},
    }


def describe_claims(claims: Claims) -> dict[str, Any]:
    """Return percentiles of the claims, and what queuing took."""
    found = {f"p{percent}": _percentile(claims.milliseconds, percent) for percent in (50, 95, 99, 100)}
    return {
        "queued": claims.queued,
        "claims": len(claims.milliseconds),
        "claim_ms": {name: round(value, 3) for name, value in found.items()},
        "queuing_ms_per_document": round(claims.queuing_ms_per_document, 4),
    }


def describe_drains(drains: Sequence[Drain]) -> dict[str, Any]:
    """Return every queue's median and its rounds."""
    queues = dict.fromkeys(drain.queue for drain in drains)
    return {
        queue: {
            "per_second": round(drain_rate(drains, queue) or 0.0, 1),
            "rounds": [
                {**asdict(drain), "seconds": round(drain.seconds, 3)} for drain in drains if drain.queue == queue
            ],
        }
        for queue in queues
    }


def describe_fairness(fairness: Fairness) -> dict[str, Any]:
    """Return each wait, and the shares of one who sends as much in one job and in many."""
    return {
        "waiting": fairness.waiting,
        "waits": [{name: round(value, 3) for name, value in asdict(wait).items()} for wait in fairness.waits],
        "shares": [{**asdict(shares), "ratio": round(shares.ratio, 2)} for shares in fairness.shares],
    }


def _claim_figure(results: Results, database: str) -> Figure:
    claims = results.claims.get(database)
    value = None if claims is None else statistics.median(claims.milliseconds)
    short = {SQLITE: "sqlite", POSTGRESQL: "postgres"}[database]
    return Figure(f"claim_ms_100k_{short}", value, "ms", 5.0, "min", _reason(results, database))


def _drain_figure(results: Results, database: str) -> Figure:
    short = {SQLITE: "sqlite", POSTGRESQL: "postgres"}[database]
    rate, reason = drain_rate(results.drains, database), _reason(results, database)
    return Figure(f"drain_{short}_per_second", rate, "documents/s", _DRAIN_GOALS[database], "max", reason)


def _reason(results: Results, name: str) -> str:
    return results.left_out.get(name, "it was not measured")


def _rates(drains: Sequence[Drain], queue: str) -> list[float]:
    return [drain.per_second for drain in drains if drain.queue == queue]


def _percentile(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent))
