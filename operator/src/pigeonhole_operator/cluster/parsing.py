"""Objects as the API server gives them, as what a decision looks at; none of them can make the operator crash."""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pigeonhole_operator.cluster.kinds import Raw
from pigeonhole_operator.cluster.shapes import Condition, Model, RoutingFile, ServiceSpec, ServiceStatus
from pigeonhole_operator.decision.observed import (
    Deployment,
    Problem,
    Promotion,
    RoutedCandidate,
    Routing,
    Service,
)
from pigeonhole_operator.resources.deployment_spec import DeploymentSpec
from pigeonhole_operator.resources.deployment_status import DeploymentStatus
from pigeonhole_operator.resources.promotion import PromotionSpec, PromotionStatus

OWNER = "pigeonhole.dev/owner"
"""The annotation of an InferenceService that names the ModelDeployment which has it."""
VERSION_VARIABLE = "PIGEONHOLE_SERVING_MODEL_VERSION"
RUN_VARIABLE = "PIGEONHOLE_SERVING_MODEL_RUN_ID"
ROUTING_KEY = "routing.json"
_T = TypeVar("_T", bound=BaseModel)


@dataclass(frozen=True)
class Invalid:
    """An object that is not of its kind's shape: the field, and what is wrong with it."""

    name: str
    field: str
    reason: str

    @property
    def message(self) -> str:
        """Return both as a sentence."""
        return f"{self.name}: {self.field}: {self.reason}."


def parse_deployment(raw: Raw) -> Deployment | Invalid:
    """Return a ModelDeployment."""
    metadata = raw["metadata"]
    try:
        return Deployment(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
            generation=metadata.get("generation", 0),
            resource_version=metadata["resourceVersion"],
            created_at=metadata["creationTimestamp"],
            spec=_part(DeploymentSpec, "spec", raw.get("spec")),
            status=_part(DeploymentStatus, "status", raw.get("status") or {}),
        )
    except _PartInvalid as error:
        return error.of(metadata["name"])


def parse_promotion(raw: Raw) -> Promotion | Invalid:
    """Return a ModelPromotion."""
    metadata = raw["metadata"]
    status = raw.get("status")
    try:
        return Promotion(
            name=metadata["name"],
            uid=metadata["uid"],
            resource_version=metadata["resourceVersion"],
            created_at=metadata["creationTimestamp"],
            spec=_part(PromotionSpec, "spec", raw.get("spec")),
            status=_part(PromotionStatus, "status", status) if status else None,
        )
    except _PartInvalid as error:
        return error.of(metadata["name"])


def parse_service(raw: Raw) -> Service | Invalid:
    """Return an InferenceService; one that serves something else than a model by URI has an empty URI."""
    metadata = raw["metadata"]
    try:
        asked = _part(ServiceSpec, "spec", raw.get("spec"))
        said = _part(ServiceStatus, "status", raw.get("status") or {})
    except _PartInvalid as error:
        return error.of(metadata["name"])
    model = asked.predictor.model or Model()
    annotations = metadata.get("annotations") or {}
    ready = next((found for found in said.conditions if found.type == "Ready"), Condition(type="Ready"))
    return Service(
        name=metadata["name"],
        uid=metadata["uid"],
        generation=metadata.get("generation", 0),
        ready=ready.status == "True",
        message=_message(ready, said),
        storage_uri=model.storage_uri,
        version=next((found.value or "" for found in model.env if found.name == VERSION_VARIABLE), ""),
        owner=annotations.get(OWNER, ""),
        spec=raw["spec"],
        annotations=annotations,
        deleting="deletionTimestamp" in metadata,
    )


def parse_routing(raw: Raw) -> Routing | Problem:
    """Return the content of the transformer's routing ConfigMap."""
    content = (raw.get("data") or {}).get(ROUTING_KEY)
    if content is None:
        return Problem("RoutingMissing", f"The ConfigMap has no {ROUTING_KEY}.")
    try:
        written = RoutingFile.model_validate_json(content)
    except ValidationError as error:
        field, reason = _first(error)
        return Problem("RoutingInvalid", f"{ROUTING_KEY}: {field or 'the file'}: {reason}.")
    candidate = written.candidate
    return Routing(
        generation=written.generation,
        stable_host=written.stable.host,
        stable_version=written.stable.version,
        candidate=RoutedCandidate(candidate.host, candidate.version or "", candidate.weight, candidate.shadow)
        if candidate
        else None,
    )


def _message(ready: Condition, said: ServiceStatus) -> str:
    """Return what the controller says of a service: why a model does not load says more than that it does not."""
    failure = said.model_status.last_failure_info
    return (failure.message if failure else "") or ready.message or ready.reason


class _PartInvalid(Exception):
    """A part of an object that is not of its shape."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def of(self, name: str) -> Invalid:
        return Invalid(name, self.field, self.reason)


def _part(kind: type[_T], field: str, raw: Any) -> _T:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        inside, reason = _first(error)
        raise _PartInvalid(".".join(filter(None, (field, inside))), reason) from error


def _first(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_input=False, include_url=False)[0]
    return ".".join(str(part) for part in first["loc"]), first["msg"]
