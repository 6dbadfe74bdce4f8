"""What is deleted, by hand or with what it belongs to, and what comes back."""

import pytest

from . import manifests
from .cluster import Object
from .invariants import CANDIDATE
from .manifests import ROUTING, SERVICE
from .recorder import status_of
from .shop import Shop
from .verdicts import ends, finds, is_gone, polls

pytestmark = pytest.mark.e2e
ATTEMPT = "documents-v2-1"
PATIENT: Object = {"canary": {"failureLimit": 20}}


def has_condition(shop: Shop, kind: str, status: str, reason: str) -> None:
    """Wait until the ModelDeployment of the second name has a condition."""

    def has() -> bool:
        rows = status_of(shop.recorder.now("ModelDeployment", "others")).get("conditions", [])
        return (kind, status, reason) in {(row["type"], row["status"], row["reason"]) for row in rows}

    shop.waits(has, f"others to have {kind}={status} {reason}")


def makes_stable(shop: Shop, version: str, run_id: str = "") -> None:
    shop.cluster.create(manifests.service(shop.namespace, version, shop.uri(version), run_id))


def is_promoted(shop: Shop) -> None:
    shop.metrics(agreement=(100, 0), answered=50)
    shop.settles("Idle", stable="2")
    ends(shop, "Succeeded")
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}
    assert shop.answers_as("2")["version"] == "2"


def on_trial(shop: Shop, spec: Object | None = None) -> None:
    """Bring version 2 into its first step, where no documents come."""
    shop.serving("1", spec=spec)
    shop.candidate("2")
    shop.waits(lambda: bool(shop.routing().get("candidate")), "the candidate to be routed")
    finds(shop, "candidate-ready", "Pass", "Ready")


def test_without_its_modeldeployment_the_service_goes_on(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    before = shop.cluster.get("InferenceService", SERVICE, shop.namespace)["metadata"]
    shop.cluster.delete("ModelDeployment", SERVICE, shop.namespace)
    is_gone(shop, "ModelDeployment", SERVICE)
    shop.candidate("2")
    assert shop.answers_as("1")["version"] == "1"
    after = shop.cluster.get("InferenceService", SERVICE, shop.namespace)["metadata"]
    assert (after["uid"], after["generation"]) == (before["uid"], before["generation"])
    assert "deletionTimestamp" not in after
    assert shop.promotions() == []


def test_the_candidate_s_service_and_its_record_go_with_the_modeldeployment(shop: Shop) -> None:
    on_trial(shop)
    shop.cluster.delete("ModelDeployment", SERVICE, shop.namespace)
    for kind, name in (("ModelPromotion", ATTEMPT), ("InferenceService", CANDIDATE)):
        is_gone(shop, kind, name)
    assert (shop.uris(), shop.uris(CANDIDATE)) == ([shop.uri("1")], [shop.uri("2"), ""])
    assert (shop.is_ready(SERVICE), shop.answers_as("1")["version"]) == (True, "1")
    shop.waits(lambda: shop.routing()["candidate"] is None, "the candidate to be out of the routing")
    assert shop.routing()["stable"]["version"] == "1"


@pytest.mark.parametrize("at_once", [True, False])
def test_one_that_is_made_again_takes_over_and_tries_the_candidate_anew(shop: Shop, at_once: bool) -> None:
    on_trial(shop)
    first = shop.promotions()[0]["metadata"]["uid"]
    shop.cluster.delete("ModelDeployment", SERVICE, shop.namespace)
    if not at_once:
        is_gone(shop, "ModelPromotion", ATTEMPT)
        is_gone(shop, "InferenceService", CANDIDATE)
    shop.deploys({})
    shop.waits(lambda: shop.promotions()[-1]["metadata"]["uid"] != first, "another attempt")
    shop.sees("Ready", "True", "ServingStable")
    is_promoted(shop)
    assert [(item["metadata"]["name"], item["spec"]["attempt"]) for item in shop.promotions()] == [(ATTEMPT, 1)]
    assert [row["version"] for row in shop.status["recent"]] == ["1"]


def test_one_that_is_made_again_after_promotions_knows_what_serves_and_not_what_was(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2")
    is_promoted(shop)
    shop.cluster.delete("ModelDeployment", SERVICE, shop.namespace)
    is_gone(shop, "ModelPromotion", ATTEMPT)
    shop.deploys({})
    shop.settles("Idle", stable="2")
    polls(shop)
    assert shop.status.get("recent", []) == []
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]
    assert {("Ready", "True", "ServingStable"), ("Drifted", "False", "AsWritten")} <= shop.conditions()


@pytest.mark.parametrize("again", ["1", "2"])
def test_a_stable_service_that_is_deleted_is_missed_and_taken_over_when_it_is_back(shop: Shop, again: str) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    shop.registered("2")
    shop.cluster.delete("InferenceService", SERVICE, shop.namespace)
    shop.sees("Ready", "False", "TargetMissing")
    shop.sees("TargetReady", "False", "TargetMissing")
    assert ("Progressing", "False", "TargetMissing") in shop.conditions()
    assert ("Warning", "TargetMissing") in shop.events()
    is_gone(shop, "InferenceService", SERVICE)
    makes_stable(shop, again)
    shop.sees("Ready", "True", "ServingStable")
    # One that comes back with another version is one that was changed by hand.
    assert ("TargetChanged" in [told for _, told in shop.events()]) == (again == "2")
    assert (shop.uris()[-1], shop.status["stable"]["version"]) == (shop.uri("1"), "1")
    assert shop.answers_as("1")["version"] == "1"


def test_a_trial_waits_for_a_stable_service_that_was_deleted(shop: Shop) -> None:
    on_trial(shop)
    shop.cluster.delete("InferenceService", SERVICE, shop.namespace)
    shop.sees("Ready", "False", "TargetMissing")
    shop.metrics(agreement=(100, 0), answered=50)
    polls(shop)
    assert (shop.journal()[-1], shop.weights(), shop.uris(CANDIDATE)) == ("Mirroring", [0], [shop.uri("2")])
    is_gone(shop, "InferenceService", SERVICE)
    makes_stable(shop, "1")
    is_promoted(shop)
    assert len(shop.promotions()) == 1


def test_a_candidate_s_service_that_is_deleted_is_made_again(shop: Shop) -> None:
    on_trial(shop, PATIENT)
    shop.cluster.delete("InferenceService", CANDIDATE, shop.namespace)
    shop.waits(lambda: shop.uris(CANDIDATE) == [shop.uri("2"), "", shop.uri("2")], "it to be made again")
    finds(shop, "candidate-ready", "Pass", "Ready")
    is_promoted(shop)
    assert len(shop.promotions()) == 1


def test_a_trial_waits_for_a_routing_that_was_deleted(shop: Shop) -> None:
    on_trial(shop)
    shop.cluster.delete("ConfigMap", ROUTING, shop.namespace)
    shop.metrics(agreement=(100, 0), answered=50)
    shop.sees("Progressing", "True", "RoutingMissing")
    polls(shop)
    assert ("Progressing", "True", "RoutingMissing") in shop.conditions()
    assert (shop.journal()[-1], shop.uris()) == ("Mirroring", [shop.uri("1")])
    assert shop.recorder.now("ConfigMap", ROUTING) is None
    shop.cluster.create(manifests.routing(shop.namespace))
    is_promoted(shop)


@pytest.mark.parametrize("phase", ["Mirroring", "Canary"])
def test_a_record_that_is_deleted_ends_the_trial_and_another_begins(shop: Shop, phase: str) -> None:
    half = {"weight": 50, "mirror": True, "minSamples": 500, "duration": "1s"}
    shop.serving("1", spec={"canary": {"steps": [{**half, "weight": 0, "minSamples": 20}, half]}})
    shop.candidate("2")
    if phase == "Canary":
        shop.metrics(agreement=(30, 0))
    shop.reaches(phase)
    first = shop.promotions()[0]["metadata"]["uid"]
    shop.cluster.delete("ModelPromotion", ATTEMPT, shop.namespace)
    shop.waits(lambda: shop.promotions()[-1]["metadata"]["uid"] != first, "another attempt")
    is_promoted(shop)
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]
    assert shop.weights()[-3:] == [0, 50, 0]


def test_a_namespace_is_deleted_without_the_operator_s_help(shop: Shop) -> None:
    on_trial(shop)
    kinds = ("ModelDeployment", "ModelPromotion")
    items = [item for kind in kinds for item in shop.cluster.listed(kind, shop.namespace)]
    assert [item["metadata"].get("finalizers") for item in items] == [None, None]
    shop.operator.stop()
    shop.cluster.delete("Namespace", shop.namespace)
    shop.waits(lambda: not shop.cluster.has_namespace(shop.namespace), "the namespace to be gone")
