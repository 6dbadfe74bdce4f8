"""What comes out for people: tables, and the environment that the figures depend on."""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.postgresql_server import find_programs

from pigeonhole.processes import usable_cpus

_LIBRARIES = ("fastapi", "httpx", "psycopg", "sqlalchemy", "starlette", "uvicorn")
_PINNED = ("procrastinate==", "psycopg==", "httpx==")


def environment(requirements: Path) -> dict[str, Any]:
    """Return what the figures depend on.

    Args:
        requirements: The rival's pinned requirements.
    """
    programs = find_programs()
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": usable_cpus(),
        "load_average": os.getloadavg()[0],
        "postgresql": None if programs is None else programs.parent.name,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "rivals": {"procrastinate": _pinned(requirements)},
    }


def intake_table(intake: Mapping[str, Any]) -> str:
    """Return what was uploaded, what was checked, and what declaring took."""
    declared = ", ".join(f"{each:.0f}" for each in intake["declared_ms"])
    return "\n".join(
        [
            f"\n{intake['files']} files, {intake['megabytes']:.0f} MB, uploaded in {intake['seconds']} s",
            f"  {intake['stored']}",
            f"  {intake['visible']}",
            f"  jobs of as many files declared in ms: {declared}",
            f"  memory of the API: {intake['memory_mb']['peak']:.0f} MB at its highest",
        ]
    )


def claims_table(claims: Mapping[str, Any]) -> str:
    """Return what claims took, and what queuing did."""
    lines = ["\nclaims of 8 documents; ms at p50, p95, p99, largest; ms to queue a document"]
    for name, values in claims.items():
        numbers = "".join(f"{value:10.2f}" for value in values["claim_ms"].values())
        lines.append(f"  {name:<16}{numbers}{values['queuing_ms_per_document']:10.3f}  ({values['queued']} queued)")
    return "\n".join(lines)


def drains_table(drains: Mapping[str, Any]) -> str:
    """Return documents a second of each queue, and of its rounds."""
    lines = ["\ntrivial documents by two workers; documents a second (median; rounds)"]
    for queue, values in drains.items():
        rounds = ", ".join(f"{each['documents'] / each['seconds']:.0f}" for each in values["rounds"])
        lines.append(f"  {queue:<16}{values['per_second']:10.0f}  ({rounds})")
    return "\n".join(lines)


def fairness_table(fairness: Mapping[str, Any]) -> str:
    """Return the waits beside a large job, and the shares."""
    lines = [f"\njobs of one file beside one of {fairness['waiting']}; seconds until taken, until answered"]
    lines += [f"  {each['started_seconds']:10.2f}{each['answered_seconds']:10.2f}" for each in fairness["waits"]]
    lines += [
        f"  sent in {each['jobs']} jobs: {each['ratio']:.2f} documents done for each of another tenant's"
        for each in fairness["shares"]
    ]
    return "\n".join(lines)


def left_out_table(left_out: Mapping[str, str]) -> str:
    """Return what was not measured and why, a line each."""
    return "\n".join(f"  {name} is left out: {reason}" for name, reason in left_out.items())


def _pinned(path: Path) -> Sequence[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(_PINNED)]
