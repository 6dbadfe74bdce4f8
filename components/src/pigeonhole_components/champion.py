"""The model that serves now, for comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pigeonhole.artefact import ArtefactError, load_classifier
from pigeonhole.registry import CHAMPION, ModelRegistry

if TYPE_CHECKING:
    from pigeonhole.classifier import TrainedClassifier


@dataclass(frozen=True)
class Champion:
    """The version that serves; `model` is None when it cannot be loaded here, and `obstacle` says why."""

    version: str
    model: "TrainedClassifier | None"
    obstacle: str | None = None


def fetch_champion(tracking_uri: str, model_name: str, directory: Path) -> Champion | None:
    """Download the champion below a directory and load it; None when nothing serves yet.

    Raises:
        RegistryError: MLflow did not answer.
    """
    registry = ModelRegistry(tracking_uri, model_name)
    found = registry.get(f"@{CHAMPION}")
    if found is None:
        return None
    return load_champion(registry.download(found.version, directory), found.version)


def load_champion(model: Path, version: str) -> Champion:
    """Return the champion from its folder; one that cannot be loaded is no reason to stop a training."""
    try:
        loaded, _ = load_classifier(model)
    except ArtefactError as error:
        return Champion(version, None, error.message)
    return Champion(version, loaded)
