"""Objects of the API server as what a decision looks at."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_operator.cluster.objects import routing_body
from pigeonhole_operator.cluster.parsing import (
    Invalid,
    parse_deployment,
    parse_promotion,
    parse_routing,
    parse_service,
)
from pigeonhole_operator.decision.observed import Deployment, Problem, Promotion, RoutedCandidate, Routing, Service
from pigeonhole_operator.decision.routing import routing_digest, shared

from .runtime_objects import deployment, metadata, parsed, promotion, service

pytestmark = pytest.mark.unit

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def test_a_deployment_is_read_with_its_status() -> None:
    found = parse_deployment(deployment(status={"state": "Idle", "canaryWeight": 10}))
    assert isinstance(found, Deployment)
    assert (found.spec.source.model_name, found.status.canary_weight, found.generation) == ("classifier", 10, 1)


def test_a_field_of_a_wrong_type_is_named_with_its_place() -> None:
    raw = deployment()
    raw["spec"]["target"]["readyTimeout"] = "soon"
    found = parse_deployment(raw)
    assert isinstance(found, Invalid)
    assert (found.name, found.field) == ("documents", "spec.target.readyTimeout")
    assert "'soon' is not a duration" in found.reason


def test_a_status_that_cannot_be_read_is_invalid_too() -> None:
    found = parse_deployment(deployment(status={"canaryWeight": "much"}))
    assert isinstance(found, Invalid)
    assert found.field == "status.canaryWeight"


def test_a_missing_spec_is_invalid() -> None:
    raw = deployment()
    del raw["spec"]
    assert isinstance(parse_deployment(raw), Invalid)


def test_a_promotion_without_a_status_has_none() -> None:
    found = parse_promotion(promotion())
    assert isinstance(found, Promotion)
    assert found.status is None


def test_a_promotion_of_a_phase_that_only_a_newer_operator_knows_is_invalid() -> None:
    found = parse_promotion(promotion(phase="Teleporting"))
    assert isinstance(found, Invalid)
    assert found.field == "status.phase"


def test_a_service_tells_what_it_serves_and_whose_it_is() -> None:
    raw = service()
    raw["metadata"]["annotations"]["pigeonhole.dev/owner"] = "documents"
    raw["status"] = {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]}
    found = parse_service(raw)
    assert isinstance(found, Service)
    assert (found.storage_uri, found.version, found.owner) == ("s3://models/1", "1", "documents")
    assert found.settled


def test_a_service_says_why_its_model_does_not_load_rather_than_that_it_is_not_ready() -> None:
    raw = service(
        status={
            "conditions": [{"type": "Ready", "status": "False", "message": "not ready"}],
            "modelStatus": {"lastFailureInfo": {"message": "no such bucket"}},
        }
    )
    found = parse_service(raw)
    assert isinstance(found, Service)
    assert found.message == "no such bucket"


def test_a_service_without_a_model_by_uri_serves_nothing_of_ours() -> None:
    raw = service()
    raw["spec"]["predictor"] = {"containers": [{"name": "own", "image": "x"}]}
    found = parse_service(raw)
    assert isinstance(found, Service)
    assert (found.storage_uri, found.version) == ("", "")


def test_nulls_in_a_service_are_as_fields_that_are_not_there() -> None:
    raw = service(status={"conditions": None, "modelStatus": None, "observedGeneration": None})
    raw["spec"]["predictor"]["model"]["env"] = None
    raw["metadata"]["annotations"] = None
    assert isinstance(parse_service(raw), Service)


def test_a_service_that_is_being_deleted_says_so() -> None:
    raw = service()
    raw["metadata"]["deletionTimestamp"] = "2026-11-28T10:00:00Z"
    found = parse_service(raw)
    assert isinstance(found, Service)
    assert found.deleting


def test_a_routing_is_read_back_as_it_was_written() -> None:
    routing = Routing(4, "documents-predictor", "1", RoutedCandidate("documents-candidate-predictor", "2", 12.5, True))
    assert parse_routing(routing_body("rt", "documents-routing", routing)) == routing


def test_the_operator_knows_the_routing_again_that_it_wrote() -> None:
    routing = shared(parsed(deployment()), "1", "2", weight=10, shadow=True)
    found = parse_routing(routing_body("rt", "documents-routing", routing))
    assert isinstance(found, Routing)
    assert routing_digest(found) == routing_digest(routing)


@pytest.mark.parametrize(
    ("data", "reason", "named"),
    [
        ({}, "RoutingMissing", "routing.json"),
        ({"routing.json": "{"}, "RoutingInvalid", "the file"),
        ({"routing.json": '{"stable": {"host": "a"}, "candidate": {"host": "b"}}'}, "RoutingInvalid", "weight"),
    ],
)
def test_a_routing_that_cannot_be_read_is_a_problem_that_names_the_place(
    data: dict[str, str], reason: str, named: str
) -> None:
    found = parse_routing({"metadata": metadata("documents-routing", 1), "data": data})
    assert isinstance(found, Problem)
    assert found.reason == reason
    assert named in found.message


@given(spec=_JSON, status=_JSON)
def test_no_object_makes_it_crash(spec: Any, status: Any) -> None:
    raw = {"metadata": metadata("odd", 1), "spec": spec, "status": status}
    for parse in (parse_deployment, parse_promotion, parse_service):
        parse(raw)
