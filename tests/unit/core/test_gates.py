"""A model serves only when every gate is passed."""

from dataclasses import replace

import pytest

from pigeonhole.classifier import ClassScores, Evaluation
from pigeonhole.gates import GateParams, GateReport, judge

pytestmark = pytest.mark.unit
PARAMS = GateParams()
GOOD = Evaluation(
    documents=50,
    accuracy=0.9,
    macro_f1=0.9,
    expected_calibration_error=0.05,
    calibration_noise=0.03,
    brier=0.1,
    abstention_rate=0.1,
    accuracy_when_confident=0.97,
    labels=("a", "b"),
    confusion=((20, 5), (0, 25)),
    per_class=(ClassScores("a", 1.0, 0.8, 0.89, 25), ClassScores("b", 0.83, 1.0, 0.91, 25)),
)


def failed(candidate: Evaluation, champion: Evaluation | None = None, params: GateParams = PARAMS) -> list[str]:
    return [gate.name for gate in judge(candidate, champion, params).gates if not gate.passed]


def test_a_good_first_model_passes() -> None:
    assert judge(GOOD, None, PARAMS).passed


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"macro_f1": 0.69}, "macro_f1"),
        ({"expected_calibration_error": 0.19}, "expected_calibration_error"),
        ({"documents": 4}, "documents"),
    ],
)
def test_a_model_below_the_floor_is_stopped(change: dict[str, float], gate: str) -> None:
    assert failed(replace(GOOD, **change)) == [gate]  # type: ignore[arg-type]


def test_calibration_is_allowed_what_chance_gives_on_so_few_documents() -> None:
    assert failed(replace(GOOD, expected_calibration_error=0.19, calibration_noise=0.05)) == []
    assert failed(replace(GOOD, expected_calibration_error=0.19, calibration_noise=0.0)) == [
        "expected_calibration_error"
    ]


def test_a_model_may_be_as_good_as_the_champion_or_a_little_worse() -> None:
    assert failed(GOOD, GOOD) == []
    assert failed(replace(GOOD, macro_f1=0.895), GOOD) == []
    assert failed(replace(GOOD, macro_f1=0.88), GOOD) == ["macro_f1_vs_champion"]


def test_one_class_may_not_pay_for_the_others() -> None:
    worse = replace(GOOD, per_class=(replace(GOOD.per_class[0], f1=0.7), GOOD.per_class[1]))
    assert failed(worse, GOOD) == ["class_f1_vs_champion:a"]


def test_a_class_with_few_documents_proves_nothing_by_itself() -> None:
    worse = replace(GOOD, per_class=(replace(GOOD.per_class[0], f1=0.1, support=9), GOOD.per_class[1]))
    assert failed(worse, GOOD) == []


def test_a_class_that_the_champion_does_not_know_is_not_compared() -> None:
    other = replace(GOOD, per_class=(ClassScores("new", 0.1, 0.1, 0.1, 25),))
    assert failed(other, GOOD) == []


def test_no_gate_at_all_is_no_proof() -> None:
    assert not GateReport(()).passed


def test_the_report_names_value_and_limit() -> None:
    report = judge(replace(GOOD, macro_f1=0.5), None, PARAMS).to_json()
    assert report["passed"] is False
    assert {"name": "macro_f1", "value": 0.5, "limit": 0.7, "passed": False} in report["gates"]
