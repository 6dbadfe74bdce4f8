"""The bodies of what the operator writes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pigeonhole_operator.cluster.objects import (
    candidate_body,
    deployment_status_body,
    event_body,
    promotion_body,
    stable_body,
)
from pigeonhole_operator.cluster.parsing import parse_promotion
from pigeonhole_operator.decision.observed import Promotion
from pigeonhole_operator.decision.plan import CreatePromotion, Emit
from pigeonhole_operator.resources.deployment_status import DeploymentStatus
from pigeonhole_operator.resources.promotion import PromotionSpec, Trigger

from .runtime_objects import RELEASE, deployment, metadata, parsed, service

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
VERSION = {"name": "PIGEONHOLE_SERVING_MODEL_VERSION", "value": "2"}
RUN = {"name": "PIGEONHOLE_SERVING_MODEL_RUN_ID", "value": "run2"}


def test_of_the_stable_service_only_the_models_own_fields_are_written() -> None:
    body = stable_body(service(), RELEASE)
    assert set(body["spec"]) == {"predictor"}
    assert set(body["spec"]["predictor"]) == {"model"}
    assert set(body["spec"]["predictor"]["model"]) == {"storageUri", "env"}
    assert {"annotations", "labels"} & set(body["metadata"]) == set()


def test_a_stable_service_that_is_not_the_one_that_was_seen_is_not_written() -> None:
    metadata = stable_body(service(), RELEASE)["metadata"]
    assert (metadata["uid"], metadata["resourceVersion"]) == ("uid-documents", "30")


def test_variables_of_others_stay_in_their_places_where_the_list_is_one() -> None:
    env = stable_body(service(), RELEASE)["spec"]["predictor"]["model"]["env"]
    last = {"name": "LAST", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    assert env == [{"name": "FIRST", "value": "1"}, VERSION, last, RUN]


def test_variables_of_others_are_left_to_them_where_the_list_is_merged_by_name() -> None:
    raw = service()
    owned: dict[str, Any] = {
        "f:spec": {"f:predictor": {"f:model": {"f:env": {'k:{"name":"FIRST"}': {".": {}, "f:value": {}}}}}}
    }
    raw["metadata"]["managedFields"] = [{"manager": "kubectl", "fieldsV1": owned}]
    env = stable_body(raw, RELEASE)["spec"]["predictor"]["model"]["env"]
    assert env == [VERSION, RUN]


def test_a_release_without_a_run_takes_the_old_runs_variable_away() -> None:
    raw = service()
    raw["spec"]["predictor"]["model"]["env"] = [RUN, VERSION]
    release = RELEASE.model_copy(update={"run_id": ""})
    assert stable_body(raw, release)["spec"]["predictor"]["model"]["env"] == [VERSION]


def test_the_candidate_is_a_predictor_like_the_stable_one_and_nothing_else() -> None:
    raw = service()
    body = candidate_body(raw, parsed(deployment()), "documents-candidate", RELEASE)
    predictor = body["spec"]["predictor"]
    assert set(body["spec"]) == {"predictor"}
    assert predictor["minReplicas"] == 1
    assert "canaryTrafficPercent" not in predictor
    assert predictor["model"]["modelFormat"] == {"name": "pigeonhole-textclf"}
    assert predictor["model"]["storageUri"] == "s3://models/2"
    assert {"name": "FIRST", "value": "1"} in predictor["model"]["env"]
    assert VERSION in predictor["model"]["env"]
    assert raw == service(), "the stored object was changed"


def test_the_candidate_is_not_to_be_reached_from_outside_and_goes_with_its_deployment() -> None:
    metadata = candidate_body(service(), parsed(deployment()), "documents-candidate", RELEASE)["metadata"]
    assert metadata["labels"]["networking.kserve.io/visibility"] == "cluster-local"
    assert metadata["annotations"] == {
        "serving.kserve.io/deploymentMode": "Standard",
        "pigeonhole.dev/owner": "documents",
    }
    assert [owner["uid"] for owner in metadata["ownerReferences"]] == ["uid-documents"]


def test_a_promotion_is_read_back_as_it_was_created() -> None:
    spec = PromotionSpec(deployment="documents", attempt=1, generation=3, trigger=Trigger.ALIAS, release=RELEASE)
    body = promotion_body(parsed(deployment()), CreatePromotion("documents-v2-1", spec))
    stored = {**body, "metadata": {**metadata("documents-v2-1", 1), **body["metadata"]}}
    found = parse_promotion(stored)
    assert isinstance(found, Promotion)
    assert found.spec == spec


def test_a_status_holds_for_one_stored_version() -> None:
    body = deployment_status_body(parsed(deployment()), "77", DeploymentStatus(state="Canary"))
    assert body["metadata"] == {"name": "documents", "namespace": "rt", "resourceVersion": "77"}
    assert body["status"]["state"] == "Canary"


def test_the_same_transition_of_the_same_object_is_the_same_event() -> None:
    def name(key: str, uid: str = "uid-documents") -> str:
        raw = deployment()
        raw["metadata"]["uid"] = uid
        body = event_body(raw, Emit(key, "Normal", "Promoted", "Version 2 serves."), NOW)
        return str(body["metadata"]["name"])

    assert name("a") == name("a")
    assert name("a") != name("b")
    assert name("a") != name("a", uid="another")


def test_a_long_message_is_cut_to_what_an_event_may_hold() -> None:
    body = event_body(deployment(), Emit("a", "Warning", "Failed", "x" * 5000), NOW)
    assert len(body["message"]) == 1024
    assert body["involvedObject"]["uid"] == "uid-documents"
