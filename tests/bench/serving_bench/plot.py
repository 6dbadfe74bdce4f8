"""The picture: requests a second and p95 of each server, and liveness and memory under load."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from serving_bench.comparison import FIGURE_CALLERS
from serving_bench.contenders import OURS
from serving_bench.results import Overload

_OURS, _THEIRS = "#1b6ca8", "#9aa5b1"


def draw(path: Path, comparison: Mapping[str, Any], overload: Overload) -> None:
    """Write the picture as a PNG."""
    figure = Figure(figsize=(15, 4.2), layout="constrained")
    axes = figure.subplots(1, 4)
    callers = f"callers_{FIGURE_CALLERS}"
    _draw_servers(axes[0], comparison, lambda values: values[callers]["requests_per_second"])
    axes[0].set_title(f"requests a second, {FIGURE_CALLERS} callers")
    _draw_servers(axes[1], comparison, lambda values: values[callers]["p95_ms"])
    axes[1].set_title(f"p95 in ms, {FIGURE_CALLERS} callers")
    _draw_liveness(axes[2], overload)
    _draw_memory(axes[3], overload)
    figure.savefig(path, dpi=110)


def _draw_servers(axes: Axes, comparison: Mapping[str, Any], value: Callable[[Mapping[str, Any]], float]) -> None:
    servers = comparison["servers"]
    names = list(servers)[::-1]
    colours = [_OURS if name == OURS else _THEIRS for name in names]
    drawn = axes.barh(names, [value(servers[name]) for name in names], color=colours)
    axes.bar_label(drawn, fmt="{:.0f}", padding=3)
    axes.set_xlim(right=axes.get_xlim()[1] * 1.15)


def _draw_liveness(axes: Axes, overload: Overload) -> None:
    took = sorted(overload.liveness_ms)
    axes.plot(took, [100 * (place + 1) / len(took) for place in range(len(took))], color=_OURS)
    axes.axvline(50, color=_THEIRS, linestyle="--")
    axes.axhline(95, color=_THEIRS, linestyle=":")
    axes.set_xscale("log")
    axes.set_title("load: % of /livez within ms")


def _draw_memory(axes: Axes, overload: Overload) -> None:
    samples = overload.memory_mb
    axes.plot([overload.seconds * place / len(samples) for place in range(len(samples))], samples, color=_OURS)
    axes.set_ylim(bottom=0)
    axes.set_title("load: transformer's MB by seconds")
