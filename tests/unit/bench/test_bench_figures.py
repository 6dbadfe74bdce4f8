"""The bench's figures: ratios of totals, goals, and what is said when a figure cannot be measured."""

from collections.abc import Callable
from typing import Any

import pytest

from figures import Figure, figures_table
from ocr.figures import all_figures, ratio
from ocr.results import Condition, Round, SortedPage

pytestmark = pytest.mark.unit

NAMES = [
    "full_text_speedup_vs_naive",
    "full_text_speedup_vs_rapidocr",
    "image_speedup_vs_naive",
    "image_macro_f1_delta",
    "pdf_speedup",
    "reupload_speedup",
    "rotation_loss",
    "skew_loss",
    "phone_accuracy_gain",
    "two_worker_scaling",
]
SCAN = {"naive": 1.0, "full": 0.25, "lines": 0.1, "progressive": 0.1, "cached": 0.001}
MakePage = Callable[..., SortedPage]


def by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures}


def conditions(**accuracies: float) -> list[Condition]:
    names = ("untouched", "turned 90", "turned 180", "turned 270", "skewed -10", "skewed -5", "skewed +5", "skewed +10")
    rows = [Condition(name, accuracies.get(name.replace(" ", "_"), 0.9), 0.0) for name in names]
    return [*rows, Condition("photographed", accuracies["photo"], 0.0, accuracies["naive_photo"])]


def test_a_ratio_is_of_totals_and_the_median_page_stands_beside_it(make_page: MakePage) -> None:
    pages = [make_page(name, {"naive": naive, "full": 1.0}) for name, naive in (("a", 2.0), ("b", 2.0), ("c", 8.0))]
    measured = ratio(pages, "naive", "full")
    assert measured is not None
    assert (measured.pages, measured.total, measured.median) == (3, 4.0, 2.0)


def test_a_ratio_counts_only_pages_that_both_ways_read(make_page: MakePage) -> None:
    pages = [make_page("a", {"rapidocr": 3.0, "full": 0.5}), make_page("b", {"full": 100.0})]
    measured = ratio(pages, "rapidocr", "full")
    assert measured is not None
    assert (measured.pages, measured.total) == (1, 6.0)
    assert ratio([pages[1]], "rapidocr", "full") is None


def test_sorting_counts_on_both_sides_of_the_images_figure(make_page: MakePage) -> None:
    figures = by_name(all_figures([make_page("a", SCAN, sorting=0.1)], {}, [], []))
    assert figures["image_speedup_vs_naive"].value == pytest.approx(1.1 / 0.2)
    assert figures["full_text_speedup_vs_naive"].value == pytest.approx(4.0)


def test_scans_and_pdfs_with_a_text_layer_are_never_mixed(make_page: MakePage) -> None:
    pages = [
        make_page("a", SCAN),
        make_page("b", SCAN, kind="scanned pdf"),
        make_page("c", {**SCAN, "full": 0.005}, kind="digital pdf"),
    ]
    figures = by_name(all_figures(pages, {}, [], []))
    assert figures["full_text_speedup_vs_naive"].value == pytest.approx(4.0)
    assert figures["pdf_speedup"].value == pytest.approx(200.0)


@pytest.mark.parametrize(("classes", "goal"), [(11, 8.0), (12, 5.0)])
def test_many_classes_have_the_lower_goal_for_images(make_page: MakePage, classes: int, goal: float) -> None:
    pages = [make_page(str(number), SCAN, class_name=f"class {number}") for number in range(classes)]
    assert by_name(all_figures(pages, {}, [], []))["image_speedup_vs_naive"].goal == goal


def test_a_loss_is_that_of_the_worst_condition() -> None:
    rows = conditions(turned_180=0.8, skewed_minus=0.0, photo=0.7, naive_photo=0.5)
    figures = by_name(all_figures([], {}, rows, []))
    assert figures["rotation_loss"].value == pytest.approx(0.1)
    assert figures["rotation_loss"].met is False
    assert figures["skew_loss"].value == pytest.approx(0.0)
    assert figures["skew_loss"].met is True
    assert figures["phone_accuracy_gain"].value == pytest.approx(0.2)


def test_scaling_is_the_median_round() -> None:
    rounds = [Round(1.0, 1.2), Round(1.0, 1.9), Round(2.0, 4.0)]
    assert by_name(all_figures([], {}, [], rounds))["two_worker_scaling"].value == pytest.approx(1.9)


def test_the_delta_is_ours_less_the_naive_one() -> None:
    figure = by_name(all_figures([], {"naive": 0.95, "progressive": 0.945}, [], []))["image_macro_f1_delta"]
    assert figure.value == pytest.approx(-0.005)
    assert figure.met is True


def test_a_figure_without_data_is_null_with_a_reason_and_not_met_nor_missed() -> None:
    figures = all_figures([], {}, [], [])
    assert [figure.name for figure in figures] == NAMES
    for figure in figures:
        values: dict[str, Any] = figure.to_json()
        assert values["value"] is None
        assert values["met"] is None
        assert values["reason"]


def test_a_measured_figure_has_exactly_the_keys_of_the_format(make_page: MakePage) -> None:
    values = by_name(all_figures([make_page("a", SCAN)], {}, [], []))["full_text_speedup_vs_naive"].to_json()
    assert list(values) == ["name", "value", "unit", "goal", "direction", "met"]
    assert (values["value"], values["goal"], values["direction"], values["met"]) == (4.0, 3.5, "max", True)


def test_a_goal_is_judged_before_rounding() -> None:
    assert Figure("loss", 0.02001, "share", 0.02, "min").met is False
    assert Figure("speed", 3.49999, "x", 3.5, "max").met is False


def test_the_table_says_what_is_not_met_and_what_is_not_measured() -> None:
    table = figures_table(
        [
            Figure("slow", 2.0, "x", 3.5, "max"),
            Figure("fast", 4.0, "x", 3.5, "max"),
            Figure("absent", None, "x", 100.0, "max", "there is no PDF"),
        ]
    ).splitlines()
    assert table[0].endswith("NOT MET")
    assert table[1].endswith("  met")
    assert table[2].endswith("not measured: there is no PDF")
