"""Two who want one target, and an operator that is there before what it is to look after."""

import pytest

from . import manifests
from .cluster import Object
from .invariants import CANDIDATE
from .manifests import SERVICE
from .recorder import status_of
from .shop import Shop
from .test_promotion_deletions import has_condition, is_promoted, makes_stable, on_trial
from .verdicts import is_gone, polls

pytestmark = pytest.mark.e2e


def others(shop: Shop) -> None:
    """Make another ModelDeployment with the same target."""
    made = manifests.deployment(shop.namespace, {})
    made["metadata"]["name"] = "others"
    shop.cluster.create(made)


def status_of_others(shop: Shop) -> Object:
    return status_of(shop.recorder.now("ModelDeployment", "others"))


def test_the_second_who_wants_a_target_touches_nothing(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    others(shop)
    has_condition(shop, "Ready", "False", "TargetConflict")
    has_condition(shop, "Progressing", "False", "TargetConflict")
    assert status_of_others(shop)["state"] == "Conflict"
    shop.candidate("2")
    is_promoted(shop)
    has_condition(shop, "Ready", "False", "TargetConflict")
    assert [item["spec"]["deployment"] for item in shop.promotions()] == [SERVICE]
    told = [change.item for change in shop.recorder.of("Event") if change.item["reason"] == "TargetConflict"]
    assert {(event["involvedObject"]["name"], event["type"]) for event in told} == {("others", "Warning")}


@pytest.mark.parametrize("trial", [False, True])
def test_the_second_takes_over_when_the_first_is_gone(shop: Shop, trial: bool) -> None:
    if trial:
        on_trial(shop)
    else:
        shop.serving("1")
        shop.settles("Idle", stable="1")
    others(shop)
    has_condition(shop, "Ready", "False", "TargetConflict")
    shop.cluster.delete("ModelDeployment", SERVICE, shop.namespace)
    has_condition(shop, "Ready", "True", "ServingStable")
    if not trial:
        shop.candidate("2")
    shop.metrics(agreement=(100, 0), answered=50)
    shop.waits(lambda: (status_of_others(shop).get("stable") or {}).get("version") == "2", "version 2 to serve")
    is_gone(shop, "InferenceService", CANDIDATE)
    assert shop.promotions()[-1]["spec"]["deployment"] == "others"
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]


def test_the_first_goes_on_when_the_second_is_gone(shop: Shop) -> None:
    on_trial(shop)
    others(shop)
    has_condition(shop, "Ready", "False", "TargetConflict")
    shop.cluster.delete("ModelDeployment", "others", shop.namespace)
    is_promoted(shop)
    assert len(shop.promotions()) == 1


def test_a_target_that_comes_after_the_modeldeployment_is_taken_over(shop: Shop) -> None:
    shop.operator.start()
    made = shop.registered("1")
    shop.registry.alias("champion", "1")
    shop.deploys({})
    shop.sees("Ready", "False", "TargetMissing")
    shop.sees("Progressing", "False", "TargetMissing")
    assert ("Warning", "TargetMissing") in shop.events()
    polls(shop)
    assert (shop.promotions(), shop.uris()) == ([], [])
    makes_stable(shop, "1", made.run_id)
    shop.sees("Ready", "True", "ServingStable")
    shop.settles("Idle", stable="1")
    shop.candidate("2")
    is_promoted(shop)


def test_a_candidate_waits_for_the_target(shop: Shop) -> None:
    shop.operator.start()
    made = shop.registered("1")
    shop.registry.alias("champion", "1")
    shop.candidate("2")
    shop.deploys({})
    shop.sees("Progressing", "False", "TargetMissing")
    polls(shop)
    assert (shop.promotions(), shop.uris(CANDIDATE)) == ([], [])
    makes_stable(shop, "1", made.run_id)
    is_promoted(shop)
    assert len(shop.promotions()) == 1
