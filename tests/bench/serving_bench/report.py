"""What comes out for people: tables, and the environment that the figures depend on."""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pigeonhole.processes import usable_cpus
from serving_bench.contenders import MLFLOW_WORKERS, MLSERVER_WORKERS, RIVALS

_LIBRARIES = ("fastapi", "httpx", "kserve", "numpy", "scikit-learn", "tesserocr", "uvicorn")


def environment(requirements: Path) -> dict[str, Any]:
    """Return what the figures depend on.

    Args:
        requirements: The folder of the rivals' pinned requirements.
    """
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": usable_cpus(),
        "load_average": os.getloadavg()[0],
        "libraries": {name: version(name) for name in _LIBRARIES},
        "rivals": {rival: _pinned(requirements / f"{rival}.txt") for rival in RIVALS},
        "mlflow_workers": MLFLOW_WORKERS,
        "mlserver_parallel_workers": MLSERVER_WORKERS,
    }


def servers_table(comparison: Mapping[str, Any]) -> str:
    """Return every server's medians."""
    lines = ["\none text a request; requests a second, p50 ms, p95 ms (medians of rounds)"]
    for server, by_callers in comparison["servers"].items():
        for callers, values in by_callers.items():
            numbers = "".join(f"{values[name]:10.1f}" for name in ("requests_per_second", "p50_ms", "p95_ms"))
            lines.append(f"  {server:<12}{callers.replace('_', ' '):<12}{numbers}")
    lines += [f"  {rival} is left out: {reason}" for rival, reason in comparison["left_out"].items()]
    return "\n".join(lines)


def single_table(single: Mapping[str, Any]) -> str:
    """Return what documents took that were sent one at a time."""
    cold, cached = single["cold"], single["cached"]
    rows = {
        "first time": cold["answer_ms"],
        "of it reading": cold["ocr_ms"],
        "of it the rest": cold["overhead_ms"],
        "from the cache": cached["answer_ms"],
    }
    lines = [f"  {name:<16}{values['p50']:10.1f}{values['p95']:10.1f}" for name, values in rows.items()]
    lines += [
        f"  the rest of the {count} answered by view '{view}': {cold['overhead_p50_ms_by_view'][view]:.1f} at p50"
        for view, count in cold["documents_by_view"].items()
        if count
    ]
    return "\n".join([f"\n{cold['documents']} scans, one at a time; ms at p50 and p95", *lines])


def overload_table(overload: Mapping[str, Any]) -> str:
    """Return what happened under load."""
    memory, live = overload["memory_mb"], overload["liveness_ms"]
    return "\n".join(
        [
            f"\n{overload['sent']} of {overload['planned']} documents in {overload['seconds']} s, at twice"
            f" {overload['capacity_per_second']} a second",
            f"  statuses {overload['statuses']}; improper: {overload['improper']}",
            f"  liveness ms p50 {live['p50']}, p95 {live['p95']}, p99 {live['p99']}, largest {live['p100']};"
            f" {overload['liveness_failed']} of {overload['liveness_probes']} probes failed",
            f"  memory MB: {memory['start']:.0f} at the start, {memory['middle']:.0f} in the middle,"
            f" {memory['end']:.0f} at the end; last third by middle third {memory['last_third_by_middle_third']}",
        ]
    )


def _pinned(path: Path) -> Sequence[str]:
    wanted = ("mlflow==", "mlserver==", "mlserver-sklearn==", "scikit-learn==", "numpy==")
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(wanted)]
