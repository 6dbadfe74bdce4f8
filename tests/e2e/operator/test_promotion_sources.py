"""Sources that fail: serving goes on, nothing is begun blindly, and what was begun ends when they are back."""

import pytest

from . import faults, outcomes
from .asking import measured
from .cluster import Object
from .fault_proxy import Fault
from .invariants import CANDIDATE
from .recorder import status_of
from .shop import Shop

pytestmark = pytest.mark.e2e
LOOKS = "pigeonhole_operator_reconcile_total"
SERVES = ("Ready", "True", "ServingStable")


def serving(shop: Shop, spec: Object | None = None) -> None:
    """Let version 1 serve under an operator that does not wait long for an answer."""
    shop.serving("1", operator=False, spec=spec)
    shop.operator.start(**faults.IMPATIENT)
    shop.settles("Idle", stable="1")


def looks(shop: Shop, more: int) -> None:
    """Wait until the operator has looked at everything some more times."""
    before = measured(shop.operator, LOOKS) or 0
    shop.waits(lambda: (measured(shop.operator, LOOKS) or 0) >= before + more, f"{more} looks")


def attempt(shop: Shop) -> Object:
    return dict(status_of(shop.promotions()[-1]))


@faults.of_the_registry
def test_a_registry_that_fails_while_nothing_is_under_way_is_told_of_once(
    shop: Shop, fault: Fault, reason: str
) -> None:
    serving(shop)
    shop.mlflow_proxy.breaks(fault)
    shop.sees("RegistryReachable", "False", reason)
    assert shop.conditions() >= {SERVES, ("Progressing", "False", reason), ("Stalled", "False", "NotStalled")}
    looks(shop, 2)
    assert shop.said(reason) == [shop.condition("RegistryReachable")["message"]]
    assert ("Warning", reason) in shop.events()
    assert shop.status["state"] == "Idle"
    shop.answers_as("1")
    shop.mlflow_proxy.heals()
    shop.sees("RegistryReachable", "True", "RegistryAnswers")
    assert shop.events()[-1] == ("Normal", "RegistryAnswers")
    assert [shop.events().count(("Warning", reason)), len(shop.said("RegistryAnswers"))] == [1, 1]
    assert shop.conditions() >= {SERVES}
    assert shop.promotions() == []


@faults.of_the_registry
def test_gates_wait_for_a_registry_that_fails_while_they_judge(shop: Shop, fault: Fault, reason: str) -> None:
    serving(shop)
    # The report is asked for while the gates judge, and then only.
    shop.mlflow_proxy.breaks(Fault.ERROR, only="/get-artifact")
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.sees("Progressing", "True", "RegistryUnreachable")
    shop.mlflow_proxy.breaks(fault)
    shop.sees("RegistryReachable", "False", reason)
    shop.sees("Progressing", "True", reason)
    assert shop.journal() == ["Gating"]
    assert shop.uris(CANDIDATE) == []
    assert shop.conditions() >= {SERVES}
    shop.mlflow_proxy.heals()
    outcomes.is_promoted(shop)


@faults.of_the_registry
def test_a_canary_goes_on_without_the_registry_and_its_end_is_written_when_it_is_back(
    shop: Shop, fault: Fault, reason: str
) -> None:
    serving(shop)
    shop.candidate("2", macro_f1=0.95)
    shop.reaches("Mirroring")
    shop.mlflow_proxy.breaks(fault)
    shop.sees("RegistryReachable", "False", reason)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.reaches("Verifying")
    shop.sees("Progressing", "True", reason)
    assert shop.status["state"] == "Verifying"
    assert shop.status["stable"]["version"] == "2"
    assert shop.registry.aliases() == {"champion": "1", "candidate": "2"}
    assert shop.condition("Stalled")["status"] == "False"
    shop.mlflow_proxy.heals()
    outcomes.is_promoted(shop)
    assert len(shop.said(reason)) == 1


@pytest.mark.parametrize("only", ["", "registered-models/alias"], ids=["answers nothing", "reads and does not write"])
def test_a_promotion_that_the_registry_does_not_take_is_stalled_and_recorded_in_the_end(shop: Shop, only: str) -> None:
    serving(shop, {"target": {"readyTimeout": "15s"}})
    shop.candidate("2", macro_f1=0.95)
    shop.reaches("Mirroring")
    shop.mlflow_proxy.breaks(Fault.ERROR, only=only)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.sees("Stalled", "True", "PromotionNotRecorded")
    shop.sees("RegistryReachable", "False", "RegistryUnreachable")
    assert shop.conditions() >= {SERVES}
    assert shop.journal()[-1] == "Verifying"
    assert len(shop.said("PromotionNotRecorded")) == 1
    shop.answers_as("2")
    shop.mlflow_proxy.heals()
    outcomes.is_promoted(shop)
    assert len(shop.said("StalledResolved")) == 1


@faults.of_the_metrics
def test_metrics_that_cannot_be_had_hold_the_weight_where_it_is(shop: Shop, fault: Fault, reason: str) -> None:
    serving(shop, {"canary": {"errorLimit": 1}})
    shop.prometheus_proxy.breaks(fault)
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.sees("MetricsReachable", "False", reason)
    shop.waits(lambda: attempt(shop)["errorChecks"] >= 3, "three checks")
    assert shop.conditions() >= {SERVES, ("AnalysisHealthy", "Unknown", reason), ("Progressing", "True", reason)}
    assert shop.status["state"] == "Held"
    assert shop.weights() == [0]
    assert attempt(shop)["failedChecks"] == 0
    assert len(shop.said(reason)) == 1
    shop.prometheus_proxy.heals()
    outcomes.is_promoted(shop)
    assert len(shop.said("MetricsAnswer")) == 1


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.GARBAGE])
def test_a_share_is_not_raised_while_metrics_cannot_be_had(shop: Shop, fault: Fault) -> None:
    steps = [{"weight": 10, "minSamples": 1, "duration": "8s"}, {"weight": 60, "minSamples": 1, "duration": "1s"}]
    serving(shop, {"canary": {"steps": steps}})
    shop.candidate("2", macro_f1=0.95)
    shop.waits(lambda: shop.weights()[-1] == 10, "the first share")
    shop.prometheus_proxy.breaks(fault)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.waits(lambda: attempt(shop)["errorChecks"] >= 9, "more checks than the step has seconds")
    assert shop.weights() == [0, 10]
    shop.prometheus_proxy.heals()
    shop.settles("Idle", stable="2")
    assert shop.weights() == [0, 10, 60, 0]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.ERROR, Fault.GARBAGE])
def test_a_candidate_that_cannot_be_asked_is_not_tried_until_it_can(shop: Shop, fault: Fault) -> None:
    serving(shop)
    shop.predictor_proxy.breaks(fault)
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.waits(lambda: shop.is_ready(CANDIDATE), "the candidate to be ready")
    looks(shop, 2)
    assert shop.journal()[-1] == "DeployingCanary"
    assert shop.routing()["candidate"] is None
    assert shop.conditions() >= {SERVES}
    shop.predictor_proxy.heals()
    outcomes.is_promoted(shop)


@pytest.mark.parametrize("phase", ["DeployingCanary", "Mirroring"])
def test_a_candidate_that_cannot_be_asked_any_more_is_taken_back(shop: Shop, phase: str) -> None:
    spec = {"target": {"readyTimeout": "15s"}} if phase == "DeployingCanary" else {}
    serving(shop, spec)
    if phase == "DeployingCanary":
        shop.predictor_proxy.breaks(Fault.REFUSED)
    shop.candidate("2", macro_f1=0.95)
    shop.reaches(phase)
    shop.predictor_proxy.breaks(Fault.REFUSED)
    shop.reaches("RolledBack")
    shop.settles("Idle", stable="1")
    assert attempt(shop)["reason"] == "CandidateNotReady"
    assert [(row["version"], row["reason"]) for row in shop.status["quarantined"]] == [("2", "CandidateNotReady")]
    assert shop.weights() == [0]
    shop.sees("Progressing", "False", "CandidateQuarantined")
    assert shop.conditions() >= {SERVES}
    shop.answers_as("1")
