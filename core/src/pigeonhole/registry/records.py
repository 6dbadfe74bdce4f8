"""What goes into the registry and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pigeonhole.errors import PigeonholeError

if TYPE_CHECKING:  # who only lists models needs none of what trains them
    from pigeonhole.classifier import TrainedClassifier

EVALUATION_FILE = "evaluation.json"
"""A run's artefact that holds the evaluation report."""
_SQLITE = "sqlite:///"

CANDIDATE = "candidate"
"""Alias of the newest version that wants to serve."""
CHAMPION = "champion"
"""Alias of the version that serves."""
PREVIOUS = "previous"
"""Alias of the version that served before the champion."""


def database_file(tracking_uri: str) -> Path | None:
    """Return MLflow's database when it is a file of this machine, else None."""
    path = tracking_uri.removeprefix(_SQLITE)
    return None if path == tracking_uri else Path(path)


class RegistryError(PigeonholeError):
    """The registry could not be reached, or does not hold what was asked for."""

    def __init__(self, message: str, *, code: str = "registry-failed", hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


@dataclass(frozen=True)
class TrainingRecord:
    """One training as it is registered.

    `evaluation` is the report that people and gates read: `{metrics, labels, confusion, per_class, gates}`; `files` are
    kept beside it under the run.
    """

    model: "TrainedClassifier"
    dataset_version: str
    params: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    params_digest: str
    git_commit: str
    ocr_engine: str
    input_example: str
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class ModelVersion:
    """A registered version; `created_at` is RFC 3339 in UTC, `gates_passed` None when no gate was judged."""

    name: str
    version: str
    run_id: str
    digest: str
    created_at: str
    aliases: tuple[str, ...]
    dataset_version: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    gates_passed: bool | None = None
