"""Checks by a query of one's own, failures that are borne, and candidates that nobody takes back."""

import pytest

from .cluster import Object
from .invariants import CANDIDATE
from .shop import Shop
from .test_promotion_data import SERIES, canary, is_promoted, is_taken_back, own
from .verdicts import attempt, check, ends, finds, polls, quarantined

pytestmark = pytest.mark.e2e
SHARE: Object = own(f"e2e_share{SERIES}", samplesQuery=f"e2e_samples{SERIES}", proportion=True)
VALUE = own(f"e2e_loss{SERIES}")
HELD: Object = {**canary(VALUE, failureLimit=0), "rollback": {"automatic": False}}


@pytest.mark.parametrize(
    ("share", "samples", "verdict", "reason"),
    [
        (0.5, 400, "Fail", "AboveMax"),
        (0.1, 400, "Pass", "WithinLimits"),
        (0.4, 20, "Hold", "Inconclusive"),
        (0.9, 10, "Hold", "InsufficientSamples"),
    ],
)
def test_a_share_of_one_s_own_is_judged_by_its_interval(
    shop: Shop, share: float, samples: float, verdict: str, reason: str
) -> None:
    shop.prometheus.gauge("e2e_share", share)
    shop.prometheus.gauge("e2e_samples", samples)
    shop.serving("1", spec=canary(SHARE))
    shop.candidate("2")
    finds(shop, "own", verdict, reason)
    if verdict == "Pass":
        is_promoted(shop)
    elif verdict == "Fail":
        is_taken_back(shop, "AnalysisFailed", [0])
    else:
        shop.sees("Progressing", "True", reason)
        polls(shop, 1)
        assert (shop.journal()[-1], shop.weights()) == ("Mirroring", [0])


def test_a_value_with_too_few_samples_is_not_judged(shop: Shop) -> None:
    shop.prometheus.gauge("e2e_loss", 0.9)
    shop.prometheus.gauge("e2e_samples", 5)
    shop.serving("1", spec=canary({**VALUE, "samplesQuery": f"e2e_samples{SERIES}"}, failureLimit=0))
    shop.candidate("2")
    shop.sees("AnalysisHealthy", "Unknown", "InsufficientSamples")
    shop.prometheus.gauge("e2e_samples", 50)
    is_taken_back(shop, "AnalysisFailed", [0])
    assert check(shop, "own") == ("Fail", "AboveMax")


def test_a_value_that_is_too_low_takes_it_back(shop: Shop) -> None:
    low: Object = {"name": "own", "query": "vector(0.2)", "min": 0.5}
    shop.serving("1", spec=canary(low, failureLimit=0))
    shop.candidate("2")
    is_taken_back(shop, "AnalysisFailed", [0])
    assert ("AnalysisHealthy", "False", "BelowMin") in shop.conditions()


def test_failures_that_are_borne_are_forgotten_when_it_recovers(shop: Shop) -> None:
    shop.prometheus.gauge("e2e_loss", 0.9)
    shop.serving("1", spec=canary(VALUE, failureLimit=20))
    shop.candidate("2")
    shop.sees("AnalysisHealthy", "False", "AboveMax")
    shop.sees("Progressing", "True", "AnalysisFailing")
    shop.waits(lambda: shop.status["failedChecks"] > 1, "a second failure")
    assert (shop.status["state"], shop.weights()) == ("Mirroring", [0])
    shop.prometheus.gauge("e2e_loss", 0.1)
    is_promoted(shop)
    assert (shop.status["failedChecks"], quarantined(shop)) == (0, [])


def is_held(shop: Shop) -> None:
    """Wait until a failing candidate is held, and see that nothing becomes of it."""
    shop.sees("Stalled", "True", "RollbackNotAutomatic")
    assert (shop.status["state"], shop.weights()) == ("Held", [0])
    assert ("Warning", "RollbackNotAutomatic") in shop.events()
    polls(shop)
    assert shop.journal()[-1] == "Mirroring"
    assert shop.uris(CANDIDATE) == [shop.uri("2")]


def test_a_failing_candidate_is_held_for_a_person_who_takes_the_alias_away(shop: Shop) -> None:
    shop.prometheus.gauge("e2e_loss", 0.9)
    shop.serving("1", spec=HELD)
    shop.candidate("2")
    is_held(shop)
    shop.registry.remove_alias("candidate")
    shop.settles("Idle", stable="1")
    ends(shop, "Superseded", "CandidateWithdrawn")
    assert ("Stalled", "False", "NotStalled") in shop.conditions()
    assert ("Normal", "StalledResolved") in shop.events()
    assert (quarantined(shop), shop.uris(CANDIDATE)) == ([], [shop.uri("2"), ""])
    assert shop.registry.aliases() == {"champion": "1"}


def test_a_held_candidate_that_recovers_goes_on(shop: Shop) -> None:
    shop.prometheus.gauge("e2e_loss", 0.9)
    shop.serving("1", spec=HELD)
    shop.candidate("2")
    is_held(shop)
    shop.prometheus.gauge("e2e_loss", 0.1)
    is_promoted(shop)
    assert ("Stalled", "False", "NotStalled") in shop.conditions()


def test_a_held_candidate_is_taken_back_once_the_rules_say_so(shop: Shop) -> None:
    shop.prometheus.gauge("e2e_loss", 0.9)
    shop.serving("1", spec=HELD)
    shop.candidate("2")
    is_held(shop)
    shop.changes({"rollback": {"automatic": True}})
    is_taken_back(shop, "AnalysisFailed", [0])
    assert attempt(shop)["failedChecks"] == 1
