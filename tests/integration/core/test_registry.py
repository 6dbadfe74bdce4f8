"""Models in a real MLflow: on SQLite, and behind a real server."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.server_process import mlflow_server

from pigeonhole.artefact import load_classifier
from pigeonhole.classifier import TrainedClassifier, TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.registry import ModelRegistry, RegistryError, TrainingRecord

pytestmark = pytest.mark.integration
TEXTS = ["facture total", "facture montant", "facture tva", "salaire net", "salaire brut", "salaire congé"]
LABELS = ["invoice"] * 3 + ["payslip"] * 3


@pytest.fixture(scope="module")
def model() -> TrainedClassifier:
    return train_classifier(TEXTS, LABELS, [str(row) for row in range(6)], TrainingParams(max_features=200))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as url:
        yield url


@pytest.fixture(params=["sqlite", "server"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> ModelRegistry:
    if request.param == "sqlite":
        return ModelRegistry(f"sqlite:///{tmp_path}/mlflow.db")
    name = f"classifier-{request.node.name.split('[')[0]}"
    return ModelRegistry(request.getfixturevalue("server"), name)


def record(model: TrainedClassifier, passed: bool = True) -> TrainingRecord:
    evaluation = evaluate_classifier(model, TEXTS, LABELS).to_json()
    return TrainingRecord(
        model=model,
        dataset_version="d" * 64,
        params={"train.folds": 5},
        evaluation={**evaluation, "gates": {"passed": passed, "gates": []}},
        params_digest="p" * 64,
        git_commit="c" * 40,
        ocr_engine="tesseract 5",
        input_example=TEXTS[0],
    )


def test_a_training_becomes_a_version_that_can_be_traced_and_loaded(
    registry: ModelRegistry, model: TrainedClassifier, tmp_path: Path
) -> None:
    assert registry.versions() == ()
    version = registry.register(record(model))
    assert (version.version, version.aliases, version.gates_passed) == ("1", ("candidate",), True)
    assert {"dataset_version", "git_commit", "params_digest", "ocr_engine"} <= set(version.tags)
    assert version.classes == ("invoice", "payslip")
    folder = registry.download("1", tmp_path / "copy")
    loaded, identity = load_classifier(folder)
    assert np.array_equal(loaded.probabilities(TEXTS), model.probabilities(TEXTS))
    assert (identity.version, identity.run_id, identity.digest) == ("1", version.run_id, model.digest)
    assert not list(folder.rglob("*.pkl"))
    assert registry.evaluation("1")["labels"] == ["invoice", "payslip"]


def test_aliases_follow_promotion_and_restoring(registry: ModelRegistry, model: TrainedClassifier) -> None:
    first, second = registry.register(record(model)), registry.register(record(model, passed=False))
    assert [version.version for version in registry.versions()] == [second.version, first.version]
    assert registry.promote(first.version).aliases == ("champion",)
    assert registry.promote(second.version).aliases == ("champion",)
    previous = registry.get("@previous")
    assert previous is not None
    assert previous.version == first.version
    restored = registry.promote(first.version)
    assert restored.aliases == ("champion",)
    assert registry.get("@previous") == registry.get(second.version)
    assert registry.get("@candidate") is None
    assert second.gates_passed is False


def test_what_is_not_there_is_none_or_named(registry: ModelRegistry, model: TrainedClassifier, tmp_path: Path) -> None:
    assert registry.get("@champion") is None
    registry.register(record(model))
    assert registry.get("99") is None
    for call in (registry.promote, registry.evaluation, lambda version: registry.download(version, tmp_path)):
        with pytest.raises(RegistryError, match="no version 99") as caught:
            call("99")
        assert caught.value.code == "version-missing"


def test_a_look_at_a_registry_that_was_never_written_makes_no_database(tmp_path: Path) -> None:
    registry = ModelRegistry(f"sqlite:///{tmp_path}/home/mlflow.db")
    assert registry.get("@champion") is None
    assert registry.get("1") is None
    assert registry.versions() == ()
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_away_is_said_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(RegistryError) as caught:
        ModelRegistry("http://127.0.0.1:9").versions()
    assert caught.value.code == "registry-failed"
    assert "MLFLOW" in (caught.value.hint or "")
