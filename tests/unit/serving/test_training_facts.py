"""What the predictor's metrics tell of the training of its model."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from pigeonhole.artefact import ModelIdentity
from pigeonhole_serving.training_facts import publish_training, read_logged_at

pytestmark = pytest.mark.unit
MLMODEL = "flavors: {}\nutc_time_created: '2026-08-01 06:30:00.250000'\n"


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"pigeonhole_model_{name}", {"model": "document-classifier", **labels})


def test_the_time_that_mlflow_wrote_is_in_utc(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(MLMODEL)
    assert read_logged_at(tmp_path) == datetime(2026, 8, 1, 6, 30, 0, 250_000, UTC)


@pytest.mark.parametrize(
    "content", ["", "[]", "flavors: {}", "utc_time_created: yesterday", "utc_time_created: 7", "a: b: c", b"\xff"]
)
def test_a_broken_file_tells_nothing(tmp_path: Path, content: str | bytes) -> None:
    (tmp_path / "MLmodel").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert read_logged_at(tmp_path) is None


def test_scores_and_time_become_samples(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(MLMODEL)
    publish_training(ModelIdentity("document-classifier", "31", "run", "d"), {"macro_f1": 0.9}, tmp_path)
    assert value("cross_validation_score", model_version="31", metric="macro_f1") == 0.9
    assert value("trained_timestamp_seconds", model_version="31") == 1785565800.25


def test_a_folder_without_the_file_gives_no_time(tmp_path: Path) -> None:
    publish_training(ModelIdentity("document-classifier", "32", "run", "d"), {}, tmp_path)
    assert value("trained_timestamp_seconds", model_version="32") is None
