"""What the statuses say of promotions, as metrics."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from pigeonhole_operator.cluster.cache import Cache
from pigeonhole_operator.promotion_metrics import PromotionCollector, PromotionResults

from .runtime_objects import NAMESPACE, deployment, promotion

pytestmark = pytest.mark.unit
WHERE = {"namespace": NAMESPACE, "name": "documents"}


class Stage:
    """A cache that is scraped."""

    def __init__(self) -> None:
        self.leads = True
        results = PromotionResults(lambda: self.leads)
        self.cache = Cache(results)
        self.registry = CollectorRegistry()
        self.registry.register(PromotionCollector(self.cache, results))

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"pigeonhole_promotion_{name}", {**WHERE, **labels})

    def results(self, result: str, reason: str) -> float | None:
        return self.value("results_total", result=result, reason=reason)


def test_each_deployment_has_a_zero_for_each_result_from_the_start() -> None:
    stage = Stage()
    stage.cache.put("ModelDeployment", deployment())
    found = [stage.results(result, "") for result in ("succeeded", "rejected", "rolled_back", "superseded")]
    assert found == [0, 0, 0, 0]


def test_an_attempt_that_is_seen_to_end_is_counted_once() -> None:
    stage = Stage()
    stage.cache.put("ModelPromotion", promotion(phase="Canary", version=20))
    stage.cache.put("ModelPromotion", promotion(phase="RolledBack", reason="ErrorRatio", version=21))
    stage.cache.put("ModelPromotion", promotion(phase="RolledBack", reason="ErrorRatio", version=22, reported=True))
    assert stage.results("rolled_back", "ErrorRatio") == 0, "a series that begins with 1 shows no increase"
    assert stage.results("rolled_back", "ErrorRatio") == 1


def test_an_end_without_a_reason_is_counted_in_the_series_that_was_nought_from_the_start() -> None:
    stage = Stage()
    stage.cache.put("ModelDeployment", deployment())
    assert stage.results("succeeded", "") == 0
    stage.cache.put("ModelPromotion", promotion(phase="Verifying", version=20))
    stage.cache.put("ModelPromotion", promotion(phase="Succeeded", reason="", version=21))
    (family,) = (found for found in stage.registry.collect() if found.name == "pigeonhole_promotion_results")
    rows = [sample for sample in family.samples if sample.labels["result"] == "succeeded"]
    assert [(row.labels["reason"], row.value) for row in rows] == [("", 1)], "a scrape takes one sample of a series"


def test_attempts_that_had_ended_before_the_process_began_are_not_counted() -> None:
    stage = Stage()
    stage.cache.put("ModelPromotion", promotion(phase="RolledBack", reason="ErrorRatio"))
    assert stage.results("rolled_back", "ErrorRatio") is None


def test_a_standby_counts_nothing() -> None:
    stage = Stage()
    stage.leads = False
    stage.cache.put("ModelPromotion", promotion(version=20))
    stage.cache.put("ModelPromotion", promotion(phase="Succeeded", version=21))
    stage.leads = True
    stage.cache.put("ModelPromotion", promotion(phase="Succeeded", version=22, reported=True))
    assert stage.results("succeeded", "") is None


def test_an_attempt_that_is_forgotten_stays_counted() -> None:
    stage = Stage()
    stage.cache.put("ModelPromotion", promotion(phase="Canary", version=20))
    ended = promotion(phase="Succeeded", reason="Verified", version=21)
    stage.cache.put("ModelPromotion", ended)
    stage.cache.remove("ModelPromotion", ended)
    stage.results("succeeded", "Verified")
    assert stage.results("succeeded", "Verified") == 1


def under_way(phase: str, **status: Any) -> Stage:
    stage = Stage()
    ref = {"name": "documents-v2-1", "attempt": 1}
    stage.cache.put("ModelDeployment", deployment(status={"promotionRef": ref, "canaryWeight": 10}))
    stage.cache.put("ModelPromotion", promotion(phase=phase, **status))
    return stage


@pytest.mark.parametrize(("phase", "deadline"), [("DeployingCanary", 600), ("Canary", 86400), ("RollingBack", 600)])
def test_a_phase_under_way_has_a_start_and_a_deadline(phase: str, deadline: float) -> None:
    stage = under_way(phase)
    assert stage.value("phase_start_timestamp_seconds") == 1795860000
    assert stage.value("phase_deadline_seconds") == deadline
    assert stage.value("canary_weight_percent") == 10


@pytest.mark.parametrize("stage", [("AwaitingApproval", {}), ("Canary", {"suspendedAt": "2026-11-28T10:00:00Z"})])
def test_a_phase_that_waits_for_a_person_has_no_deadline(stage: tuple[str, dict[str, str]]) -> None:
    phase, status = stage
    waiting = under_way(phase, **status)
    assert waiting.value("phase_start_timestamp_seconds") == 1795860000
    assert waiting.value("phase_deadline_seconds") is None


def test_an_attempt_that_ended_has_neither() -> None:
    stage = under_way("Succeeded")
    assert stage.value("phase_start_timestamp_seconds") is None
    assert stage.value("phase_deadline_seconds") is None


def test_checks_and_the_golden_set_have_their_values() -> None:
    check = {"name": "errors", "verdict": "Pass", "reason": "WithinLimits", "value": 0.02}
    golden = {"documents": 50, "candidateRight": 45, "stableRight": 40, "failed": 0}
    stage = under_way("Canary", checks=[check, {**check, "name": "unknown", "value": None}], golden=golden)
    assert stage.value("check_value", check="errors", role="candidate") == 0.02
    assert stage.value("check_value", check="golden", role="candidate") == 0.9
    assert stage.value("check_value", check="golden", role="stable") == 0.8
    assert stage.value("check_value", check="unknown", role="candidate") is None


def test_of_a_conditions_three_statuses_one_holds() -> None:
    stage = Stage()
    moment = "2026-11-28T10:00:00Z"
    drifted = {"type": "Drifted", "status": "True", "reason": "ByHand", "lastTransitionTime": moment}
    stage.cache.put("ModelDeployment", deployment(status={"conditions": [drifted]}))
    found = [stage.value("condition", type="Drifted", status=status) for status in ("true", "false", "unknown")]
    assert found == [1, 0, 0]


def test_a_deployment_that_is_gone_has_no_metrics() -> None:
    stage = under_way("Canary")
    stage.cache.forget("ModelDeployment", NAMESPACE, "documents")
    assert stage.value("canary_weight_percent") is None
    assert stage.results("succeeded", "") is None


def test_objects_that_cannot_be_read_do_not_break_the_scrape() -> None:
    stage = under_way("Teleporting")
    stage.cache.put("ModelDeployment", {**deployment("odd"), "spec": None})
    assert stage.value("canary_weight_percent") == 10
