"""The picture: uploads and the API's memory by time, claims, drains, and waits beside a large job."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from api_bench.results import PROCRASTINATE, Claims, Fairness, Intake, Results

_OURS, _SECOND, _THEIRS = "#1b6ca8", "#6fa8d6", "#9aa5b1"
_CLAIM_GOAL_MS = 5


def draw(path: Path, results: Results, drains: Mapping[str, Any]) -> None:
    """Write the picture as a PNG."""
    figure = Figure(figsize=(15, 4.2), layout="constrained")
    axes = figure.subplots(1, 4)
    _draw_intake(axes[0], results.intake)
    _draw_claims(axes[1], results.claims)
    _draw_drains(axes[2], drains)
    _draw_waits(axes[3], results.fairness)
    figure.savefig(path, dpi=110)


def _draw_intake(axes: Axes, intake: Intake) -> None:
    seconds, samples = intake.uploaded.seconds, intake.memory_mb
    axes.plot(seconds, range(1, len(seconds) + 1), color=_OURS)
    axes.set_ylim(bottom=0)
    memory = axes.twinx()
    memory.plot([max(seconds) * place / len(samples) for place in range(len(samples))], samples, color=_THEIRS)
    memory.set_ylim(0, 2 * max(samples))
    axes.set_title("files uploaded by seconds (gray: API's MB)")


def _draw_claims(axes: Axes, claims: Mapping[str, Claims]) -> None:
    for colour, (name, measured) in zip((_OURS, _SECOND), claims.items(), strict=False):
        took = sorted(measured.milliseconds)
        axes.plot(took, [100 * (place + 1) / len(took) for place in range(len(took))], color=colour, label=name)
    axes.axvline(_CLAIM_GOAL_MS, color=_THEIRS, linestyle="--")
    axes.set_xlim(0, 3 * _CLAIM_GOAL_MS)
    axes.legend()
    axes.set_title("% of claims within ms")


def _draw_drains(axes: Axes, drains: Mapping[str, Any]) -> None:
    names = list(drains)[::-1]
    colours = [_THEIRS if name == PROCRASTINATE else _OURS for name in names]
    drawn = axes.barh(names, [drains[name]["per_second"] for name in names], color=colours)
    axes.bar_label(drawn, fmt="{:.0f}", padding=3)
    axes.set_xlim(right=axes.get_xlim()[1] * 1.15)
    axes.set_title("documents a second, two workers")


def _draw_waits(axes: Axes, fairness: Fairness) -> None:
    places = range(1, len(fairness.waits) + 1)
    axes.bar(places, [wait.answered_seconds for wait in fairness.waits], color=_SECOND, label="answered")
    axes.bar(places, [wait.started_seconds for wait in fairness.waits], color=_OURS, label="taken")
    axes.legend()
    axes.set_title(f"one file beside {fairness.waiting}: seconds")
