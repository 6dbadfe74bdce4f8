"""Registered models as the API shows them; MLflow is loaded when someone asks for models, and then kept."""

import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pigeonhole_api.models import Model, ModelDetail
from pigeonhole_api.problems import missing

if TYPE_CHECKING:
    from pigeonhole.registry import ModelRegistry, ModelVersion

_SQLITE = "sqlite:///"
_CHAMPION = "@champion"


class ModelCatalog:
    """Reads and changes the registry."""

    def __init__(self, tracking_uri: str, model_name: str) -> None:
        self._tracking_uri = tracking_uri
        self._model_name = model_name
        self._opening = threading.Lock()

    def models(self) -> list[Model]:
        """Return every version, the newest first."""
        if self._is_empty():
            return []
        return [Model.model_validate(_fields(found)) for found in self._registry().versions()]

    def production(self) -> Model | None:
        """Return the version that serves, or None."""
        if self._is_empty():
            return None
        found = self._registry().get(_CHAMPION)
        return None if found is None else Model.model_validate(_fields(found))

    def detail(self, version: str) -> ModelDetail:
        """Return a version with its evaluation.

        Raises:
            Refusal: 404 `model-missing`.
        """
        found = None if self._is_empty() else self._registry().get(version)
        if found is None:
            raise missing("model", version)
        report = self._registry().evaluation(version)
        evaluation = {name: report[name] for name in ("labels", "confusion", "per_class", "gates") if report.get(name)}
        return ModelDetail.model_validate({**_fields(found), **evaluation})

    def promote(self, version: str) -> Model:
        """Let a version serve.

        Raises:
            Refusal: 404 `model-missing`.
        """
        if self._is_empty() or self._registry().get(version) is None:
            raise missing("model", version)
        return Model.model_validate(_fields(self._registry().promote(version)))

    def _is_empty(self) -> bool:
        """Tell whether MLflow's database on this machine has not been made yet, without loading MLflow."""
        path = self._tracking_uri.removeprefix(_SQLITE)
        return path != self._tracking_uri and not Path(path).exists()

    def _registry(self) -> "ModelRegistry":
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> "ModelRegistry":
        from pigeonhole.registry import ModelRegistry

        return ModelRegistry(self._tracking_uri, self._model_name)


def _fields(found: "ModelVersion") -> dict[str, object]:
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
    }
