"""The registered model in MLflow, on SQLite on a laptop and behind a server in a cluster."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pigeonhole.registry.records import (
    CANDIDATE,
    CHAMPION,
    EVALUATION_FILE,
    PREVIOUS,
    ModelVersion,
    RegistryError,
    TrainingRecord,
    database_file,
)

# MLflow waits two minutes and tries seven times by default; a person at a page does not.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
# Its remarks and progress bars would stand between a person and our own output.
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

_HINT = "Check PIGEONHOLE_MLFLOW_TRACKING_URI and that MLflow is running."
_MISSING = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_FLAGS = {"true": True, "false": False}


class ModelRegistry:
    """Versions of one registered model; every method raises RegistryError when MLflow does not answer."""

    def __init__(self, tracking_uri: str, model_name: str = "document-classifier") -> None:
        self.tracking_uri = tracking_uri
        self.model_name = model_name

    def register(self, record: TrainingRecord) -> ModelVersion:
        """Log a training as an MLflow run, register its model and give it the alias `candidate`."""
        from pigeonhole.registry.tracking import log_training

        with _reported():
            run_id, model_uri = log_training(self.tracking_uri, self.model_name, record)
            self._create_registered_model()
            version = self._client.create_model_version(
                self.model_name,
                source=model_uri,
                run_id=run_id,
                model_id=model_uri.rpartition("/")[2],
                tags=_version_tags(record),
            )
            self._client.set_registered_model_alias(self.model_name, CANDIDATE, version.version)
        return self._required(str(version.version))

    def versions(self) -> tuple[ModelVersion, ...]:
        """Return all versions, the newest first."""
        if self._is_unwritten():
            return ()
        with _reported():
            found = self._client.search_model_versions(f"name = '{self.model_name}'", max_results=1000)
            aliases = self._aliases() if found else {}
        described = (_describe(version, aliases.get(str(version.version), ())) for version in found)
        return tuple(sorted(described, key=lambda version: int(version.version), reverse=True))

    def get(self, reference: str) -> ModelVersion | None:
        """Return a version by its number or by `@alias`, or None when there is none."""
        if self._is_unwritten():
            return None
        from mlflow.exceptions import MlflowException

        with _reported():
            try:
                if reference.startswith("@"):
                    found = self._client.get_model_version_by_alias(self.model_name, reference[1:])
                else:
                    found = self._client.get_model_version(self.model_name, reference)
            except MlflowException as error:
                if error.error_code in _MISSING:
                    return None
                raise
            return _describe(found, self._aliases().get(str(found.version), ()))

    def promote(self, version: str) -> ModelVersion:
        """Make a version the champion; the champion before it becomes `previous`.

        Raises:
            RegistryError: `version-missing`.
        """
        promoted, champion = self._required(version), self.get(f"@{CHAMPION}")
        with _reported():
            if champion is not None and champion.version != promoted.version:
                self._client.set_registered_model_alias(self.model_name, PREVIOUS, champion.version)
            self._client.set_registered_model_alias(self.model_name, CHAMPION, promoted.version)
            if CANDIDATE in promoted.aliases:
                self._client.delete_registered_model_alias(self.model_name, CANDIDATE)
        return self._required(promoted.version)

    def download(self, version: str, directory: Path) -> Path:
        """Copy a version's model folder below a directory, with its identity, and return the folder.

        Raises:
            RegistryError: `version-missing`.
        """
        from mlflow.artifacts import download_artifacts

        from pigeonhole.artefact import ModelIdentity, write_identity

        described = self._required(version)
        directory.mkdir(parents=True, exist_ok=True)
        with _reported():
            source = self._client.get_model_version_download_uri(self.model_name, described.version)
            folder = Path(download_artifacts(source, dst_path=str(directory), tracking_uri=self.tracking_uri))
        write_identity(folder, ModelIdentity(self.model_name, described.version, described.run_id, described.digest))
        return folder

    def evaluation(self, version: str) -> dict[str, Any]:
        """Return the evaluation report of a version: `{metrics, labels, confusion, per_class, gates}`.

        Raises:
            RegistryError: `version-missing`.
        """
        from mlflow.artifacts import download_artifacts

        described = self._required(version)
        with _reported():
            path = download_artifacts(
                run_id=described.run_id, artifact_path=EVALUATION_FILE, tracking_uri=self.tracking_uri
            )
            return dict(json.loads(Path(path).read_bytes()))

    @cached_property
    def _client(self) -> Any:
        from mlflow import MlflowClient  # takes two seconds to import

        if database := database_file(self.tracking_uri):
            database.parent.mkdir(parents=True, exist_ok=True)
        return MlflowClient(self.tracking_uri, registry_uri=self.tracking_uri)

    def _is_unwritten(self) -> bool:
        # A mere look must not make MLflow's database, which takes seconds.
        database = database_file(self.tracking_uri)
        return database is not None and not database.exists()

    def _required(self, version: str) -> ModelVersion:
        found = self.get(version)
        if found is None:
            raise RegistryError(
                f"version: the model '{self.model_name}' has no version {version}.",
                code="version-missing",
                hint="List the versions with: pigeonhole models list",
            )
        return found

    def _create_registered_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(self.model_name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _aliases(self) -> dict[str, tuple[str, ...]]:
        by_version: dict[str, list[str]] = defaultdict(list)
        for alias, version in self._client.get_registered_model(self.model_name).aliases.items():
            by_version[str(version)].append(alias)
        return {version: tuple(sorted(names)) for version, names in by_version.items()}


@contextmanager
def _reported() -> Iterator[None]:
    """Turn MLflow's exceptions into ours; MLflow's own message may quote addresses and stays in the cause."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise RegistryError(f"MLflow failed with {error.error_code}.", hint=_HINT) from error
    except OSError as error:
        raise RegistryError("MLflow or its files could not be reached.", hint=_HINT) from error


def _version_tags(record: TrainingRecord) -> dict[str, str]:
    from pigeonhole.registry.tracking import run_tags

    gates = record.evaluation.get("gates") or {}
    return {
        **run_tags(record),
        "digest": record.model.digest,
        "classes": json.dumps(record.model.classes, ensure_ascii=False),
        "metrics": json.dumps(dict(record.evaluation["metrics"])),
        **({"gates_passed": str(gates["passed"]).lower()} if gates else {}),
    }


def _describe(found: Any, aliases: tuple[str, ...]) -> ModelVersion:
    tags = dict(found.tags)
    created = datetime.fromtimestamp(found.creation_timestamp / 1000, UTC)
    return ModelVersion(
        name=found.name,
        version=str(found.version),
        run_id=found.run_id or "",
        digest=tags.get("digest", ""),
        created_at=created.isoformat(timespec="seconds").replace("+00:00", "Z"),
        aliases=aliases,
        dataset_version=tags.get("dataset_version", ""),
        metrics=json.loads(tags.get("metrics", "{}")),
        tags=tags,
        classes=tuple(json.loads(tags.get("classes", "[]"))),
        gates_passed=_FLAGS.get(tags.get("gates_passed", "")),
    )
