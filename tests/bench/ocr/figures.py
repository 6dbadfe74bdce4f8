"""The ten figures and their goals: pure arithmetic on what was measured."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from figures import Figure
from ocr.corpus import SCANS
from ocr.distortions import SKEWED, TURNED
from ocr.results import CACHED, FULL, NAIVE, PHOTO, PROGRESSIVE, RAPID, UNTOUCHED, Condition, Round, SortedPage

MANY_CLASSES = 12


@dataclass(frozen=True)
class Ratio:
    """How many times the CPU time of one way another takes on the same pages: by their totals, and the median page."""

    pages: int
    total: float
    median: float


def of_kinds(pages: Sequence[SortedPage], kinds: Sequence[str]) -> list[SortedPage]:
    """Return the pages of these kinds."""
    return [page for page in pages if page.document.kind in kinds]


def ratio(pages: Sequence[SortedPage], rival: str, ours: str, *, with_sorting: bool = False) -> Ratio | None:
    """Return how much more CPU time the rival takes on the pages that both ways read; None when there are none."""
    pairs = [
        (cost(page, rival, with_sorting=with_sorting), cost(page, ours, with_sorting=with_sorting))
        for page in pages
        if rival in page.reading and ours in page.reading
    ]
    if not pairs:
        return None
    total = sum(theirs for theirs, _ in pairs) / sum(own for _, own in pairs)
    return Ratio(len(pairs), total, statistics.median(theirs / own for theirs, own in pairs))


def cost(page: SortedPage, way: str, *, with_sorting: bool = False) -> float:
    """Return the CPU seconds of reading a page in one way, and of sorting by what was read."""
    return page.reading[way] + (page.sorting[way] if with_sorting else 0.0)


def all_figures(
    pages: Sequence[SortedPage],
    macro_f1: Mapping[str, float],
    conditions: Sequence[Condition],
    rounds: Sequence[Round],
) -> list[Figure]:
    """Return the ten figures in the order of the table.

    Args:
        pages: Every document that was measured.
        macro_f1: Of the scans, for each way.
        conditions: Of the robustness pages; empty when none were measured.
        rounds: Of the workers; empty when they were not measured.
    """
    scans, digital = of_kinds(pages, SCANS), of_kinds(pages, ("digital pdf",))
    many = len({page.document.class_name for page in pages}) >= MANY_CLASSES
    no_scan, no_pdf = "the data has no page that must be recognised", "the data has no PDF with a text layer"
    speed = [
        _speedup("full_text_speedup_vs_naive", ratio(scans, NAIVE, FULL), 3.5, no_scan),
        _speedup("full_text_speedup_vs_rapidocr", ratio(scans, RAPID, FULL), 6.0, "rapidocr read no page"),
        _speedup(
            "image_speedup_vs_naive",
            ratio(scans, NAIVE, PROGRESSIVE, with_sorting=True),
            5.0 if many else 8.0,
            no_scan,
        ),
        _loss("image_macro_f1_delta", _delta(macro_f1), -0.01, "max", no_scan),
        _speedup("pdf_speedup", ratio(digital, NAIVE, FULL), 100.0, no_pdf),
        _speedup("reupload_speedup", ratio(pages, NAIVE, CACHED), 500.0, "no document was read"),
    ]
    return [*speed, *_robustness(conditions), _scaling(rounds)]


def worst_loss(accuracies: Mapping[str, float], names: Sequence[str]) -> float:
    """Return by how much the worst of some conditions falls below the untouched pages."""
    return accuracies[UNTOUCHED] - min(accuracies[name] for name in names)


def _robustness(conditions: Sequence[Condition]) -> list[Figure]:
    accuracies = {condition.name: condition.accuracy for condition in conditions}
    photo = next((condition for condition in conditions if condition.name == PHOTO), None)
    naive = photo.naive_accuracy if photo else None
    reason = "no page was turned, skewed or photographed"
    losses: dict[str, Callable[[], float]] = {
        "rotation_loss": lambda: worst_loss(accuracies, list(TURNED)),
        "skew_loss": lambda: worst_loss(accuracies, list(SKEWED)),
    }
    figures = [_loss(name, loss() if conditions else None, 0.02, "min", reason) for name, loss in losses.items()]
    gain = photo.accuracy - naive if photo and naive is not None else None
    return [*figures, _loss("phone_accuracy_gain", gain, 0.1, "max", reason)]


def _scaling(rounds: Sequence[Round]) -> Figure:
    value = statistics.median(each.ratio for each in rounds) if rounds else None
    return Figure("two_worker_scaling", value, "x", 1.8, "max", "it takes two CPUs and pages to read")


def _speedup(name: str, measured: Ratio | None, goal: float, reason: str) -> Figure:
    return Figure(name, measured.total if measured else None, "x", goal, "max", reason)


def _loss(name: str, value: float | None, goal: float, direction: Literal["min", "max"], reason: str) -> Figure:
    return Figure(name, value, "share", goal, direction, reason)


def _delta(macro_f1: Mapping[str, float]) -> float | None:
    if NAIVE not in macro_f1 or PROGRESSIVE not in macro_f1:
        return None
    return macro_f1[PROGRESSIVE] - macro_f1[NAIVE]
