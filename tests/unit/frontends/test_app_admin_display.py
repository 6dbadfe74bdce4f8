"""What the admin app computes and shows about classes, trainings and models."""

from typing import Any, get_args

import pytest

from pigeonhole_api.models import Gate, PerClassScores, Training, TrainingState
from pigeonhole_frontends.admin_app.class_names import check_class_name
from pigeonhole_frontends.admin_app.comparison import compare_metrics, joined_labels, on_same_labels
from pigeonhole_frontends.admin_app.training_display import (
    STAGES,
    class_table,
    gate_badge,
    gate_table,
    metric_tiles,
    stage_list,
    training_badge,
)
from pigeonhole_frontends.app_display.heat_map import difference_map, heat_map
from pigeonhole_frontends.app_session.language import choose_language

pytestmark = pytest.mark.unit

ENGLISH = choose_language("en", None)
FRENCH = choose_language("fr", None)
EVIL = '"><script>alert(1)</script>'


def training(state: str = "running", **more: Any) -> Training:
    return Training.model_validate(
        {
            "id": "trn_1",
            "state": state,
            "dataset_version": "0" * 64,
            "created_by": "me",
            "created_at": "2026-03-14T09:30:00Z",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("invoice", None),
        (" rib_2 ", None),
        ("", "classes.name_missing"),
        ("Pièce d’identité", None),
        ("a\nb", "classes.name_malformed"),
        ("../x", "classes.name_malformed"),
        ("a" * 65, "classes.name_malformed"),
        ("payslip", "classes.name_taken"),
    ],
)
def test_a_class_name_is_checked(name: str, problem: str | None) -> None:
    assert check_class_name(name, ["payslip"]) == problem
    assert problem is None or ENGLISH.text(problem)


def test_a_heat_map_tells_counts_and_shares_of_the_true_class() -> None:
    shown = heat_map(["a", "b"], [[3, 1], [0, 0]], ENGLISH)
    assert '<td class="ph-right" style="--ph-amount:46%"' in shown
    assert "<b>3</b><small>75%</small>" in shown
    assert '<td class="ph-wrong" style="--ph-amount:16%"' in shown
    assert 'title="1 of 4 documents of class a were classified as b"' in shown
    assert "<b>0</b><small>–</small>" in shown


def test_a_difference_is_good_where_more_are_right_or_fewer_are_wrong() -> None:
    shown = difference_map(["a", "b"], [[2, 2], [1, 1]], [[3, 1], [2, 0]], ENGLISH)
    assert [cell.split('"')[0] for cell in shown.split('<td class="ph-')[2:]] == ["right", "right", "wrong", "wrong"]
    assert "+25 pts" in shown
    assert "\u221250 pts" in shown


def test_no_label_acts_as_markup() -> None:
    shown = (
        heat_map([EVIL], [[1]], ENGLISH)
        + difference_map([EVIL], [[1]], [[2]], ENGLISH)
        + gate_table([Gate(name=f"class_f1_vs_champion:{EVIL}", value=1, limit=0, passed=True)], ENGLISH)
        + class_table([PerClassScores(class_name=EVIL, precision=1, recall=1, f1=1, support=1)], ENGLISH)
    )
    assert "<script>" not in shown


def test_better_depends_on_the_metric() -> None:
    before = {"macro_f1": 0.8, "brier": 0.2, "accuracy": 0.9, "only_before": 1.0}
    after = {"macro_f1": 0.9, "brier": 0.3, "accuracy": 0.9}
    changes = compare_metrics(before, after)
    assert [(each.name, each.better) for each in changes] == [("macro_f1", True), ("brier", False), ("accuracy", None)]
    assert changes[0].change == pytest.approx(0.1)


def test_matrices_over_different_labels_are_compared_on_all_of_them() -> None:
    labels = joined_labels(["b", "a"], ["c", "a"])
    assert labels == ["a", "b", "c"]
    assert on_same_labels(["b", "a"], [[5, 1], [2, 7]], labels) == [[7, 2, 0], [1, 5, 0], [0, 0, 0]]


def test_the_stage_at_work_is_marked_and_counted() -> None:
    shown = stage_list(training(stage="clean", stage_done=12, stage_total=1_200), ENGLISH)
    done, working, waiting = shown.count("ph-good"), shown.count("aria-current=step"), shown.count("ph-quiet")
    assert (done, working, waiting) == (2, 1, 4)
    assert "Clean <small>12/1,200</small>" in shown


def test_a_failed_stage_is_marked_and_an_ended_training_has_all_done() -> None:
    assert stage_list(training("failed", stage="train"), ENGLISH).count("ph-bad") == 1
    assert stage_list(training("rejected", stage="register"), ENGLISH).count("ph-good") == len(STAGES)


@pytest.mark.parametrize("language", [ENGLISH, FRENCH])
def test_every_state_stage_and_score_has_a_word(language: Any) -> None:
    for state in get_args(TrainingState):
        assert language.catalog[f"training.state.{state}"] in training_badge(state, language)
    assert [name for name in STAGES if f"stage.{name}" not in language.catalog] == []
    assert "macro_f1" not in metric_tiles({"macro_f1": 0.9, "accuracy": 0.9}, language)


def test_a_gate_tells_its_limit_and_which_way() -> None:
    gates = [
        Gate(name="documents", value=120, limit=5, passed=True),
        Gate(name="expected_calibration_error", value=0.31, limit=0.2, passed=False),
        Gate(name="class_f1_vs_champion:invoice", value=0.91, limit=0.85, passed=True),
    ]
    shown = gate_table(gates, ENGLISH)
    assert "\u2265 5" in shown
    assert "\u2264 0.200" in shown
    assert "F1 against the model in use – invoice" in shown
    assert (shown.count("not passed"), shown.count("ph-good")) == (1, 2)


def test_a_model_that_was_never_checked_does_not_look_as_if_it_failed() -> None:
    assert "not checked" in gate_badge(None, ENGLISH)
