"""How many pages of the default mix a core makes in a second, in CPU time, so that a busy machine measures the same.

Writes build/bench/generator.json and prints a table. It never fails because a figure falls short; it says so.
"""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2

from pigeonhole.synthetic import FormatMix, GenerationSettings, generate_documents
from pigeonhole.synthetic.manifest import LIBRARIES
from pigeonhole.synthetic.settings import GENERATOR_VERSION, MEDIA

OUTPUT = Path("build/bench/generator.json")
ROUNDS = 5
GOAL = 40.0
MIXES = {
    "default mix": FormatMix(),
    **{name: FormatMix(*(float(name == medium) for medium in MEDIA)) for name in MEDIA},
}


def main() -> None:
    """Measure every mix in turn, round by round, and report the medians."""
    cv2.setNumThreads(1)
    measure("default mix", seed=99)
    rounds = [{name: measure(name, seed) for name in MIXES} for seed in range(ROUNDS)]
    medians = {name: statistics.median(measured[name] for measured in rounds) for name in MIXES}
    report = {"figures": figures(medians), "environment": environment(), "data": data(rounds, medians)}
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(table(medians, report["figures"]))


def measure(name: str, seed: int) -> float:
    """Pages a second of CPU time; single formats are measured on fewer documents."""
    count = 10 if name == "default mix" else 2
    started = time.process_time()
    documents = generate_documents(GenerationSettings(count=count, seed=seed, formats=MIXES[name]))
    pages = sum(document.pages for document, _ in documents)
    return pages / (time.process_time() - started)


def figures(medians: dict[str, float]) -> list[dict[str, Any]]:
    """The figure that has a goal."""
    value = medians["default mix"]
    figure = {"name": "pages_per_second_per_core", "value": round(value, 1), "unit": "pages/s"}
    return [{**figure, "goal": GOAL, "direction": "max", "met": value >= GOAL}]


def environment() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "generator": GENERATOR_VERSION,
        "libraries": {name: version(name) for name in (*LIBRARIES, "rl-accel")},
    }


def data(rounds: Sequence[dict[str, float]], medians: dict[str, float]) -> dict[str, Any]:
    """What was made, and the pages a second of each format."""
    settings = GenerationSettings(count=10)
    return {
        "documents_a_round": settings.total,
        "difficulty": settings.difficulty,
        "rounds": [round(measured["default mix"], 1) for measured in rounds],
        "pages_per_second_by_format": {name: round(medians[name], 1) for name in MEDIA},
    }


def table(medians: dict[str, float], measured: Sequence[dict[str, Any]]) -> str:
    """The figures for people."""
    lines = ["pages a second of CPU time, median of rounds"]
    lines += [f"  {name:<12} {value:8.1f}" for name, value in medians.items()]
    lines += [
        f"{figure['name']}: {figure['value']} {figure['unit']}, goal {figure['goal']}: "
        + ("met" if figure["met"] else "NOT MET")
        for figure in measured
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
