"""What people change by hand of what the operator decides, and what they may change."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from .invariants import CANDIDATE
from .manifests import ROUTING, SERVICE
from .shop import Shop
from .verdicts import ends, polls

pytestmark = pytest.mark.e2e
POLICIES = ("Correct", "Report", "Ignore")
VERSION = "PIGEONHOLE_SERVING_MODEL_VERSION"


def model(shop: Shop, **fields: Any) -> None:
    """Change fields of the stable service's model."""
    shop.cluster.merge("InferenceService", SERVICE, shop.namespace, {"spec": {"predictor": {"model": fields}}})


def version_asked_for(shop: Shop, service: str = SERVICE) -> str:
    found = (shop.recorder.now("InferenceService", service) or {})["spec"]["predictor"]["model"]["env"]
    return str(next(row["value"] for row in found if row["name"] == VERSION))


def routes(shop: Shop, version: str) -> None:
    rules = {"generation": 70, "stable": {"host": f"{SERVICE}-predictor", "version": version}, "candidate": None}
    shop.cluster.merge("ConfigMap", ROUTING, shop.namespace, {"data": {"routing.json": json.dumps(rules)}})


Change = Callable[[Shop], None]
Look = Callable[[Shop], object]
FIELDS: dict[str, tuple[Change, Look, str]] = {
    "files": (lambda shop: model(shop, storageUri=shop.uri("2")), lambda shop: shop.uris()[-1], "TargetChanged"),
    "version": (lambda shop: model(shop, env=[{"name": VERSION, "value": "9"}]), version_asked_for, "TargetChanged"),
    "routing": (lambda shop: routes(shop, "9"), lambda shop: shop.routing()["stable"]["version"], "RoutingChanged"),
    "alias": (
        lambda shop: shop.registry.alias("champion", "2"),
        lambda shop: shop.registry.aliases()["champion"],
        "AliasChanged",
    ),
}


def of(shop: Shop, field: str, version: str) -> str:
    return shop.uri(version) if field == "files" else version


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("field", FIELDS)
def test_a_change_by_hand_is_treated_as_the_policy_says(shop: Shop, field: str, policy: str) -> None:
    change, look, reason = FIELDS[field]
    shop.serving("1", spec={"driftPolicy": policy})
    shop.settles("Idle", stable="1")
    shop.registered("2")
    changed = of(shop, field, "2") if field in ("files", "alias") else "9"
    change(shop)
    if policy == "Correct":
        shop.hears(reason)
        shop.waits(lambda: look(shop) == of(shop, field, "1"), f"the {field} to be set right")
        shop.sees("Drifted", "False", "AsWritten")
        shop.sees("Ready", "True", "ServingStable")
        shop.hears("DriftedResolved")
        assert "correctedAt" in shop.status
    elif policy == "Report":
        shop.sees("Drifted", "True", reason)
        polls(shop)
        assert look(shop) == changed
        assert ("Warning", reason) in shop.events()
        if reason == "TargetChanged":
            shop.sees("Ready", "False", "Drifted")
    else:
        polls(shop, 3)
        assert look(shop) == changed
        assert {("Drifted", "False", "AsWritten"), ("Stalled", "False", "NotStalled")} <= shop.conditions()
        assert reason not in [told for _, told in shop.events()]
    assert shop.promotions() == []


@pytest.mark.parametrize("policy", POLICIES)
def test_the_candidate_s_service_is_the_operator_s_own_under_each_policy(shop: Shop, policy: str) -> None:
    shop.serving("1", spec={"driftPolicy": policy, "canary": {"failureLimit": 20}})
    shop.candidate("2")
    shop.waits(lambda: bool(shop.routing().get("candidate")), "the candidate to be routed")
    change = {"spec": {"predictor": {"model": {"storageUri": shop.uri("1")}}}}
    shop.cluster.merge("InferenceService", CANDIDATE, shop.namespace, change)
    shop.waits(lambda: shop.uris(CANDIDATE) == [shop.uri("2"), shop.uri("1"), shop.uri("2")], "it to be set right")
    shop.sees("AnalysisHealthy", "Unknown", "NoData")
    assert (shop.journal()[-1], version_asked_for(shop, CANDIDATE)) == ("Mirroring", "2")
    assert ("Drifted", "False", "AsWritten") in shop.conditions()


def test_stable_is_set_right_while_a_candidate_is_on_trial(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2")
    shop.reaches("Mirroring")
    model(shop, storageUri=shop.uri("2"))
    shop.waits(lambda: shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1")], "it to be set right")
    shop.hears("TargetChanged")
    assert ("Warning", "TargetChanged") in shop.events()
    shop.metrics(agreement=(100, 0), answered=50)
    shop.settles("Idle", stable="2")
    assert len(shop.promotions()) == 1


@pytest.mark.parametrize("policy", POLICIES)
def test_a_routing_that_somebody_writes_during_a_trial_holds_it_unless_it_is_corrected(shop: Shop, policy: str) -> None:
    shop.serving("1", spec={"driftPolicy": policy})
    shop.candidate("2")
    shop.waits(lambda: bool(shop.routing().get("candidate")), "the candidate to be routed")
    routes(shop, "1")
    shop.waits(lambda: shop.routing()["generation"] >= 70, "the change")
    shop.metrics(agreement=(100, 0), answered=50)
    if policy == "Correct":
        shop.settles("Idle", stable="2")
        ends(shop, "Succeeded")
        assert shop.routing()["generation"] > 70
        return
    shop.sees("Progressing", "True", "RoutingChanged")
    polls(shop)
    assert (shop.journal()[-1], shop.routing()["candidate"], shop.uris()) == ("Mirroring", None, [shop.uri("1")])
    shop.changes({"driftPolicy": "Correct"})
    shop.settles("Idle", stable="2")


def test_who_changes_it_twice_in_a_minute_is_only_reported(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    shop.registered("2")
    model(shop, storageUri=shop.uri("2"))
    shop.waits(lambda: shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1")], "it to be set right")
    # It is said after it was done.
    shop.hears("DriftedResolved")
    model(shop, storageUri=shop.uri("2"))
    shop.sees("Drifted", "True", "TargetChanged")
    shop.sees("Ready", "False", "Drifted")
    polls(shop)
    assert shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1"), shop.uri("2")]
    shop.hears("TargetChanged", 2)
    assert shop.said("TargetChanged") == ["documents asks for other files than those of version 1."] * 2
