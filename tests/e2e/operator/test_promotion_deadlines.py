"""What takes too long ends: an attempt, a candidate that does not come up, a stable version that does not."""

from typing import Any

import pytest

from .cluster import Object
from .fault_proxy import Fault
from .invariants import CANDIDATE
from .shop import Shop
from .verdicts import ends, is_gone, lets_pass, polls, quarantined

pytestmark = pytest.mark.e2e
SHORT = 6.0
"""Seconds of the deadlines here: enough for a pod to start when nothing is wrong with it."""


def due(**canary: Any) -> Object:
    return {"canary": {"progressDeadline": f"{SHORT:g}s", **canary}}


def is_taken_back(shop: Shop, reason: str) -> None:
    shop.reaches("RolledBack")
    shop.settles("Idle", stable="1")
    ends(shop, "RolledBack", reason)
    assert quarantined(shop) == [("2", reason)]
    assert {("Warning", "RollingBack"), ("Warning", "RolledBack")} <= set(shop.events())
    assert ("Ready", "True", "ServingStable") in shop.conditions()
    assert shop.registry.aliases() == {"champion": "1", "candidate": "2"}
    assert shop.routing()["candidate"] is None
    is_gone(shop, "InferenceService", CANDIDATE)


def test_documents_that_do_not_come_end_it_at_the_deadline(shop: Shop) -> None:
    shop.serving("1", spec=due())
    shop.candidate("2")
    is_taken_back(shop, "InsufficientSamples")
    assert "deadline" in shop.said("RolledBack")[0]
    assert (shop.weights(), shop.uris()) == ([0], [shop.uri("1")])


def test_documents_that_stop_coming_end_it_at_the_deadline(shop: Shop) -> None:
    half = {"weight": 50, "mirror": True, "minSamples": 100_000, "duration": "1s"}
    shop.serving("1", spec=due(progressDeadline="20s", steps=[{**half, "weight": 0, "minSamples": 20}, half]))
    shop.candidate("2")
    shop.metrics(agreement=(100, 0), answered=50)
    is_taken_back(shop, "InsufficientSamples")
    assert (shop.weights(), shop.uris()) == ([0, 50, 0], [shop.uri("1")])


def test_metrics_that_stay_away_end_it_at_the_deadline(shop: Shop) -> None:
    shop.serving("1", spec=due(errorLimit=0))
    shop.prometheus_proxy.breaks(Fault.REFUSED)
    shop.candidate("2")
    shop.metrics(agreement=(100, 0), answered=50)
    shop.sees("MetricsReachable", "False", "MetricsUnreachable")
    is_taken_back(shop, "MetricsUnreachable")
    assert ("Warning", "MetricsUnreachable") in shop.events()
    assert shop.weights() == [0]


def test_reports_that_cannot_be_read_end_it_at_the_deadline_before_anything_moved(shop: Shop) -> None:
    shop.serving("1", spec=due())
    shop.mlflow_proxy.breaks(Fault.ERROR, only="/get-artifact")
    shop.candidate("2")
    shop.sees("Progressing", "True", "RegistryUnreachable")
    shop.reaches("Rejected")
    shop.settles("Idle", stable="1")
    ends(shop, "Rejected", "RegistryUnreachable")
    assert shop.journal() == ["Gating", "Rejected"]
    assert (shop.uris(CANDIDATE), quarantined(shop)) == ([], [])
    assert ("Warning", "Rejected") in shop.events()


@pytest.mark.parametrize("behaves", ["crash", "unready", "broken", "slow", "as-7", "altered"])
def test_a_candidate_that_does_not_come_up_in_time_never_gets_a_document(shop: Shop, behaves: str) -> None:
    wrong = behaves == "altered"
    shop.serving("1", spec={"target": {"readyTimeout": "5m" if wrong else f"{SHORT:g}s"}})
    shop.candidate("2", behaves=behaves)
    shop.metrics(agreement=(100, 0), answered=50)
    # Files that nobody registered are found at once, and nothing is waited for.
    is_taken_back(shop, "DigestMismatch" if wrong else "CandidateNotReady")
    assert shop.journal() == ["Gating", "DeployingCanary", "RollingBack", "RolledBack"]
    assert (shop.weights(), shop.uris()) == ([0], [shop.uri("1")])


def test_a_candidate_that_comes_up_late_is_in_time(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2", behaves="late-as-stable")
    shop.metrics(agreement=(100, 0), answered=50)
    shop.settles("Idle", stable="2")
    assert shop.answers_as("2")["version"] == "2"


@pytest.mark.parametrize("behaves", ["crash-as-stable", "unready-as-stable", "broken-as-stable", "as-7-as-stable"])
def test_a_version_that_fails_as_stable_alone_is_followed_by_the_one_before(shop: Shop, behaves: str) -> None:
    shop.serving("1", spec={"target": {"readyTimeout": "15s"}})
    shop.candidate("2", behaves=behaves)
    shop.metrics(agreement=(100, 0), answered=50)
    is_taken_back(shop, "StableNotReady")
    assert shop.journal()[-3:] == ["Promoting", "RollingBack", "RolledBack"]
    assert shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1")]
    assert (shop.weights(), shop.answers_as("1")["version"]) == ([0, 50, 0], "1")
    assert "previous" not in shop.registry.aliases()


def test_stable_that_has_loaded_other_files_is_followed_by_the_one_before_at_once(shop: Shop) -> None:
    shop.serving("1", spec={"target": {"readyTimeout": "5m"}})
    shop.candidate("2", behaves="altered-as-stable")
    shop.metrics(agreement=(100, 0), answered=50)
    is_taken_back(shop, "DigestMismatch")
    assert shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1")]


@pytest.mark.parametrize("why", ["Suspended", "AwaitingApproval"])
def test_the_deadline_waits_for_people(shop: Shop, why: str) -> None:
    approval = "Manual" if why == "AwaitingApproval" else "Automatic"
    shop.serving("1", spec={**due(progressDeadline="15s"), "approval": approval})
    shop.candidate("2")
    shop.reaches("Mirroring" if approval == "Automatic" else "AwaitingApproval")
    if approval == "Automatic":
        shop.changes({"suspend": True})
        shop.settles("Suspended", stable="1")
    held = shop.journal()
    lets_pass(shop, 16)
    polls(shop, 1)
    assert (shop.journal(), shop.status["state"]) == (held, why)
    shop.metrics(agreement=(100, 0), answered=50)
    shop.changes({"suspend": False, "approvedVersion": "2"})
    shop.settles("Idle", stable="2")
    ends(shop, "Succeeded")
    assert len(shop.promotions()) == 1
