"""Suspended: nothing begins and nothing rises, what fails still goes back, and afterwards it goes on."""

import pytest

from .cluster import Object
from .fault_proxy import Fault
from .invariants import CANDIDATE
from .shop import Shop
from .verdicts import ends, is_gone, lets_pass, polls, quarantined

pytestmark = pytest.mark.e2e
WAITING: Object = {
    "canary": {
        "steps": [
            {"weight": 0, "mirror": True, "minSamples": 20, "duration": "1s"},
            {"weight": 50, "mirror": True, "minSamples": 500, "duration": "1s"},
        ]
    }
}
"""A second step that lasts until documents come fast."""


def suspend(shop: Shop) -> None:
    shop.changes({"suspend": True})
    shop.sees("Suspended", "True", "Suspended")
    assert ("Ready", "True", "ServingStable") in shop.conditions()


def resume(shop: Shop) -> None:
    shop.changes({"suspend": False})
    shop.sees("Suspended", "False", "Active")


def has_gone_on(shop: Shop) -> None:
    """Wait for the end of what was suspended, which is the same attempt."""
    shop.settles("Idle", stable="2")
    assert [item["metadata"]["name"] for item in shop.promotions()] == ["documents-v2-1"]
    ends(shop, "Succeeded")
    assert shop.events().count(("Normal", "Suspended")) == 1
    assert shop.events().count(("Normal", "SuspendedResolved")) == 1


def test_nothing_begins_until_it_is_resumed(shop: Shop) -> None:
    shop.serving("1")
    suspend(shop)
    shop.candidate("2")
    shop.metrics(agreement=(100, 0), answered=50)
    shop.sees("Progressing", "False", "Suspended")
    polls(shop)
    assert (shop.promotions(), shop.uris(CANDIDATE), shop.weights()) == ([], [], [0])
    assert "2" in shop.condition("Progressing")["message"]
    resume(shop)
    has_gone_on(shop)


def test_a_deployment_that_is_made_suspended_takes_over_what_serves_and_begins_nothing(shop: Shop) -> None:
    shop.serving("1", operator=False, spec={"suspend": True})
    shop.candidate("2")
    shop.operator.start()
    shop.sees("Suspended", "True", "Suspended")
    shop.settles("Suspended", stable="1")
    polls(shop)
    assert (shop.promotions(), shop.uris()) == ([], [shop.uri("1")])
    assert shop.events().count(("Normal", "Suspended")) == 1


def test_it_stops_in_gating_and_goes_on_from_there(shop: Shop) -> None:
    shop.serving("1")
    shop.mlflow_proxy.breaks(Fault.ERROR, only="/get-artifact")
    shop.candidate("2")
    shop.sees("Progressing", "True", "RegistryUnreachable")
    suspend(shop)
    shop.mlflow_proxy.heals()
    shop.sees("Progressing", "True", "Suspended")
    polls(shop)
    assert (shop.journal(), shop.uris(CANDIDATE)) == (["Gating"], [])
    shop.metrics(agreement=(100, 0), answered=50)
    resume(shop)
    has_gone_on(shop)


def in_canary(shop: Shop, spec: Object | None = None) -> None:
    """Bring a candidate into its second step and suspend there."""
    shop.serving("1", spec=spec or WAITING)
    shop.candidate("2")
    shop.metrics(agreement=(30, 0))
    shop.reaches("Canary")
    suspend(shop)


def test_the_weight_of_a_canary_is_kept_however_well_it_does(shop: Shop) -> None:
    in_canary(shop)
    shop.metrics(agreement=(400, 0), answered=200)
    lets_pass(shop, 3)
    polls(shop)
    assert (shop.status["canaryWeight"], shop.weights()) == (50, [0, 50])
    assert shop.routing()["candidate"]["weight"] == 50
    assert (shop.journal()[-1], shop.uris()) == ("Canary", [shop.uri("1")])
    resume(shop)
    has_gone_on(shop)
    assert shop.weights() == [0, 50, 0]


def test_a_canary_that_fails_meanwhile_is_taken_back(shop: Shop) -> None:
    in_canary(shop)
    shop.metrics(agreement=(0, 200))
    shop.reaches("RolledBack")
    shop.settles("Suspended", stable="1")
    ends(shop, "RolledBack", "AnalysisFailed")
    assert shop.weights() == [0, 50, 0]
    is_gone(shop, "InferenceService", CANDIDATE)
    assert quarantined(shop) == [("2", "AnalysisFailed")]
    resume(shop)
    shop.sees("Progressing", "False", "CandidateQuarantined")
    assert len(shop.promotions()) == 1


def test_a_candidate_s_alias_that_is_taken_away_meanwhile_takes_it_back(shop: Shop) -> None:
    in_canary(shop)
    shop.registry.remove_alias("candidate")
    shop.reaches("Superseded")
    shop.settles("Suspended", stable="1")
    ends(shop, "Superseded", "CandidateWithdrawn")
    assert shop.weights() == [0, 50, 0]


@pytest.mark.parametrize("skip_gates", [True, False])
def test_a_pin_waits_until_it_is_resumed(shop: Shop, skip_gates: bool) -> None:
    shop.serving("1")
    shop.registered("2")
    shop.metrics("2", agreement=(100, 0), answered=50)
    suspend(shop)
    shop.changes({"pin": {"version": "2", "reason": "incident 42", "skipGates": skip_gates}})
    shop.sees("Progressing", "False", "Suspended")
    polls(shop)
    assert (shop.promotions(), shop.uris()) == ([], [shop.uri("1")])
    resume(shop)
    shop.settles("Pinned", stable="2")
    assert len(shop.promotions()) == 1
    assert shop.promotions()[0]["spec"]["trigger"] == ("ForcedPin" if skip_gates else "Pin")


def test_a_request_waits_until_it_is_resumed(shop: Shop) -> None:
    shop.serving("1")
    shop.registered("2")
    shop.metrics("2", agreement=(100, 0), answered=50)
    suspend(shop)
    shop.changes({"request": {"version": "2", "reason": "a try"}})
    polls(shop)
    assert shop.promotions() == []
    resume(shop)
    has_gone_on(shop)


def test_what_was_changed_by_hand_is_set_right_meanwhile(shop: Shop) -> None:
    shop.serving("1")
    made = shop.registered("2")
    suspend(shop)
    change = {"spec": {"predictor": {"model": {"storageUri": made.uri}}}}
    shop.cluster.merge("InferenceService", "documents", shop.namespace, change)
    shop.hears("TargetChanged")
    shop.sees("Drifted", "False", "AsWritten")
    assert shop.uris() == [shop.uri("1"), made.uri, shop.uri("1")]
