"""Fields that another manager owns, and edits that are nobody's business but their author's."""

from typing import Any

import pytest

from .cluster import Object
from .invariants import CANDIDATE
from .manifests import SERVICE, named
from .shop import Shop
from .test_promotion_drift import VERSION
from .verdicts import ends, polls

pytestmark = pytest.mark.e2e
GITOPS = "gitops-controller"


def applied(shop: Shop, version: str) -> None:
    """Have another manager apply the stable service with a version's files, and own the field."""
    runtime = {"modelFormat": {"name": "pigeonhole-textclf"}, "storageUri": shop.uri(version)}
    spec = {"predictor": {"model": runtime}}
    body = named("InferenceService", SERVICE, shop.namespace, "serving.kserve.io/v1beta1", spec=spec)
    shop.cluster.apply(body, manager=GITOPS)


def test_fields_of_another_manager_are_taken_where_they_are_to_be_corrected(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    shop.registered("2")
    applied(shop, "2")
    shop.waits(lambda: shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1")], "it to be set right")
    shop.sees("Drifted", "False", "AsWritten")
    assert ("Stalled", "False", "NotStalled") in shop.conditions()
    managed = shop.cluster.get("InferenceService", SERVICE, shop.namespace)["metadata"]["managedFields"]
    owners = [row["manager"] for row in managed if "f:storageUri" in str(row["fieldsV1"])]
    assert owners == ["pigeonhole-operator"]


@pytest.mark.parametrize("policy", ["Report", "Ignore"])
def test_fields_of_another_manager_stall_a_promotion_that_may_not_take_them(shop: Shop, policy: str) -> None:
    shop.serving("1", spec={"driftPolicy": policy, "target": {"readyTimeout": "15s"}})
    shop.settles("Idle", stable="1")
    applied(shop, "1")
    shop.candidate("2")
    shop.metrics(agreement=(100, 0), answered=50)
    shop.sees("Stalled", "True", "FieldConflict")
    assert GITOPS in shop.condition("Stalled")["message"]
    assert ("Warning", "FieldConflict") in shop.events()
    shop.sees("Drifted", *(("True", "FieldConflict") if policy == "Report" else ("False", "AsWritten")))
    assert shop.journal()[-1] == "Promoting"
    shop.reaches("RolledBack")
    ends(shop, "RolledBack", "StableNotReady")
    assert shop.uris() == [shop.uri("1")]
    assert shop.registry.aliases()["champion"] == "1"


def test_a_promotion_takes_the_fields_of_another_manager_and_ends(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    applied(shop, "1")
    shop.candidate("2")
    shop.metrics(agreement=(100, 0), answered=50)
    shop.settles("Idle", stable="2")
    ends(shop, "Succeeded")
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]


SMALL = {"limits": {"memory": "64Mi"}}
EDITS: dict[str, Object] = {
    "label": {"metadata": {"labels": {"team": "archive"}}},
    "annotation": {"metadata": {"annotations": {"example.com/ticket": "42"}}},
    "replicas": {"spec": {"predictor": {"minReplicas": 2}}},
    "resources": {"spec": {"predictor": {"model": {"resources": SMALL}}}},
    "variable": {"spec": {"predictor": {"model": {"env": [{"name": "OMP_NUM_THREADS", "value": "1"}]}}}},
}


def with_its_own(shop: Shop, edit: Object) -> Object:
    """Return an edit whose variables stand beside those that there are, as an editor leaves them."""
    added = edit.get("spec", {}).get("predictor", {}).get("model", {}).get("env")
    if added is None:
        return edit
    there = shop.cluster.get("InferenceService", SERVICE, shop.namespace)["spec"]["predictor"]["model"]["env"]
    return {"spec": {"predictor": {"model": {"env": [*there, *added]}}}}


def contains(item: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(item, dict) and all(contains(item.get(key), value) for key, value in part.items())
    return all(row in item for row in part) if isinstance(part, list) else bool(item == part)


@pytest.mark.parametrize("edit", EDITS)
def test_other_edits_are_no_drift_and_outlive_a_promotion(shop: Shop, edit: str) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    shop.cluster.merge("InferenceService", SERVICE, shop.namespace, with_its_own(shop, EDITS[edit]))
    polls(shop)
    assert ("Drifted", "False", "AsWritten") in shop.conditions()
    shop.candidate("2")
    shop.metrics(agreement=(100, 0), answered=50)
    shop.settles("Idle", stable="2")
    service = shop.cluster.get("InferenceService", SERVICE, shop.namespace)
    assert contains(service, EDITS[edit])
    assert {"name": VERSION, "value": "2"} in service["spec"]["predictor"]["model"]["env"]
    assert "TargetChanged" not in [told for _, told in shop.events()]
    if edit in ("resources", "variable"):
        tried = next(change.item for change in shop.recorder.of("InferenceService", CANDIDATE))
        assert contains(tried, EDITS[edit])
