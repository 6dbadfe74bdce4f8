"""Registered models as the API shows them; MLflow is loaded when someone asks for models, and then kept."""

from contextlib import suppress

from pigeonhole.registry import ModelRegistry, ModelVersion, RegistryError
from pigeonhole_api.models import Model, ModelDetail, Promotion
from pigeonhole_api.problems import missing

_CHAMPION = "@champion"
_PROMOTION_TAGS = "promotion_"
"""What the promotion operator writes at a version begins with it."""


class ModelCatalog:
    """Reads and changes the registry."""

    def __init__(self, tracking_uri: str, model_name: str) -> None:
        self._registry = ModelRegistry(tracking_uri, model_name)
        self.model_name = model_name

    def models(self) -> list[Model]:
        """Return every version, the newest first."""
        return [Model.model_validate(_fields(found)) for found in self._registry.versions()]

    def production(self) -> Model | None:
        """Return the version that serves, or None."""
        found = self._registry.get(_CHAMPION)
        return None if found is None else Model.model_validate(_fields(found))

    def detail(self, version: str) -> ModelDetail:
        """Return a version with its evaluation.

        Raises:
            Refusal: 404 `model-missing`.
        """
        found = self._registry.get(version)
        if found is None:
            raise missing("model", version)
        report = self._registry.evaluation(version)
        evaluation = {name: report[name] for name in ("labels", "confusion", "per_class", "gates") if report.get(name)}
        return ModelDetail.model_validate({**_fields(found), **evaluation})

    def model(self, version: str) -> Model:
        """Return a version.

        Raises:
            Refusal: 404 `model-missing`.
        """
        found = self._registry.get(version)
        if found is None:
            raise missing("model", version)
        return Model.model_validate(_fields(found))

    def promote(self, version: str) -> Model:
        """Let a version serve.

        Raises:
            Refusal: 404 `model-missing`.
        """
        self.model(version)
        return Model.model_validate(_fields(self._registry.promote(version)))

    def warm(self) -> None:
        """Load MLflow, which takes seconds, before someone waits for it; without any model nothing is loaded."""
        with suppress(RegistryError):
            self.production()


def _fields(found: ModelVersion) -> dict[str, object]:
    return {
        "version": found.version,
        "aliases": list(found.aliases),
        "created_at": found.created_at,
        "dataset_version": found.dataset_version,
        "run_id": found.run_id,
        "digest": found.digest,
        "classes": list(found.classes),
        "metrics": dict(found.metrics),
        "gates_passed": found.gates_passed,
        "promotion": _promotion(found),
    }


def _promotion(found: ModelVersion) -> Promotion | None:
    told = {field: found.tags.get(f"{_PROMOTION_TAGS}{field}", "") for field in Promotion.model_fields}
    return Promotion.model_validate(told) if told["result"] else None
