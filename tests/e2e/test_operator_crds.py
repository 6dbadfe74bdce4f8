"""The operator's CRDs on a real API server: what it takes, fills in, refuses, prunes and prints."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from lightkube import ApiError, Client
from lightkube.types import PatchType

from pigeonhole_operator.resources.deployment_spec import parse_deployment_spec
from pigeonhole_operator.resources.deployment_status import DeploymentStatus
from pigeonhole_operator.resources.promotion import PromotionSpec, PromotionStatus

from .kubectl import Kubectl
from .operator_limits import DEPLOYMENT_REFUSALS, PROMOTION_REFUSALS, steps
from .operator_objects import (
    MINIMAL_DEPLOYMENT,
    MINIMAL_PROMOTION,
    Deployment,
    Json,
    Promotion,
    api_client,
    causes,
    deployment,
    install_crds,
    operator_namespace,
    promotion,
)
from .operator_refusals import Refusal
from .operator_specs import ACCEPTED, BAD_STATUS, MOMENT, PARTIAL, READY

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def kubectl() -> Iterator[Kubectl]:
    with operator_namespace() as kubectl:
        install_crds(kubectl)
        yield kubectl


@pytest.fixture(scope="module")
def dry(kubectl: Kubectl) -> Client:
    """A client that stores nothing."""
    return api_client(kubectl.namespace, dry_run=True)


@pytest.fixture(scope="module")
def api(kubectl: Kubectl) -> Client:
    return api_client(kubectl.namespace)


@pytest.fixture(scope="module")
def served(api: Client) -> str:
    """The name of a ModelDeployment with a status."""
    api.create(deployment("documents"))
    stable = {"version": "11", "since": MOMENT}
    status = {"state": "Canary", "canaryWeight": 10, "stable": stable, "candidate": {"version": "12"}}
    set_status(api, Deployment, "documents", {**status, "conditions": [READY]})
    return "documents"


@pytest.fixture(scope="module")
def attempted(api: Client) -> str:
    """The name of a ModelPromotion with a status."""
    api.create(promotion("documents-v2-1"))
    status = {"phase": "RolledBack", "weight": 10, "reason": "Errors", "startedAt": MOMENT, "phaseStartedAt": MOMENT}
    set_status(api, Promotion, "documents-v2-1", status)
    return "documents-v2-1"


def set_status(api: Client, kind: Any, name: str, status: Json) -> Json:
    found = api.get(kind, name)
    written: Json = api.replace(kind.Status(metadata=found.metadata, spec=found["spec"], status=status))["status"]
    return written


def refused(api: Client, item: Any) -> set[tuple[str, str]]:
    with pytest.raises(ApiError) as error:
        api.create(item)
    return causes(error.value)


@pytest.mark.parametrize("plural", ["modeldeployments", "modelpromotions"])
def test_a_kind_is_established_without_a_fault_of_its_schema(kubectl: Kubectl, plural: str) -> None:
    found = kubectl.get("customresourcedefinition", f"{plural}.pigeonhole.dev")["status"]["conditions"]
    conditions = {condition["type"]: condition["status"] for condition in found}
    assert conditions["Established"] == conditions["NamesAccepted"] == "True"
    assert "NonStructuralSchema" not in conditions


@pytest.mark.parametrize("given", PARTIAL.values(), ids=PARTIAL)
def test_the_server_fills_in_what_the_models_would(dry: Client, given: Json) -> None:
    spec = {**MINIMAL_DEPLOYMENT, **given}
    assert dry.create(deployment("new", spec))["spec"] == parse_deployment_spec(spec).to_json()


def test_the_server_fills_in_a_promotion_and_both_statuses_as_well(dry: Client, served: str, attempted: str) -> None:
    assert dry.create(promotion("new"))["spec"] == PromotionSpec.model_validate(MINIMAL_PROMOTION).to_json()
    status: Json = {"stable": {"version": "1"}, "conditions": [READY]}
    assert set_status(dry, Deployment, served, status) == DeploymentStatus.model_validate(status).to_json()
    journal: Json = {"startedAt": MOMENT, "phaseStartedAt": MOMENT}
    assert set_status(dry, Promotion, attempted, journal) == PromotionStatus.model_validate(journal).to_json()


@pytest.mark.parametrize("given", ACCEPTED.values(), ids=ACCEPTED)
def test_values_within_the_limits_are_taken_and_read_by_the_operator(dry: Client, given: Json) -> None:
    parse_deployment_spec(dry.create(deployment("new", {**MINIMAL_DEPLOYMENT, **given}))["spec"])


@pytest.mark.parametrize("refusal", DEPLOYMENT_REFUSALS, ids=str)
def test_a_deployment_beyond_a_limit_is_refused_with_its_field_and_reason(dry: Client, refusal: Refusal) -> None:
    found = refused(dry, deployment("new", refusal.spec(MINIMAL_DEPLOYMENT)))
    assert (refusal.field, refusal.message) in found


@pytest.mark.parametrize("refusal", PROMOTION_REFUSALS, ids=str)
def test_a_promotion_beyond_a_limit_is_refused_with_its_field_and_reason(dry: Client, refusal: Refusal) -> None:
    assert (refusal.field, refusal.message) in refused(dry, promotion("new", refusal.spec(MINIMAL_PROMOTION)))


def test_a_number_that_is_no_integer_and_a_text_that_is_no_truth_are_refused(dry: Client) -> None:
    found = refused(dry, deployment("new", {**MINIMAL_DEPLOYMENT, "historyLimit": 1.5, "suspend": "yes"}))
    of_type = "in body must be of type"
    assert ("spec.historyLimit", f'Invalid value: "number": spec.historyLimit {of_type} integer: "number"') in found
    assert ("spec.suspend", f'Invalid value: "string": spec.suspend {of_type} boolean: "string"') in found


def test_a_name_has_at_most_40_characters(dry: Client) -> None:
    dry.create(deployment("d" * 40))
    said = "Invalid value: metadata.name must have at most 40 characters"
    assert refused(dry, deployment("d" * 41)) == {("<nil>", said)}


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"source": {"modelName": "another"}}, "spec.source", "modelName is immutable"),
        (
            {"target": {"inferenceService": "another"}},
            "spec.target",
            "inferenceService is immutable; create a new ModelDeployment",
        ),
    ],
)
def test_what_a_deployment_serves_is_immutable(
    dry: Client, served: str, change: Json, field: str, message: str
) -> None:
    with pytest.raises(ApiError) as error:
        dry.patch(Deployment, served, {"spec": change}, patch_type=PatchType.MERGE)
    assert causes(error.value) == {(field, f"Invalid value: {message}")}


def test_a_deployment_s_rules_can_change(dry: Client, served: str) -> None:
    change = {"suspend": True, "source": {"candidateAlias": "next"}, "canary": steps(50), "pin": None}
    spec = dry.patch(Deployment, served, {"spec": change}, patch_type=PatchType.MERGE)["spec"]
    assert (spec["suspend"], spec["source"]["candidateAlias"], len(spec["canary"]["steps"])) == (True, "next", 1)


@pytest.mark.parametrize(
    "change",
    [{"attempt": 2}, {"reason": "another"}, {"release": {"digest": "sha256:0"}}, {"previous": {"version": "1"}}],
)
def test_a_promotion_s_spec_is_immutable(dry: Client, attempted: str, change: Json) -> None:
    with pytest.raises(ApiError) as error:
        dry.patch(Promotion, attempted, {"spec": change}, patch_type=PatchType.MERGE)
    assert causes(error.value) == {("spec", "Invalid value: a promotion is immutable")}


def test_a_status_is_written_through_its_subresource_alone(dry: Client, served: str) -> None:
    both = {"spec": {"suspend": True}, "status": {"state": "Idle"}}
    as_spec = dry.patch(Deployment, served, both, patch_type=PatchType.MERGE)
    assert (as_spec["spec"]["suspend"], as_spec["status"]["state"]) == (True, "Canary")
    as_status = dry.patch(Deployment.Status, served, both, patch_type=PatchType.MERGE)
    assert (as_status["spec"]["suspend"], as_status["status"]["state"]) == (False, "Idle")
    created = Deployment(metadata={"name": "new"}, spec=MINIMAL_DEPLOYMENT, status={"state": "Canary"})
    assert "status" not in dry.create(created)


@pytest.mark.parametrize(("status", "field", "message"), BAD_STATUS.values(), ids=BAD_STATUS)
def test_a_status_that_no_operator_writes_is_refused(
    dry: Client, served: str, status: Json, field: str, message: str
) -> None:
    with pytest.raises(ApiError) as error:
        set_status(dry, Deployment, served, status)
    assert (field, message) in causes(error.value)


def test_unknown_fields_are_pruned_at_every_depth(dry: Client) -> None:
    spec: Json = {**MINIMAL_DEPLOYMENT, "unknown": 1, "canary": {"unknown": 1, "steps": [{"weight": 1, "unknown": 1}]}}
    created = dry.create(deployment("new", spec))["spec"]
    assert "unknown" not in json.dumps(created)
    assert created["canary"]["steps"] == [{"weight": 1, "mirror": False, "minSamples": 0, "duration": "5m"}]


def printed(kubectl: Kubectl, *arguments: str) -> dict[str, str]:
    """Return the one row that kubectl prints, by its columns."""
    headings, row = kubectl("get", *arguments).splitlines()
    return dict(zip(headings.split(), row.split(), strict=True))


def test_kubectl_prints_what_a_deployment_serves_and_how_far_the_next_version_is(kubectl: Kubectl, served: str) -> None:
    shown = printed(kubectl, "mdep")
    assert list(shown) == ["NAME", "MODEL", "STABLE", "CANDIDATE", "WEIGHT", "STATE", "READY", "AGE"]
    assert list(shown.values())[:-1] == ["documents", "classifier", "11", "12", "10", "Canary", "True"]
    wide = printed(kubectl, "mdep", "-o", "wide")
    assert list(wide) == [*shown, "SUSPENDED", "REASON"]
    assert (wide["SUSPENDED"], wide["REASON"]) == ("false", "ServingStable")


def test_kubectl_prints_how_an_attempt_went(kubectl: Kubectl, attempted: str) -> None:
    shown = printed(kubectl, "mpromo")
    assert list(shown) == ["NAME", "DEPLOYMENT", "VERSION", "TRIGGER", "PHASE", "WEIGHT", "REASON", "AGE"]
    assert list(shown.values())[:-1] == [attempted, "documents", "2", "Alias", "RolledBack", "10", "Errors"]


@pytest.mark.parametrize("category", ["pigeonhole", "mlops"])
def test_both_kinds_are_listed_by_their_categories(
    kubectl: Kubectl, served: str, attempted: str, category: str
) -> None:
    assert kubectl("get", category, "-o", "name").split() == [
        f"modeldeployment.pigeonhole.dev/{served}",
        f"modelpromotion.pigeonhole.dev/{attempted}",
    ]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("mdep.spec.canary.steps.weight", "Per cent of the documents that the candidate answers."),
        ("mdep.spec.target.routing", "ENUM: Transformer"),
        ("mdep.status.conditions", "A condition as KEP-1623 has it."),
        ("mpromo.status", "The journal of an attempt: whatever it needs to go on after a crash."),
    ],
)
def test_kubectl_explains_the_fields(kubectl: Kubectl, path: str, words: str) -> None:
    assert words in " ".join(kubectl("explain", path).split())


def test_deployments_are_selected_by_their_model_and_promotions_by_their_deployment(
    api: Client, dry: Client, served: str, attempted: str
) -> None:
    def found(kind: Any, field: str, value: str) -> list[str]:
        return [item.metadata.name for item in api.list(kind, fields={field: value})]

    assert found(Deployment, "spec.source.modelName", "classifier") == [served]
    assert found(Deployment, "spec.source.modelName", "another") == []
    assert found(Promotion, "spec.deployment", "documents") == [attempted]
    assert found(Promotion, "spec.deployment", "another") == []
