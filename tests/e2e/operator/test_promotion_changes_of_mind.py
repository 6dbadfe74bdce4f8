"""Somebody wants another version while one is on its way: it leaves nothing, and is no bad version for that."""

import pytest

from .fault_proxy import Fault
from .invariants import CANDIDATE
from .reading import (
    FAST,
    HELD,
    attempts,
    ends,
    forced,
    goes,
    most_at_once,
    quarantined,
    shows,
    tells,
    until,
)
from .shop import Shop

pytestmark = pytest.mark.e2e
NAME, NEXT = "documents-v2-1", "documents-v3-1"


def given_up(shop: Shop, reason: str, *phases: str) -> None:
    """Wait until version 2 has been given up, and check that it has left nothing."""
    ends(shop, NAME, "Superseded", reason)
    goes(shop, NAME, *phases, "Superseded")
    tells(shop, "2", *phases, "Superseded")
    assert (shop.uris(), quarantined(shop)) == ([shop.uri("1")], [])
    assert (shop.routing().get("candidate") or {}).get("version") != "2"
    assert shop.status["stable"]["version"] == "1"


def test_a_newer_candidate_takes_the_place_of_one_at_the_gates(shop: Shop) -> None:
    shop.serving("1", spec=FAST)
    # Nobody can read the reports: the gates wait for them.
    shop.mlflow_proxy.breaks(Fault.ERROR, only="/get-artifact")
    shop.candidate("2")
    until(shop, "Gating", NAME)
    shop.candidate("3")
    given_up(shop, "SupersededByCandidate", "Gating")
    assert shop.uris(CANDIDATE) == []
    shop.mlflow_proxy.heals()
    shop.settles("Idle", stable="3")
    assert most_at_once(shop) == 1


def test_a_newer_candidate_takes_the_place_of_one_that_is_deployed(shop: Shop) -> None:
    shop.serving("1", spec=HELD)
    made = shop.candidate("2", behaves="unready")
    until(shop, "DeployingCanary", NAME, lambda: shop.uris(CANDIDATE) == [made.uri])
    shop.candidate("3")
    given_up(shop, "SupersededByCandidate", "Gating", "DeployingCanary", "RollingBack")
    until(shop, "Canary", NEXT)
    assert shop.uris(CANDIDATE) == [made.uri, "", shop.uri("3")]
    assert most_at_once(shop) == 1


def test_a_newer_candidate_takes_the_place_of_one_in_shadow(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2")
    until(shop, "Mirroring", NAME)
    shop.candidate("3")
    given_up(shop, "SupersededByCandidate", "Gating", "DeployingCanary", "Mirroring", "RollingBack")
    until(shop, "Mirroring", NEXT)
    assert shop.weights() == [0]
    assert shop.uris(CANDIDATE) == [shop.uri("2"), "", shop.uri("3")]
    assert most_at_once(shop) == 1


def test_a_newer_candidate_takes_the_place_of_one_that_answers_documents(shop: Shop) -> None:
    shop.serving("1", spec=HELD)
    shop.candidate("2")
    until(shop, "Canary", NAME)
    shop.candidate("3")
    given_up(shop, "SupersededByCandidate", "Gating", "DeployingCanary", "Canary", "RollingBack")
    until(shop, "Canary", NEXT)
    shop.waits(lambda: shop.weights() == [0, 50, 0, 50], "the next one's share")
    assert shop.uris(CANDIDATE) == [shop.uri("2"), "", shop.uri("3")]
    assert shop.routing()["candidate"]["version"] == "3"
    assert most_at_once(shop) == 1


@pytest.mark.parametrize(("alias", "reason"), [("", "CandidateWithdrawn"), ("1", "SupersededByCandidate")])
def test_a_candidate_whose_alias_goes_elsewhere_is_taken_out_of_the_canary(shop: Shop, alias: str, reason: str) -> None:
    shop.serving("1", spec=HELD)
    shop.candidate("2")
    until(shop, "Canary", NAME)
    if alias:
        shop.registry.alias("candidate", alias)
    else:
        shop.registry.remove_alias("candidate")
    given_up(shop, reason, "Gating", "DeployingCanary", "Canary", "RollingBack")
    shop.settles("Idle", stable="1")
    shows(shop, ("Progressing", "False", reason), ("Ready", "True", "ServingStable"))
    assert (shop.weights(), shop.uris(CANDIDATE)) == ([0, 50, 0], [shop.uri("2"), ""])
    assert attempts(shop) == [(NAME, "Superseded")]


def test_a_request_that_is_withdrawn_is_taken_out_of_the_canary(shop: Shop) -> None:
    shop.serving("1", spec=HELD)
    shop.registered("2")
    shop.changes({"request": {"version": "2", "reason": "to be tried"}})
    until(shop, "Canary", NAME)
    shop.changes({"request": None})
    given_up(shop, "RequestWithdrawn", "Gating", "DeployingCanary", "Canary", "RollingBack")
    shows(shop, ("Progressing", "False", "RequestWithdrawn"))
    assert (shop.weights(), shop.uris(CANDIDATE)) == ([0, 50, 0], [shop.uri("2"), ""])


def test_a_version_that_is_deleted_on_trial_is_taken_out_of_the_canary(shop: Shop) -> None:
    shop.serving("1", spec=HELD)
    shop.candidate("2")
    until(shop, "Canary", NAME)
    shop.registry.delete("2")
    shop.waits(lambda: (NAME, "Superseded") in attempts(shop), "its end")
    goes(shop, "documents-v2-1", "Gating", "DeployingCanary", "Canary", "RollingBack", "Superseded")
    shows(shop, ("Progressing", "False", "VersionDeleted"), ("Ready", "True", "ServingStable"))
    assert (shop.weights(), shop.uris(CANDIDATE)) == ([0, 50, 0], [shop.uri("2"), ""])
    assert (shop.uris(), quarantined(shop)) == ([shop.uri("1")], [])
    assert shop.registry.aliases() == {"champion": "1"}


def test_a_candidate_that_flaps_between_two_versions_waits_for_the_cooldown(shop: Shop) -> None:
    shop.serving("1", spec={**HELD, "rollback": {"cooldown": "5m"}})
    shop.candidate("2")
    until(shop, "Canary", NAME)
    shop.candidate("3")
    until(shop, "Canary", NEXT)
    shop.registry.alias("candidate", "2")
    ends(shop, NEXT, "Superseded", "SupersededByCandidate")
    shop.settles("Cooldown", stable="1")
    shows(shop, ("Progressing", "False", "Cooldown"))
    assert attempts(shop) == [(NAME, "Superseded"), (NEXT, "Superseded")]
    assert most_at_once(shop) == 1
    assert (shop.uris(), quarantined(shop)) == ([shop.uri("1")], [])
    # A pin does not wait.
    forced(shop, "2")
    assert attempts(shop)[-1] == ("documents-v2-2", "Succeeded")
