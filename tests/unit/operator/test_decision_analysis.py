"""What is asked of Prometheus, and what the answers mean."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pigeonhole_operator.decision.analysis import STEP, judge_checks, queries, step_samples
from pigeonhole_operator.decision.observed import Problem, Promotion, Reading
from pigeonhole_operator.resources.deployment_spec import Analysis
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import CheckResult, Phase, PromotionSpec, PromotionStatus, Trigger

from .world import SPEC, START, World

pytestmark = pytest.mark.unit


def judged(check: dict[str, Any], found: dict[str, Reading] | Problem) -> CheckResult:
    (result,) = judge_checks((Analysis.model_validate({"name": "it", **check}),), {"it": found})
    return result


DISAGREEMENT = {"check": "Disagreement", "max": 0.1, "minSamples": 50}
QUERY = {"query": "up", "max": 0.5}
LOSS = {"check": "FeedbackLoss", "max": 0.02, "minSamples": 30}


def feedback(candidate: tuple[int, int], stable: tuple[int, int]) -> dict[str, Reading]:
    return {
        "candidate_right": candidate[0],
        "candidate_all": candidate[1],
        "stable_right": stable[0],
        "stable_all": stable[1],
    }


@pytest.mark.parametrize(
    ("check", "found", "verdict", "reason"),
    [
        (DISAGREEMENT, {"hits": 2.0, "others": 98.0}, "Pass", "WithinLimits"),
        (DISAGREEMENT, {"hits": 40.0, "others": 60.0}, "Fail", "AboveMax"),
        # 12 of 100 may well be 8 in truth.
        (DISAGREEMENT, {"hits": 12.0, "others": 88.0}, "Hold", "Inconclusive"),
        (DISAGREEMENT, {"hits": 110.0, "others": 890.0}, "Hold", "Inconclusive"),
        (DISAGREEMENT, {"hits": 1200.0, "others": 8800.0}, "Fail", "AboveMax"),
        (DISAGREEMENT, {"hits": 0.0, "others": 49.0}, "Hold", "InsufficientSamples"),
        (DISAGREEMENT, {"hits": None, "others": None}, "Hold", "NoData"),
        ({**DISAGREEMENT, "onNoData": "Fail"}, {"hits": None, "others": None}, "Fail", "NoData"),
        ({**DISAGREEMENT, "onNoData": "Pass"}, {"hits": None, "others": 3.0}, "Pass", "InsufficientSamples"),
        (QUERY, {"value": 0.5}, "Pass", "WithinLimits"),
        (QUERY, {"value": 0.6}, "Fail", "AboveMax"),
        ({"query": "up", "min": 0.5}, {"value": 0.4}, "Fail", "BelowMin"),
        (QUERY, {"value": None}, "Hold", "NoData"),
        ({**QUERY, "samplesQuery": "n"}, {"value": 0.9, "samples": 3.0}, "Hold", "InsufficientSamples"),
        ({**QUERY, "samplesQuery": "n"}, {"value": 0.9, "samples": 30.0}, "Fail", "AboveMax"),
        ({**QUERY, "samplesQuery": "n", "proportion": True}, {"value": 0.55, "samples": 40.0}, "Hold", "Inconclusive"),
        ({**QUERY, "samplesQuery": "n", "proportion": True}, {"value": 0.9, "samples": 40.0}, "Fail", "AboveMax"),
        (LOSS, feedback((95, 100), (96, 100)), "Pass", "WithinLimits"),
        (LOSS, feedback((60, 100), (96, 100)), "Fail", "AboveMax"),
        (LOSS, feedback((92, 100), (96, 100)), "Hold", "Inconclusive"),
        (LOSS, feedback((29, 29), (96, 100)), "Hold", "InsufficientSamples"),
        (QUERY, Problem("MetricsUnreachable", "Prometheus does not answer."), "Error", "MetricsUnreachable"),
    ],
)
def test_a_check_decides_when_the_documents_are_enough(
    check: dict[str, Any], found: dict[str, Reading] | Problem, verdict: str, reason: str
) -> None:
    result = judged(check, found)
    assert (result.verdict, result.reason) == (verdict, reason), result.message


def asked(index: int = 1, selector: str = 'namespace="$namespace"', **canary: Any) -> dict[str, dict[str, str]]:
    deployment = World({**SPEC, "canary": {**SPEC["canary"], **canary}}).deployment
    release, stable = Release(version="12"), Release(version="11")
    spec = PromotionSpec(
        deployment="documents", attempt=1, generation=1, trigger=Trigger.ALIAS, release=release, previous=stable
    )
    status = PromotionStatus(
        phase=Phase.CANARY,
        started_at=START,
        phase_started_at=START,
        step_index=index,
        step_started_at=START + timedelta(seconds=60),
    )
    promotion = Promotion("documents-v12-1", "uid", "1", "now", spec, status)
    found = queries(deployment, promotion, START + timedelta(seconds=150), selector)
    assert queries(deployment, replace(promotion, status=None), START) == {}
    return {name: dict(parts) for name, parts in found.items()}


def test_the_questions_look_at_the_step_s_own_time_and_versions() -> None:
    found = asked()
    series = 'pigeonhole_shadow_comparisons_total{namespace="shop",model_version="12",stable_version="11",agree="no"}'
    assert found["disagreement"]["hits"] == f"clamp_min(sum({series}) - (sum({series} offset 90s) or vector(0)), 0)"
    assert 'role="candidate",model_version="12"' in found["errors"]["others"]
    assert 'agree=~"yes|no"' in found[STEP]["samples"]


def test_a_step_without_a_mirror_counts_the_candidate_s_answers() -> None:
    steps = [{"weight": 10, "mirror": False, "duration": "10s"}]
    assert "pigeonhole_predictions_total" in asked(0, steps=steps)[STEP]["samples"]


def test_feedback_is_counted_since_the_attempt_began() -> None:
    found = asked(analysis=[{"name": "feedback", **LOSS}])["feedback"]
    assert sorted(found) == ["candidate_all", "candidate_right", "stable_all", "stable_right"]
    assert "offset 150s" in found["stable_right"]
    assert 'model_version="11",verdict="confirmed"' in found["stable_right"]


def test_a_person_s_query_gets_the_names_of_the_step() -> None:
    query = 'latency{ns="$namespace",m="$model",v="$candidate",s="$stable"}[$window] # $other'
    found = asked(analysis=[{"name": "latency", "query": query, "max": 1}])["latency"]
    assert found == {"value": 'latency{ns="shop",m="document-classifier",v="12",s="11"}[90s] # $other'}


def test_an_installation_without_namespaces_needs_no_selector() -> None:
    assert 'comparisons_total{model_version="12"' in asked(selector="")["disagreement"]["hits"]


def test_the_step_s_samples_are_unknown_while_metrics_are_away() -> None:
    assert step_samples({STEP: Problem("MetricsUnreachable", "")}) is None
    assert step_samples({STEP: {"samples": 12.0}}) == 12.0
    assert step_samples({}) is None
