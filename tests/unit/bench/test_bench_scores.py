"""Scores, folds and the numbers behind the figures."""

import json
import random
from collections.abc import Callable

import pytest
from sklearn.metrics import f1_score

from ocr.results import SortedPage
from ocr.scores import accuracy, delta_interval, macro_f1
from ocr.sorting import split
from ocr.summary import describe_delta, describe_ratios, describe_ways, list_pages

pytestmark = pytest.mark.unit
MakePage = Callable[..., SortedPage]
SCAN = {"naive": 1.2, "full": 0.3, "lines": 0.1, "progressive": 0.1, "cached": 0.001}


def test_a_document_without_an_answer_is_wrong_and_brings_no_class_of_its_own() -> None:
    truth = ["a", "a", "b", "b"]
    assert macro_f1(truth, ["a", "a", "b", "b"]) == 1.0
    assert macro_f1(truth, ["a", None, "b", "b"]) == pytest.approx((2 / 3 + 1) / 2)
    assert accuracy(truth, ["a", None, "b", "a"]) == 0.5


def test_macro_f1_is_that_of_scikit_learn() -> None:
    draw = random.Random(0)
    truth = [draw.choice("abcde") for _ in range(200)]
    answers = [draw.choice([name, name, "a", "f", None]) for name in truth]
    expected = f1_score(truth, [answer or "" for answer in answers], labels=list("abcde"), average="macro")
    assert macro_f1(truth, answers) == pytest.approx(expected)


def test_the_interval_of_equal_answers_is_nothing_and_that_of_better_ones_lies_above() -> None:
    truth = ["a", "b"] * 30
    wrong = ["b" if number % 3 == 0 else name for number, name in enumerate(truth)]
    assert delta_interval(truth, wrong, wrong, seed=0) == (0.0, 0.0)
    low, high = delta_interval(truth, truth, wrong, seed=0)
    assert 0 < low < high < 1


def test_no_group_stands_on_both_sides_of_a_fold_and_every_document_is_held_out_once() -> None:
    labels = ["a", "b"] * 20
    groups = [str(number // 4) for number in range(40)]
    parts = split(labels, groups, folds=5, seed=0)
    assert len(parts) == 5
    assert sorted(row for _, held_out in parts for row in held_out) == list(range(40))
    for seen, held_out in parts:
        assert not {groups[row] for row in seen} & {groups[row] for row in held_out}


def test_there_are_no_more_folds_than_the_smallest_class_has_groups() -> None:
    assert len(split(["a"] * 9 + ["b"] * 3, [str(number) for number in range(12)], folds=5, seed=0)) == 3


def test_the_summary_gives_every_way_by_kind(make_page: MakePage) -> None:
    pages = [make_page("a", SCAN), make_page("b", {**SCAN, "rapidocr": 3.0}), make_page("c", SCAN, kind="digital pdf")]
    ways = describe_ways(pages)
    assert ways["scans"]["pages"] == 2
    assert ways["scans"]["ways"]["naive"]["cpu_ms_mean"] == 1200.0
    assert ways["scans"]["ways"]["rapidocr"]["pages"] == 1
    assert "macro_f1" not in ways["scans"]["ways"]["rapidocr"]
    assert ways["digital_pdfs"]["ways"]["full"]["accuracy"] == 1.0


def test_ratios_are_given_by_class_and_kind_with_the_median_page(make_page: MakePage) -> None:
    ratios = describe_ratios([make_page("a", SCAN), make_page("b", SCAN, class_name="cv")])
    assert ratios["scans"]["full_vs_naive"] == {"pages": 2, "total": 4.0, "median_page": 4.0}
    assert set(ratios["scans_by_class"]) == {"invoice", "cv"}
    assert set(ratios["by_kind"]) == {"image"}


def test_without_scans_there_is_no_score_of_scans(make_page: MakePage) -> None:
    assert describe_delta([make_page("a", SCAN, kind="digital pdf")], seed=0) == {}


def test_scores_of_upright_scans_stand_beside_those_of_all(make_page: MakePage) -> None:
    pages = [make_page("a", SCAN), make_page("b", SCAN, class_name="cv", answer="invoice", turned=True)]
    described = describe_delta(pages, seed=0)
    assert described["scans_turned"] == 1
    assert described["macro_f1"]["naive"] == pytest.approx(1 / 3)
    assert described["macro_f1_of_upright_scans"]["naive"] == 1.0


def test_no_file_name_gets_into_the_report(make_page: MakePage) -> None:
    pages = [make_page("jean-dupont", SCAN)]
    assert "jean-dupont" not in json.dumps(list_pages(pages))
