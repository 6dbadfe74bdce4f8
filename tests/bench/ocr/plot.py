"""The picture: CPU time a page and macro-F1 of each way, and what turned, skewed and photographed pages lose."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocr.results import Condition

_OURS, _THEIRS = "#1b6ca8", "#9aa5b1"
_RIVALS = ("naive", "rapidocr")


def draw(path: Path, ways: Mapping[str, Any], conditions: Sequence[Condition]) -> None:
    """Write the picture as a PNG."""
    figure = Figure(figsize=(15, 4.6), layout="constrained")
    axes = figure.subplots(1, 3, gridspec_kw={"width_ratios": [3, 2, 2]})
    _draw_cpu(axes[0], ways)
    _draw_macro_f1(axes[1], ways)
    _draw_conditions(axes[2], conditions)
    figure.savefig(path, dpi=110)


def _draw_cpu(axes: Axes, ways: Mapping[str, Any]) -> None:
    bars = {
        f"{way}{'' if group == 'scans' else ', digital PDF'}": (way, values["cpu_ms_mean"])
        for group, described in ways.items()
        for way, values in described["ways"].items()
        if group == "scans" or way in ("naive", "full")
    }
    names = list(bars)[::-1]
    drawn = axes.barh(names, [bars[name][1] for name in names], color=[_colour(bars[name][0]) for name in names])
    axes.bar_label(drawn, fmt=_number, padding=3)
    axes.set_xscale("log")
    axes.set_xlim(right=axes.get_xlim()[1] * 3)
    axes.set_title("CPU milliseconds a page (logarithmic; gray: without Pigeonhole)")


def _draw_macro_f1(axes: Axes, ways: Mapping[str, Any]) -> None:
    scans = ways.get("scans", {"ways": {}})["ways"]
    scores = {way: values["macro_f1"] for way, values in scans.items() if "macro_f1" in values}
    names = list(scores)[::-1]
    drawn = axes.barh(names, [scores[name] for name in names], color=[_colour(name) for name in names])
    axes.bar_label(drawn, fmt="{:.3f}", padding=3)
    axes.set_xlim(0, 1.15)
    axes.set_title("macro-F1 of the same classifier, scans")


def _draw_conditions(axes: Axes, conditions: Sequence[Condition]) -> None:
    for place, condition in enumerate(reversed(conditions)):
        drawn = axes.barh(place, condition.accuracy, 0.4 if condition.naive_accuracy is not None else 0.8, color=_OURS)
        axes.bar_label(drawn, fmt="{:.3f}", padding=3)
        if condition.naive_accuracy is not None:
            drawn = axes.barh(place - 0.4, condition.naive_accuracy, 0.4, color=_THEIRS)
            axes.bar_label(drawn, fmt="{:.3f} naive", padding=3)
    axes.set_yticks(range(len(conditions)), [condition.name for condition in reversed(conditions)])
    axes.set_xlim(0, 1.3)
    axes.set_title("accuracy, progressive")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _colour(way: str) -> str:
    return _THEIRS if way in _RIVALS else _OURS
