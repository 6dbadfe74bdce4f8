"""What is read of objects of other projects; all else in them is passed over."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """A part of an object; a field that is null is as one that is not there."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: found for key, found in value.items() if found is not None}


class Variable(Shape):
    """An environment variable."""

    name: str
    value: str | None = None


class Model(Shape):
    """The model of a predictor."""

    storage_uri: str = ""
    env: tuple[Variable, ...] = ()


class Predictor(Shape):
    """The predictor of an InferenceService."""

    model: Model | None = None


class ServiceSpec(Shape):
    """What an InferenceService asks for."""

    predictor: Predictor


class Condition(Shape):
    """A condition of an InferenceService."""

    type: str
    status: str = "Unknown"
    reason: str = ""
    message: str = ""


class Failure(Shape):
    """Why a model did not load."""

    message: str = ""


class ModelStatus(Shape):
    """How its model loads."""

    last_failure_info: Failure | None = None


class ServiceStatus(Shape):
    """What KServe's controller says of an InferenceService."""

    conditions: tuple[Condition, ...] = ()
    model_status: ModelStatus = ModelStatus()


class Route(Shape):
    """A predictor in the routing file."""

    host: str
    version: str | None = None


class Candidate(Route):
    """The predictor on trial in the routing file."""

    weight: float = Field(allow_inf_nan=False)
    shadow: bool = False


class RoutingFile(Shape):
    """The routing file, as serving/src/pigeonhole_serving/routing.py reads it."""

    generation: int = 0
    stable: Route
    candidate: Candidate | None = None
