"""No data is no consent: what the checks of a canary find, and what follows."""

from typing import Any

import pytest

from .cluster import Object
from .invariants import CANDIDATE
from .shop import Shop
from .verdicts import attempt, check, ends, finds, is_gone, polls, quarantined

pytestmark = pytest.mark.e2e
SERIES = '{namespace="$namespace"}'
MIRROR: Object = {"weight": 0, "mirror": True, "duration": "1s"}
HALF: Object = {"weight": 50, "mirror": True, "duration": "1s"}
UNCOUNTED = [{**MIRROR, "minSamples": 0}, {**HALF, "minSamples": 0}]
COMPARED = "pigeonhole_shadow_comparisons_total"


def canary(*analysis: Object, **fields: Any) -> Object:
    """Return a spec with these checks alone, whose steps wait for no documents."""
    return {"canary": {"steps": UNCOUNTED, "analysis": list(analysis), **fields}}


def own(query: str, **fields: Any) -> Object:
    return {"name": "own", "query": query, "max": 0.3, **fields}


def compared(shop: Shop, *, yes: float, no: float) -> None:
    """Let so many texts have been scored by both models."""
    for agree, value in (("yes", yes), ("no", no)):
        shop.prometheus.gauge(COMPARED, value, model_version="2", stable_version="1", agree=agree)


def is_promoted(shop: Shop) -> None:
    shop.settles("Idle", stable="2")
    ends(shop, "Succeeded")
    assert shop.weights() == [0, 50, 0]
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}


def is_taken_back(shop: Shop, reason: str, weights: list[float]) -> None:
    shop.reaches("RolledBack")
    shop.waits(lambda: quarantined(shop) == [("2", reason)], "the quarantine")
    shop.settles("Idle", stable="1")
    ends(shop, "RolledBack", reason)
    assert shop.journal()[-2:] == ["RollingBack", "RolledBack"]
    assert shop.weights() == weights
    assert shop.uris() == [shop.uri("1")]
    is_gone(shop, "InferenceService", CANDIDATE)
    assert shop.registry.aliases() == {"champion": "1", "candidate": "2"}
    assert ("Warning", "RolledBack") in shop.events()


def test_without_a_document_the_weight_stays(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2")
    shop.sees("AnalysisHealthy", "Unknown", "NoData")
    polls(shop)
    assert {("Progressing", "True", "NoData"), ("MetricsReachable", "True", "MetricsAnswer")} <= shop.conditions()
    assert (shop.status["state"], shop.status["canaryWeight"]) == ("Mirroring", 0)
    assert shop.journal() == ["Gating", "DeployingCanary", "Mirroring"]
    assert (shop.weights(), shop.uris()) == ([0], [shop.uri("1")])
    assert check(shop, "candidate-ready") == ("Pass", "Ready")


def test_with_too_few_documents_the_weight_stays(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2")
    shop.reaches("Mirroring")
    compared(shop, yes=10, no=0)
    shop.sees("AnalysisHealthy", "Unknown", "InsufficientSamples")
    shop.sees("Progressing", "True", "InsufficientSamples")
    assert "10 of 20" in shop.condition("AnalysisHealthy")["message"]
    polls(shop)
    assert (shop.journal()[-1], shop.weights()) == ("Mirroring", [0])


def test_documents_that_come_later_let_it_go_on(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2")
    shop.sees("AnalysisHealthy", "Unknown", "NoData")
    shop.metrics(agreement=(100, 2), answered=50)
    is_promoted(shop)
    shop.sees("AnalysisHealthy", "True", "AnalysisPassed")


@pytest.mark.parametrize(
    ("query", "reason", "reachable"),
    [
        ("vector(0) / vector(0)", "NoData", True),
        (f"e2e_nobody_has_it{SERIES}", "NoData", True),
        (f"{COMPARED}{SERIES}", "MetricsAmbiguous", False),
        ("sum(", "MetricsRefused", False),
        ('label_replace(up, "a", "b", "c", "(")', "MetricsRefused", False),
        ('"a text"', "MetricsRefused", False),
    ],
)
def test_an_answer_that_is_no_number_holds_the_weight(shop: Shop, query: str, reason: str, reachable: bool) -> None:
    shop.serving("1", spec=canary(own(query), errorLimit=1))
    shop.candidate("2")
    shop.metrics(agreement=(100, 0), answered=50)
    shop.sees("AnalysisHealthy", "Unknown", reason)
    shop.sees("Progressing", "True", reason)
    if not reachable:
        shop.sees("MetricsReachable", "False", reason)
        shop.waits(lambda: shop.status["state"] == "Held", "it to be held")
        assert ("Warning", reason) in shop.events()
    polls(shop, 1)
    assert (shop.journal()[-1], shop.weights(), shop.uris()) == ("Mirroring", [0], [shop.uri("1")])


@pytest.mark.parametrize(("choice", "promoted"), [("Fail", False), ("Pass", True)])
def test_a_check_says_what_no_data_means_to_it(shop: Shop, choice: str, promoted: bool) -> None:
    shop.serving("1", spec=canary(own(f"e2e_nobody_has_it{SERIES}", onNoData=choice), failureLimit=0))
    shop.candidate("2")
    if promoted:
        is_promoted(shop)
    else:
        is_taken_back(shop, "AnalysisFailed", [0])
        assert {("AnalysisHealthy", "False", "NoData")} <= shop.conditions()
    assert check(shop, "own") == (choice, "NoData")


def test_a_dry_run_that_fails_has_no_consequence(shop: Shop) -> None:
    shop.serving("1", spec=canary(own("vector(1)", dryRun=True), failureLimit=0))
    shop.candidate("2")
    is_promoted(shop)
    assert check(shop, "own") == ("Fail", "AboveMax")
    assert ("AnalysisHealthy", "True", "AnalysisPassed") in shop.conditions()


def test_disagreement_beyond_doubt_takes_it_back(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2")
    shop.metrics(agreement=(40, 60))
    is_taken_back(shop, "AnalysisFailed", [0])
    assert check(shop, "disagreement") == ("Fail", "AboveMax")
    assert attempt(shop)["failedChecks"] == 3
    assert ("AnalysisHealthy", "False", "AboveMax") in shop.conditions()
    shop.waits(lambda: "AnalysisFailed" in shop.registry.tags("2").values(), "the registry to be told")


@pytest.mark.parametrize("good", [True, False])
def test_doubt_waits_for_more_documents_which_decide(shop: Shop, good: bool) -> None:
    shop.serving("1")
    shop.candidate("2")
    shop.reaches("Mirroring")
    compared(shop, yes=15, no=5)
    finds(shop, "disagreement", "Hold", "Inconclusive")
    shop.sees("AnalysisHealthy", "Unknown", "Inconclusive")
    assert shop.weights() == [0]
    shop.metrics(agreement=(100, 0) if good else (0, 100))
    if good:
        is_promoted(shop)
    else:
        is_taken_back(shop, "AnalysisFailed", [0])


def test_documents_that_stable_had_to_answer_take_it_back(shop: Shop) -> None:
    steps = [{**MIRROR, "minSamples": 20}, {**HALF, "minSamples": 100_000}]
    shop.serving("1", spec={"canary": {"steps": steps}})
    shop.candidate("2")
    shop.metrics(agreement=(100, 0))
    shop.reaches("Canary")
    shop.metrics(agreement=(100, 0), answered=40, fallbacks=20)
    is_taken_back(shop, "AnalysisFailed", [0, 50, 0])
    assert check(shop, "errors") == ("Fail", "AboveMax")
    assert "errors" in shop.said("RolledBack")[0]


LOSS: Object = {"name": "feedback", "check": "FeedbackLoss", "max": 0.05}


@pytest.mark.parametrize(
    ("candidate", "verdict", "reason"), [((2, 50), "Fail", "AboveMax"), ((50, 2), "Pass", "WithinLimits")]
)
def test_what_people_say_of_the_answers_decides(
    shop: Shop, candidate: tuple[float, float], verdict: str, reason: str
) -> None:
    shop.serving("1", spec=canary(LOSS))
    shop.candidate("2")
    shop.metrics(feedback=candidate, stable_feedback=(50, 2))
    if verdict == "Pass":
        is_promoted(shop)
    else:
        is_taken_back(shop, "AnalysisFailed", [0])
    assert check(shop, "feedback") == (verdict, reason)


def test_verdicts_on_one_model_alone_say_nothing(shop: Shop) -> None:
    shop.serving("1", spec=canary(LOSS))
    shop.candidate("2")
    shop.metrics(feedback=(0, 50))
    shop.sees("AnalysisHealthy", "Unknown", "NoData")
    polls(shop, 1)
    assert shop.journal()[-1] == "Mirroring"
