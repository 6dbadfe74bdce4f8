"""The shapes of MLflow's answers and of the evaluation report, and what they mean to the operator."""

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pigeonhole_operator.decision.observed import ClassScore, Evaluation, ModelVersion
from pigeonhole_operator.sources.ports import SourceError

_CLASSES = TypeAdapter(tuple[str, ...])
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class _Alias(_Shape):
    alias: str
    version: str


class _RegisteredModel(_Shape):
    aliases: tuple[_Alias, ...] = ()


class RegisteredModelAnswer(_Shape):
    """The answer of `registered-models/get`."""

    registered_model: _RegisteredModel


class _Tag(_Shape):
    key: str
    value: str = ""


class _Version(_Shape):
    version: str
    run_id: str = ""
    status: str = "READY"
    tags: tuple[_Tag, ...] = ()

    def described(self, storage_uri: str) -> ModelVersion:
        """Return the version as the operator sees it."""
        tags = {tag.key: tag.value for tag in self.tags}
        classes = _parse_classes(tags.get("classes", "[]"))
        digest = tags.get("digest", "")
        return ModelVersion(self.version, self.run_id, storage_uri, digest, self.status, tags, classes)


class VersionAnswer(_Shape):
    """The answer of `model-versions/get`."""

    model_version: _Version


class DownloadUri(_Shape):
    """The answer of `model-versions/get-download-uri`."""

    artifact_uri: str


class Written(_Shape):
    """The answer of whatever changes the registry: an empty object."""


class Refusal(_Shape):
    """The body of MLflow's refusals."""

    error_code: str

    @classmethod
    def code_of(cls, content: bytes) -> str | None:
        """Return the error code of a refusal, or None where the body is something else."""
        try:
            return cls.model_validate_json(content).error_code
        except ValidationError:
            return None


class _ClassScore(_Shape):
    class_name: str = Field(alias="class")
    precision: _Share
    recall: _Share
    f1: _Share
    support: int = Field(ge=0)


class _Champion(_Shape):
    version: str
    metrics: dict[str, float | None] | None = None


class _Report(_Shape):
    metrics: dict[str, float | None]
    per_class: tuple[_ClassScore, ...] = ()
    champion: _Champion | None = None


def parse_evaluation(content: bytes) -> Evaluation:
    """Return the evaluation that a report holds; a metric that is no finite number counts as not there.

    Raises:
        SourceError: `EvaluationGarbled`.
    """
    try:
        report = _Report.model_validate_json(content)
    except ValidationError as error:
        raise SourceError("EvaluationGarbled", "The evaluation report is not of the expected shape.") from error
    champion = report.champion
    return Evaluation(
        metrics=_finite(report.metrics),
        per_class={
            score.class_name: ClassScore(score.precision, score.recall, score.f1, score.support)
            for score in report.per_class
        },
        champion_version=champion.version if champion else None,
        champion_metrics=_finite(champion.metrics) if champion and champion.metrics is not None else None,
    )


def _finite(metrics: dict[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if value is not None and math.isfinite(value)}


def _parse_classes(text: str) -> tuple[str, ...]:
    # A tag is anybody's to write; what is no list of names names no class.
    try:
        return _CLASSES.validate_json(text)
    except ValidationError:
        return ()
