"""Show in the predictor's metrics what the model's folder tells of its training."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml

from pigeonhole.artefact import ModelIdentity
from pigeonhole.telemetry import get_logger
from pigeonhole_serving.metrics import MODEL_CROSS_VALIDATION, MODEL_TRAINED

MLMODEL_FILE = "MLmodel"
_log = get_logger(__name__)


def publish_training(model: ModelIdentity, cross_validation: Mapping[str, float], directory: Path) -> None:
    """Show the out-of-fold scores, and when the model was logged; no sample for what the folder does not tell."""
    for metric, value in cross_validation.items():
        MODEL_CROSS_VALIDATION.labels(model.name, model.version, metric).set(value)
    logged_at = read_logged_at(directory)
    if logged_at is not None:
        MODEL_TRAINED.labels(model.name, model.version).set(logged_at.timestamp())


def read_logged_at(directory: Path) -> datetime | None:
    """Return when MLflow logged the model in a folder; None where no `MLmodel` tells it.

    A model answers as well without it, so that a broken file is only logged.
    """
    try:
        content = yaml.safe_load((directory / MLMODEL_FILE).read_text(encoding="utf-8"))
        return datetime.fromisoformat(content["utc_time_created"]).replace(tzinfo=UTC)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        _log.warning("training time unreadable", file=MLMODEL_FILE, exception=type(error).__name__)
        return None
