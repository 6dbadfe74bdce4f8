"""A Lease that is deleted, stolen or written by hand: at most one operator acts on it, and one does in the end."""

import pytest

from . import manifests, outcomes
from .asking import identities, leads, measured, probe
from .cluster import Object
from .leading import LEASE, ONCE, hands, latest, lease, led_by, standby
from .shop import Shop

pytestmark = pytest.mark.e2e
RESULTS = "pigeonhole_promotion_results_total"


def test_a_lease_that_is_gone_is_made_again_by_one(shop: Shop) -> None:
    outcomes.begins(shop)
    other = standby(shop)
    shop.waits(lambda: shop.weights() == [0, 50], "the candidate's share")
    holder = lease(shop)["holderIdentity"]
    shop.cluster.delete("Lease", LEASE, shop.namespace)
    outcomes.is_promoted(shop)
    shop.waits(lambda: [leads(shop.operator), leads(other)].count(True) == 1, "one to lead")
    leader = next(operator for operator in (shop.operator, other) if leads(operator))
    assert lease(shop)["holderIdentity"] == identities(leader)[-1]
    assert holder in identities(shop.operator)
    assert outcomes.registry_writes(shop) == ONCE


def test_a_stolen_lease_is_respected_for_as_long_as_it_says(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    hands(shop, holderIdentity="somebody-else", leaseDurationSeconds=3600)
    shop.waits(lambda: "leadership_lost" in shop.operator.text, "the theft to be seen")
    before = latest(shop)
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    # Another ModelDeployment, which a leader would say something of at once: here it is heard of, and that is all.
    made = manifests.deployment(shop.namespace, {"target": {"inferenceService": "others"}})
    made["metadata"]["name"] = "others"
    shop.cluster.create(made)
    shop.waits(lambda: measured(shop.operator, RESULTS, name="others") == 0, "the other one to be heard of")
    assert probe(shop.operator, "/readyz") == (200, "ok")
    assert not leads(shop.operator)
    assert lease(shop)["holderIdentity"] == "somebody-else"
    assert [change.kind for change in shop.recorder.changes if change.revision > before] == ["ModelDeployment"]
    assert "status" not in (shop.recorder.now("ModelDeployment", "others") or {})
    shop.cluster.delete("ModelDeployment", "others", shop.namespace)
    hands(shop, holderIdentity="")
    led_by(shop, shop.operator)
    outcomes.is_promoted(shop)


@pytest.mark.parametrize(
    "theft",
    [
        {"holderIdentity": "somebody-else", "leaseDurationSeconds": 2},
        {"holderIdentity": "somebody-else", "leaseDurationSeconds": None},
        {"holderIdentity": "somebody-else", "renewTime": "2999-01-01T00:00:00.000000Z", "leaseDurationSeconds": 2},
        {"holderIdentity": None, "leaseDurationSeconds": None, "renewTime": None, "acquireTime": None},
    ],
    ids=["for two seconds", "for no time", "by a clock in the future", "by nobody"],
)
def test_a_lease_that_nobody_renews_is_taken_back_whatever_it_says(shop: Shop, theft: Object) -> None:
    outcomes.begins(shop)
    shop.waits(lambda: shop.weights() == [0, 50], "the candidate's share")
    hands(shop, **theft)
    led_by(shop, shop.operator)
    outcomes.is_promoted(shop)
    assert outcomes.registry_writes(shop) == ONCE
